/// A CSV file in the making (RFC 4180). Where `finish` is never called, or fails, no part of the file
/// remains.
final class TableFile {
  private static let flag = "--export-catalogue"

  private let file: OutputFile
  private var row: [UInt8] = []
  private var isRowEmpty = true
  private var isFinished = false

  /// - Parameter directory: made where it is not there yet.
  init(directory: String, name: String) throws(GeneratorError) {
    try FileOutput.makeDirectory(directory, flag: Self.flag)
    file = try OutputFile(path: "\(directory)/\(name)", flag: Self.flag)
  }

  deinit {
    if !isFinished { file.discard() }
  }

  func add(_ text: String) {
    if !isRowEmpty { row.append(UInt8(ascii: ",")) }
    isRowEmpty = false
    guard text.utf8.contains(where: Self.needsQuotes) else {
      row.append(contentsOf: text.utf8)
      return
    }
    row.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { row.append(byte) }
      row.append(byte)
    }
    row.append(UInt8(ascii: "\""))
  }

  func add(_ number: Int?) { add(number.map { "\($0)" } ?? "") }

  /// The shortest text that reads as the same number.
  func add(_ number: Double?) { add(number.map { "\($0)" } ?? "") }

  func addRow(_ cells: [String]) throws(GeneratorError) {
    for cell in cells { add(cell) }
    try endRow()
  }

  func endRow() throws(GeneratorError) {
    row.append(UInt8(ascii: "\r"))
    try row.withUnsafeBufferPointer { bytes throws(GeneratorError) in
      try file.writeLine(UnsafeRawBufferPointer(bytes))
    }
    row.removeAll(keepingCapacity: true)
    isRowEmpty = true
  }

  /// Syncs the file to the disk and gives it its name.
  func finish() throws(GeneratorError) {
    try file.finish()
    isFinished = true
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }
}
