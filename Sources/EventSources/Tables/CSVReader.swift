import EventModel
import Glibc

/// Reads comma-separated values (RFC 4180) row by row, in flat memory.
///
/// Accepts what spreadsheets and exporters write: LF or CRLF, a byte order mark, quoted fields with commas,
/// newlines and doubled quotes in them, a last row without a newline. A quote inside an unquoted field is
/// taken as it stands, as in Python's csv module. Blank lines are skipped.
///
/// A quote that is never closed costs one row and not the rest of the file: where no closing quote comes
/// within `longestRow` bytes or before the end of the file, the row ends at its first newline and `isBroken`
/// is true.
public final class CSVReader {
  /// The most bytes of a row. By Kafka's default this is also the most bytes of a record.
  public static let longestRow = 1 << 20

  private let source: any ByteSource
  private let name: String
  private let buffer: UnsafeMutablePointer<UInt8>
  private var start = 0
  private var end = 0
  private var isAtEnd = false
  private var isFirst = true
  private var nextLine = 1
  /// Memory for the values of fields with doubled quotes.
  private let unescaped: UnsafeMutablePointer<UInt8>

  private static let capacity = 2 * longestRow

  /// The line of the file, from 1, on which the row begins; 0 before the first row.
  public private(set) var line = 0
  /// The row as it stands in the file, without its newline. Valid until `advance`.
  public private(set) var raw = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The values of the row, without the quotes around them. Valid until `advance`.
  public private(set) var fields: [ByteSlice] = []
  /// True where the row has a quote that is never closed; `fields` is then empty.
  public private(set) var isBroken = false

  private struct Span {
    var start: Int
    var end: Int
    /// True where the value differs from the bytes of the span: it has doubled quotes, or text behind the
    /// closing quote.
    var isEscaped: Bool
  }
  private var spans: [Span] = []

  init(_ source: any ByteSource, name: String) {
    self.source = source
    self.name = name
    buffer = .allocate(capacity: Self.capacity)
    unescaped = .allocate(capacity: Self.capacity)
  }

  /// Opens a file; gzip and Zstandard are decompressed.
  /// - Throws: `.notFound` or `.io`.
  public convenience init(path: String) throws(SourceError) {
    self.init(try ByteSources.open(path, name: path), name: path)
  }

  deinit {
    buffer.deallocate()
    unescaped.deallocate()
  }

  /// Goes to the next row.
  /// - Returns: false at the end of the file.
  /// - Throws: `.io` where the file cannot be read; `.badContent` for UTF-16 and for a row that is too long.
  public func advance() throws(SourceError) -> Bool {
    if isFirst {
      isFirst = false
      try skipByteOrderMark()
    }
    while true {
      guard start < end || !isAtEnd else { return false }
      switch scan() {
      case .row(let rowEnd, let next):
        take(rowEnd, next, isBroken: false)
        if raw.count > 0 { return true }
      case .unfinished(let inQuotes):
        let isTooLong = end - start >= Self.longestRow
        if !isTooLong, !isAtEnd {
          try fill()
        } else if inQuotes {
          let newline = memchr(buffer + start, 0x0A, end - start)
          guard newline != nil || isAtEnd, end > start else { throw tooLong }
          let rowEnd = newline.map { UnsafeMutableRawPointer(buffer).distance(to: $0) } ?? end
          take(rowEnd, min(rowEnd + 1, end), isBroken: true)
          return true
        } else if isTooLong {
          throw tooLong
        } else {
          return false
        }
      }
    }
  }

  private var tooLong: SourceError {
    SourceError(
      .badContent,
      "\(name): the row at line \(nextLine) is longer than \(Self.longestRow >> 20) MiB; is this CSV?"
    )
  }

  private func skipByteOrderMark() throws(SourceError) {
    while end < 3, !isAtEnd { try fill() }
    if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { start = 3 }
    if end >= 2,
      (buffer[0] == 0xFF && buffer[1] == 0xFE) || (buffer[0] == 0xFE && buffer[1] == 0xFF)
    {
      throw SourceError(
        .badContent, "\(name): this is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
    }
  }

  private func fill() throws(SourceError) {
    if start > 0 {
      memmove(buffer, buffer + start, end - start)
      end -= start
      start = 0
    }
    let read = try source.read(into: buffer + end, count: Self.capacity - end)
    if read == 0 { isAtEnd = true }
    end += read
  }

  private enum Scan {
    /// The row ends before `rowEnd`, and the next row begins at `next`.
    case row(rowEnd: Int, next: Int)
    case unfinished(inQuotes: Bool)
  }

  /// Looks for the end of the row at `start` and notes its fields on the way.
  private func scan() -> Scan {
    spans.removeAll(keepingCapacity: true)
    var index = start
    while true {
      let fieldStart = index
      var isEscaped = false
      var contentEnd = -1
      if index < end, buffer[index] == Self.quote {
        index += 1
        while true {
          guard index < end, let close = memchr(buffer + index, Int32(Self.quote), end - index)
          else { return .unfinished(inQuotes: true) }
          index = UnsafeMutableRawPointer(buffer).distance(to: close) + 1
          // The byte behind the quote tells whether the quote is doubled.
          if index == end, !isAtEnd { return .unfinished(inQuotes: true) }
          guard index < end, buffer[index] == Self.quote else { break }
          isEscaped = true
          index += 1
        }
        contentEnd = index - 1
      }
      let afterQuotes = index
      while index < end, buffer[index] != Self.comma, buffer[index] != Self.newline { index += 1 }
      if index == end, !isAtEnd { return .unfinished(inQuotes: false) }
      let isLast = index == end || buffer[index] == Self.newline
      var fieldEnd = index
      if isLast, fieldEnd > afterQuotes, buffer[fieldEnd - 1] == Self.carriageReturn {
        fieldEnd -= 1
      }
      if contentEnd < 0 {
        spans.append(Span(start: fieldStart, end: fieldEnd, isEscaped: false))
      } else if !isEscaped, fieldEnd == afterQuotes {
        spans.append(Span(start: fieldStart + 1, end: contentEnd, isEscaped: false))
      } else {
        spans.append(Span(start: fieldStart, end: fieldEnd, isEscaped: true))
      }
      if isLast { return .row(rowEnd: fieldEnd, next: min(index + 1, end)) }
      index += 1
    }
  }

  private func take(_ rowEnd: Int, _ next: Int, isBroken: Bool) {
    line = nextLine
    self.isBroken = isBroken
    raw = UnsafeRawBufferPointer(start: buffer + start, count: rowEnd - start)
    fields.removeAll(keepingCapacity: true)
    if !isBroken {
      var used = 0
      for span in spans {
        if span.isEscaped {
          let count = unescape(span, at: unescaped + used)
          fields.append(ByteSlice(start: unescaped + used, count: count))
          used += count
        } else {
          fields.append(ByteSlice(start: buffer + span.start, count: span.end - span.start))
        }
      }
    }
    nextLine += UnsafeBufferPointer(start: buffer + start, count: next - start)
      .count { $0 == Self.newline }
    start = next
  }

  /// Writes the value of a quoted field: a doubled quote becomes one quote, text behind the closing quote stays
  /// as it is.
  private func unescape(_ span: Span, at target: UnsafeMutablePointer<UInt8>) -> Int {
    var count = 0
    var index = span.start + 1
    var isQuoted = true
    while index < span.end {
      let byte = buffer[index]
      index += 1
      if isQuoted, byte == Self.quote {
        if index < span.end, buffer[index] == Self.quote {
          index += 1
        } else {
          isQuoted = false
          continue
        }
      }
      target[count] = byte
      count += 1
    }
    return count
  }

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
}
