import EventModel
import Foundation
import Testing

@testable import EventSources

@Suite("CSV")
struct CSVReaderTests {
  func rows(_ text: String, step: Int = 1 << 16) throws -> [[String]] {
    let reader = CSVReader(Trickle(text, step: step), name: "test.csv")
    var rows: [[String]] = []
    while try reader.advance() {
      rows.append(reader.isBroken ? ["BROKEN", rawText(reader)] : reader.fields.map(\.string))
    }
    return rows
  }

  func rawText(_ reader: CSVReader) -> String { String(decoding: reader.raw, as: UTF8.self) }

  @Test("quotes, doubled quotes, commas and newlines in quoted fields", arguments: [1, 2, 3, 1000])
  func quoting(step: Int) throws {
    let text = "a,\"b,c\",\"d\"\"e\",\"f\ng\r\nh\"\r\n,,\n\"\",x\"y,\"z\""
    #expect(
      try rows(text, step: step) == [
        ["a", "b,c", "d\"e", "f\ng\r\nh"], ["", "", ""], ["", "x\"y", "z"],
      ])
  }

  @Test("a byte order mark, CRLF and blank lines are no values", arguments: [1, 1000])
  func lineEnds(step: Int) throws {
    let text = "\u{FEFF}a,b\r\n\r\n1,2\r\n\n3,4\r\n\r\n"
    #expect(try rows(text, step: step) == [["a", "b"], ["1", "2"], ["3", "4"]])
  }

  @Test("line numbers count the lines of the file, those in quotes too")
  func lineNumbers() throws {
    let reader = CSVReader(Trickle("h\n\"a\nb\"\n\nc\n", step: 5), name: "test.csv")
    var lines: [Int] = []
    while try reader.advance() { lines.append(reader.line) }
    #expect(lines == [1, 2, 5])
  }

  @Test("a quote that nobody closes costs one row")
  func openQuote() throws {
    #expect(try rows("h,i\n1,\"two\n3,4\n") == [["h", "i"], ["BROKEN", "1,\"two"], ["3", "4"]])
    #expect(try rows("h,i\n1,\"two") == [["h", "i"], ["BROKEN", "1,\"two"]])
  }

  @Test("a quote that nobody closes costs one row of a file of many megabytes")
  func openQuoteFarFromTheEnd() throws {
    let tail = (0..<400_000).map { "\($0),x" }
    let result = try rows("h,i\n1,\"two\n" + tail.joined(separator: "\n"), step: 1 << 20)
    #expect(result.count == 400_002)
    #expect(result[1] == ["BROKEN", "1,\"two"])
    #expect(result.last == ["399999", "x"])
  }

  @Test("rows that begin and end anywhere in a block are whole")
  func blocks() throws {
    let line = String(repeating: "0123456789,\"ab\"\"c\"", count: 40)
    let expected = try rows(line)[0]
    let result = try rows(
      Array(repeating: line, count: 9_000).joined(separator: "\r\n"), step: 1 << 20)
    #expect(result.count == 9_000)
    #expect(result.allSatisfy { $0 == expected })
  }

  @Test("a line without an end is refused, not taken into memory")
  func endless() throws {
    #expect(throws: SourceError.self) {
      _ = try rows(String(repeating: "x", count: 3 << 20), step: 1 << 20)
    }
  }

  @Test("UTF-16 is refused by name")
  func utf16() throws {
    let folder = try Folder()
    let path = try folder.write("u.csv", [0xFF, 0xFE, 0x61, 0, 0x2C, 0])
    let reader = try CSVReader(path: path)
    #expect { _ = try reader.advance() } throws: { "\($0)".contains("UTF-16") }
  }

  @Test("random rows are read as Python's csv module reads them")
  func oracle() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed)
    let pieces = ["a", "bc", ",", "\n", "\r\n", "\"\"", "é", " ", "'", ";", "0", "\t"]
    func field() -> String {
      let plain = (0..<Int.random(in: 0...3, using: &random))
        .map { _ in ["x", "é", " ", "'", "1.5"].randomElement(using: &random)! }.joined()
      let quoted =
        "\""
        + (0..<Int.random(in: 0...4, using: &random))
        .map { _ in pieces.randomElement(using: &random)! }.joined() + "\""
      switch Int.random(in: 0...5, using: &random) {
      case 0, 1: return plain
      case 2: return "y\(plain)\"\(plain)"
      case 3: return quoted + plain
      default: return quoted
      }
    }
    let documents = (0..<300).map { _ in
      (0..<Int.random(in: 1...5, using: &random)).map { _ in
        (0..<Int.random(in: 1...4, using: &random)).map { _ in field() }.joined(separator: ",")
      }.joined(separator: ["\n", "\r\n"].randomElement(using: &random)!)
    }
    let program = """
      import csv, io, json, sys
      documents = json.load(sys.stdin)
      print(json.dumps([[row for row in csv.reader(io.StringIO(d, newline='')) if row] for d in documents]))
      """
    let input = String(decoding: try JSONEncoder().encode(documents), as: UTF8.self)
    let expected = try JSONDecoder().decode(
      [[[String]]].self, from: Data(try Python.run(program, input: input).utf8))
    for (document, expected) in zip(documents, expected) {
      for step in [1, 3, 1 << 16] {
        #expect(
          try rows(document, step: step) == expected,
          "seed \(seed), step \(step), document \(document.debugDescription)")
      }
    }
  }
}

struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed | 1 }
  /// xorshift64*, Vigna 2016.
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }
}
