import Foundation
import ServingLayer
import Support

let supersetCommand = CommandSpec(
  name: "superset",
  summary: "Writes dashboards for Superset, as files that its import of assets takes.",
  operands: "export DIR", operandCount: 2...2,
  flags: [
    Flag("--postgres", "HOST:PORT", "where Superset finds PostgreSQL (default 127.0.0.1:5432)"),
    Flag("--name", "DATABASE", "the warehouse's database there (default polyrhythm)"),
  ]
) { arguments in
  let words = arguments.operands
  guard words[0] == "export" else {
    throw UsageError("superset \(words[0]): there is only superset export DIR")
  }
  let address = arguments.string("--postgres") ?? "127.0.0.1:5432"
  let parts = address.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count >= 2, !parts[0].isEmpty, let port = parts.last.flatMap({ UInt16($0) }),
    port > 0,
    address.allSatisfy({ $0.isLetter || $0.isNumber || ".-_:[]".contains($0) })
  else {
    throw UsageError("--postgres: \"\(address)\" is not HOST:PORT, as in 127.0.0.1:5432")
  }
  let name = arguments.string("--name") ?? "polyrhythm"
  guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) }) else {
    throw UsageError("--name: \"\(name)\" has more than letters, digits, - and _")
  }
  let files = SupersetBundle(address: address, database: name).files
  let root = URL(fileURLWithPath: words[1], isDirectory: true)
  do {
    for file in files {
      let url = root.appendingPathComponent(file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.text.utf8).write(to: url)
    }
  } catch {
    throw CommandError(
      .cannotCreate, "superset: cannot write to \(words[1]): \(error.localizedDescription)")
  }
  print("superset: \(files.count) files in \(words[1])")
}
