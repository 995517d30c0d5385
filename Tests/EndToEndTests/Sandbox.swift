import Foundation
import Glibc
import Support
import TestKit
import Testing
import Warehouse

/// A directory for one test, and the processes that the test starts in it. At the end all processes are
/// stopped and the directory is removed, also where the test has failed.
final class Sandbox {
  let directory: String
  /// The path for `--data`.
  let data: String
  /// Environment variables for every run of the binary.
  var environment: [String: String] = [:]
  private var programs: [Program] = []
  private var databases: [TestDatabase] = []

  fileprivate init() throws {
    directory = "\(try TestDatabase.directory())/\(UUID().uuidString.prefix(8))"
    data = "\(directory)/data"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  /// Keeps PostgreSQL running from one command on `data` to the next, as another command that uses it would: alone each
  /// command starts and stops it. The directory has to be there, as the first command makes it.
  func keepServer() throws {
    users = try OpenFile("\(data)/postgres.users", O_RDWR | O_CREAT)
    if let users { try #require(flock(users.descriptor, LOCK_SH) == 0) }
  }

  /// Open while `keepServer` holds.
  private var users: OpenFile?

  fileprivate func remove() {
    for program in programs { program.kill() }
    try? PrivateCluster(directory: "\(data)/postgres").stop(.immediate)
    try? FileManager.default.removeItem(atPath: directory)
  }

  var log: String { "\(data)/log" }

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  /// Writes a file of this test.
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Data(text.utf8))
  }

  func write(_ name: String, _ bytes: Data) throws -> String {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: url)
    return url.path
  }

  /// A database in the server of the test process, which is dropped with the sandbox.
  func makeDatabase(migrated: Bool = false) throws -> TestDatabase {
    let database = try TestDatabase.make(migrated: migrated)
    databases.append(database)
    return database
  }

  // MARK: Running the binary

  /// Starts the binary and leaves it running.
  func start(
    _ arguments: [String], environment: [String: String] = [:], input: String = "",
    wrapper: [String] = []
  ) throws -> Program {
    let program = try Program(
      arguments, in: directory, environment: self.environment.merging(environment) { $1 },
      input: input, wrapper: wrapper)
    programs.append(program)
    return program
  }

  /// Runs the binary to its end, whatever its exit code.
  func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "",
    wrapper: [String] = [], atMost seconds: Double = 120
  ) throws -> Program.Outcome {
    try start(arguments, environment: environment, input: input, wrapper: wrapper)
      .wait(atMost: seconds)
  }

  /// Runs the binary and requires that it succeeds.
  @discardableResult
  func succeed(
    _ arguments: [String], input: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try run(arguments, input: input)
    try #require(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
    return outcome
  }

  /// Runs the binary and expects that it fails with this exit code and says why on one line.
  @discardableResult
  func fail(
    _ arguments: [String], _ code: Int32, saying parts: [String] = [],
    environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try run(arguments, environment: environment)
    #expect(outcome.status == code, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(outcome)", sourceLocation: sourceLocation)
    #expect(
      outcome.errors.hasPrefix("polyrhythm: "), "\(outcome)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(outcome.errors.contains(part), "\(outcome)", sourceLocation: sourceLocation)
    }
    return outcome
  }

  // MARK: Events

  /// Files of generated events. `days` is `FROM..TO`.
  func generate(
    _ name: String, users: Int, from: String, to: String, seed: Int = 7, firstUser: Int? = nil
  ) throws -> String {
    let first = firstUser.map { ["--first-user-id", "\($0)"] } ?? []
    try succeed(
      [
        "generate", "--users", "\(users)", "--from", from, "--to", to, "--seed", "\(seed)",
        "--output", path(name),
      ] + first)
    return path(name)
  }

  /// A site whose days pass in seconds, writing into the log until it is stopped. The longer a test takes the more there is to
  /// count: a site is as small as has an event every few milliseconds.
  func startLiveSite(users: Int = 100, seed: Int, speedup: Int = 20_000, log: String) throws
    -> Program
  {
    try start([
      "generate", "--users", "\(users)", "--from", "0.05d", "--continuous", "--speedup",
      "\(speedup)",
      "--seed", "\(seed)", "--log", "dir:\(log)",
    ])
  }

  // MARK: Results

  /// The sums of the merged view, as `polyrhythm sql` prints them.
  func sums(_ place: [String], sourceLocation: SourceLocation = #_sourceLocation) throws
    -> LogFiles.Counts
  {
    let outcome = try succeed(
      ["sql", "--csv", MergedViewWatch.sums] + place, sourceLocation: sourceLocation)
    let lines = outcome.output.split(separator: "\n")
    try #require(lines.count == 2, "\(outcome)", sourceLocation: sourceLocation)
    let values = lines[1].split(separator: ",").compactMap { Int64($0) }
    try #require(values.count == 3, "\(outcome)", sourceLocation: sourceLocation)
    return LogFiles.Counts(listens: values[0], pageViews: values[1], auths: values[2])
  }

  /// How many different lines each topic of the log has. A redelivered event has the same bytes, and so is
  /// counted once.
  func distinctLines(of log: String) throws -> LogFiles.Counts {
    func count(_ topic: String) throws -> Int64 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "cat \"$0\"/*/*.ndjson | LC_ALL=C sort -u -T \"$1\" | wc -l", "\(log)/\(topic)",
        directory,
      ]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return try #require(Int64(text.filter(\.isNumber)))
    }
    return LogFiles.Counts(
      listens: try count("listen_events"), pageViews: try count("page_view_events"),
      auths: try count("auth_events"))
  }

  /// The processes of the data directory's PostgreSQL.
  func serverProcesses() -> [pid_t] {
    let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(data)/postgres"))
    return ServerProcesses.working(in: (place ?? "\(data)/postgres") + "/data")
  }
}

/// Runs the body with a sandbox, which is removed afterwards.
func withSandbox<T>(_ body: (Sandbox) throws -> T) throws -> T {
  let sandbox = try Sandbox()
  defer { sandbox.remove() }
  return try withExtendedLifetime(sandbox) { try body(sandbox) }
}

/// The answer of `http://ADDRESS/…` to a GET, or to what the options of curl make of it.
func get(_ address: String, _ target: String, _ options: [String] = []) throws -> (
  status: Int, body: String
) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
  process.arguments =
    ["-sS", "--max-time", "30", "-w", "\n%{http_code}"] + options + ["\(address)\(target)"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  let status = Int(text.split(separator: "\n").last ?? "") ?? 0
  return (status, text.split(separator: "\n").dropLast().joined(separator: "\n"))
}
