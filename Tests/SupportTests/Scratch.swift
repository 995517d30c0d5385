import Foundation
import Support

/// A directory that goes with its test.
final class ScratchDirectory {
  let path: String

  init() throws {
    path = "/tmp/support-\(UUID().uuidString)"
    try FileSystem.makeDirectories(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Makes a file, by Foundation.
func put(_ text: String, _ path: String) throws {
  try text.write(toFile: path, atomically: false, encoding: .utf8)
}

/// What a command of the system says, without its last newline: the outside that things are held against.
func said(_ words: String...) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = words
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  let text = String(decoding: data, as: UTF8.self)
  return text.hasSuffix("\n") ? String(text.dropLast()) : text
}
