import Foundation
import Glibc
import Support
import Testing

@Suite struct ProcessTests {
  private func shell(_ command: String, _ change: (inout ProcessStart) -> Void = { _ in }) throws
    -> (end: ProcessEnd?, output: String)
  {
    let output = try OpenFile.unnamed(in: "/tmp")
    var start = ProcessStart(["/bin/sh", "-c", command])
    start.output = .descriptor(output.descriptor)
    change(&start)
    let end = ProcessEnd.wait(for: try start.start())
    return (end, String(decoding: try output.readAll(), as: UTF8.self))
  }

  @Test(arguments: [0, 1, 77, 255] as [Int32])
  func theExitStatusIsTold(status: Int32) throws {
    let end = try shell("exit \(status)").end
    #expect(end?.status == status && end?.signal == nil && end?.isSuccess == (status == 0))
  }

  @Test func aSignalIsToldAsAShellTellsIt() throws {
    let end = try shell("kill -KILL $$").end
    #expect(end?.signal == SIGKILL && end?.status == 137 && end?.isSuccess == false)
    #expect(try said("sh", "-c", "sh -c 'kill -KILL $$' 2>/dev/null; echo $?") == "137")
  }

  @Test func streamsAndEnvironmentAreThoseThatWereAskedFor() throws {
    let scratch = try ScratchDirectory()
    try put("asked\n", "\(scratch.path)/in")
    let (end, output) = try shell("cat; echo $ONE >&2; echo $HOME") {
      $0.input = .file("\(scratch.path)/in", O_RDONLY)
      $0.errors = .file("\(scratch.path)/errors", O_WRONLY | O_CREAT)
      $0.environment = ["PATH=/usr/bin:/bin", "ONE=1 2"]
    }
    #expect(end?.status == 0)
    #expect(output == "asked\n\n")
    #expect(FileSystem.text("\(scratch.path)/errors") == "1 2\n")
    #expect(try shell("cat") { $0.input = .nothing }.output == "")
    #expect(
      try shell("echo $HOME").output.dropLast()
        == ProcessInfo.processInfo.environment["HOME"] ?? "")
  }

  @Test func otherFilesAreClosedWhereAskedFor() throws {
    // The child would inherit this file, as it is not marked to close on exec.
    let descriptor = fcntl(0, F_DUPFD, 200)
    defer { close(descriptor) }
    let look = "test -e /proc/$$/fd/\(descriptor) && echo open"
    #expect(try shell(look).output == "open\n")
    #expect(try shell(look) { $0.closesOtherFiles = true }.output == "")
  }

  @Test func groupsAndSessionsAreTheirOwnWhereAskedFor() throws {
    let look = "ps -o pid=,pgid=,sid= -p $$ || cut -d' ' -f1,5,6 /proc/$$/stat"
    func ids(_ group: ProcessStart.Group) throws -> [Substring] {
      try shell(look) { $0.group = group }.output.split(whereSeparator: \.isWhitespace)
    }
    let shared = try ids(.inherited)
    #expect(shared[1] == "\(getpgrp())" && shared[2] == "\(getsid(0))")
    let group = try ids(.own)
    #expect(group[0] == group[1] && group[2] == "\(getsid(0))")
    let session = try ids(.ownSession)
    #expect(session[0] == session[1] && session[0] == session[2])
  }

  @Test func signalsDoWhatTheyDoByDefaultWhereAskedFor() throws {
    let old = signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, old) }
    #expect(try shell("kill -USR2 $$; echo survived").output == "survived\n")
    let (end, output) = try shell("kill -USR2 $$; echo survived") { $0.defaultSignals = [SIGUSR2] }
    #expect(end?.signal == SIGUSR2 && output == "")
  }

  @Test func aProgramThatIsNotThereIsNamedAndOneInPathIsFound() throws {
    #expect(
      throws: SystemError(ENOENT, "/no/such"),
      performing: { try ProcessStart(["/no/such"]).start() })
    #expect(throws: SystemError.self) { try ProcessStart(["true"]).start() }
    var start = ProcessStart(["true"])
    start.isLookedUp = true
    #expect(ProcessEnd.wait(for: try start.start())?.isSuccess == true)
  }

  @Test func oneThatRunsIsToldFromOneThatHasEnded() throws {
    var start = ProcessStart(["/bin/sh", "-c", "exec sleep 60"])
    start.group = .own
    let process = try start.start()
    #expect(ProcessEnd.look(at: process) == .running)
    kill(-process, SIGTERM)
    var state = ProcessEnd.look(at: process)
    while state == .running {
      usleep(1000)
      state = ProcessEnd.look(at: process)
    }
    guard case .ended(let end) = state else { return #expect(Bool(false), "\(state)") }
    #expect(end.signal == SIGTERM)
    #expect(ProcessEnd.look(at: process) == .unknown)
    #expect(ProcessEnd.wait(for: process) == nil)
  }

  @Test func aProcessHasANameForOthers() throws {
    #expect(ProcessName.own == "process \(getpid()) on \(try said("uname", "-n"))")
  }
}
