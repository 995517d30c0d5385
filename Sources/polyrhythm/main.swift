import CPlatform
import Foundation
import Support

let commands: [CommandSpec] = [
  runCommand, generateCommand, importCommand, archiveCommand, speedCommand, loadCommand,
  pipelineCommand, scheduleCommand, serveCommand, checkCommand, askCommand, sqlCommand,
  statusCommand, showCommand, supersetCommand, simulateCommand,
]

/// What `polyrhythm --help` prints.
func overview() -> String {
  let width = commands.map(\.name.count).max() ?? 0
  let lines = commands.map {
    "  \($0.name)\(String(repeating: " ", count: width - $0.name.count + 2))\($0.summary)"
  }
  return """
    polyrhythm COMMAND [flags]: minute-fresh and nightly-exact analytics for music streaming.

    \(lines.joined(separator: "\n"))

    polyrhythm COMMAND --help says what each takes. Start with: polyrhythm run
    """
}

/// Runs the command that the words name, or prints help.
func perform(_ words: [String]) throws {
  guard let name = words.first else {
    print(overview())
    throw UsageError("say which command")
  }
  if ["--help", "-h", "help"].contains(name) {
    if name == "help", words.count > 1, let spec = commands.first(where: { $0.name == words[1] }) {
      print(spec.help)
    } else {
      print(overview())
    }
    return
  }
  guard let spec = commands.first(where: { $0.name == name }) else {
    throw UsageError("there is no command \(name); polyrhythm --help lists them")
  }
  if words.contains("--help") || words.contains("-h") {
    print(spec.help)
    return
  }
  let arguments = try Arguments(
    spec, Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
  try LogFormat.require(arguments)
  try spec.run(arguments)
}

do {
  Signals.install()
  // Buffers of some megabytes come and go all the time. With these settings the allocator keeps them, instead of
  // giving them back to the kernel, which would clear their pages each time. 32 MiB is the most that glibc takes.
  mallopt(M_MMAP_THRESHOLD, 32 << 20)
  mallopt(M_TRIM_THRESHOLD, 1 << 30)
  try perform(Array(CommandLine.arguments.dropFirst()))
  try Terminal.requireOutput()
} catch {
  fflush(nil)
  let known = error as? any UserFacingError
  let code = known?.exitCode ?? .software
  Terminal.fail(known?.message ?? String(describing: error), [.number(.exitCode, code.rawValue)])
  exit(code.rawValue)
}
