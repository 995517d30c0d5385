import EventGenerator
import Foundation
import Support

/// The flags and operands that a command was given. Their values are checked when they are read, so a command reads
/// all of them before it opens or starts anything.
struct Arguments: Sendable {
  private let command: String
  private let values: [String: String]
  /// The values of each flag on the command line, in order.
  private let repeated: [String: [String]]
  private let given: Set<String>
  /// The words that are no flags, in order.
  let operands: [String]

  /// - Parameters:
  ///   - words: what stands behind the command's name.
  ///   - environment: gives the values of flags that are not among the words.
  /// - Throws: `UsageError` for a flag that the command does not have, a missing value, or too many or
  ///   too few operands.
  init(_ spec: CommandSpec, _ words: [String], environment: [String: String]) throws {
    command = spec.name
    var values: [String: String] = [:]
    var repeated: [String: [String]] = [:]
    var operands: [String] = []
    let flags = Dictionary(uniqueKeysWithValues: spec.allFlags.map { ($0.name, $0) })
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--"), word.count > 2 else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let flag = flags[name] else {
        throw UsageError(
          "\(spec.name): there is no flag \(name)\(Self.guess(name, Array(flags.keys))); "
            + "polyrhythm \(spec.name) --help lists them")
      }
      if flag.value == nil {
        guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
        values[name] = "true"
      } else if parts.count == 2 {
        values[name] = String(parts[1])
        repeated[name, default: []].append(String(parts[1]))
      } else if let value = rest.popFirst() {
        values[name] = value
        repeated[name, default: []].append(value)
      } else {
        throw UsageError("\(name) needs a value: \(name) \(flag.value ?? "")")
      }
    }
    for flag in spec.allFlags where values[flag.name] == "" {
      throw UsageError("\(flag.name) is empty; give it a value: \(flag.name) \(flag.value ?? "")")
    }
    guard spec.operandCount.contains(operands.count) else {
      let what =
        operands.count > spec.operandCount.upperBound
        ? "does not understand \"\(operands[spec.operandCount.upperBound])\""
        : "needs \(spec.operands)"
      throw UsageError(
        "\(spec.name) \(what); polyrhythm \(spec.name) --help shows how it is called")
    }
    // What a shell makes of a variable that is not set; as a path it would be the working directory.
    guard !operands.contains("") else {
      throw UsageError(
        "\(spec.name): one of its words is empty; polyrhythm \(spec.name) --help shows how it is called"
      )
    }
    given = Set(values.keys)
    for flag in spec.allFlags where values[flag.name] == nil {
      if let variable = flag.environment, let value = environment[variable], !value.isEmpty {
        values[flag.name] = value
      }
    }
    self.values = values
    self.repeated = repeated
    self.operands = operands
  }

  /// ", did you mean --users?" where a flag is spelled nearly so.
  private static func guess(_ name: String, _ known: [String]) -> String {
    let near = known.filter {
      $0.hasPrefix(name) || name.hasPrefix($0) || Spelling.distance($0, name) <= 2
    }
    guard let best = near.min(by: { Spelling.distance($0, name) < Spelling.distance($1, name) })
    else { return "" }
    return ", did you mean \(best)?"
  }

  /// Whether the flag has a value, from the command line or from the environment.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Whether the flag is on the command line itself. Variables of the environment are set for all commands at once,
  /// so they are never taken as a contradiction to a flag.
  func isGiven(_ name: String) -> Bool { given.contains(name) }

  /// The flag's value, of several the last one; nil where it has none.
  func string(_ name: String) -> String? { values[name] }

  /// All values of a flag that may be repeated, in order; where it is not on the command line, that of the environment.
  func strings(_ name: String) -> [String] { repeated[name] ?? values[name].map { [$0] } ?? [] }

  /// - Throws: `UsageError` naming the flag, the value and the range.
  func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = values[name] else { return nil }
    guard let value = Int(text) else {
      throw UsageError("\(name): \"\(text)\" is not a whole number")
    }
    guard range.contains(value) else {
      throw UsageError(
        "\(name): \(value) is out of range, it goes from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return value
  }

  /// A whole number of 64 bits, with or without a sign, as its bits.
  /// - Throws: `UsageError` naming the flag and the value.
  func bits(_ name: String) throws -> UInt64? {
    guard let text = values[name] else { return nil }
    if let value = UInt64(text) { return value }
    if let value = Int64(text) { return UInt64(bitPattern: value) }
    throw UsageError("\(name): \"\(text)\" is not a whole number of at most 64 bits")
  }

  /// - Throws: `UsageError` naming the flag, the value and the range.
  func double(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let text = values[name] else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw UsageError("\(name): \"\(text)\" is not a number")
    }
    guard range.contains(value) else {
      throw UsageError(
        "\(name): \(text) is out of range, it goes from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A point in time: ISO 8601 (`2026-01-31`, `2026-01-31T12:00:00Z`; UTC where no zone is given), `now`, or a length of time
  /// ago (`7d`, `6h`; the API's `-7d` is the same). Milliseconds since 1970-01-01 UTC.
  /// - Throws: `UsageError` naming the flag, the value and what is accepted.
  func time(_ name: String, now: Int64) throws -> Int64? {
    guard let text = values[name] else { return nil }
    if text == "now" { return now }
    let ago = text.hasPrefix("-") ? String(text.dropFirst()) : text
    if let length = Self.milliseconds(ago), length < 36_500 * 86_400_000 { return now - length }
    if let time = ISOTime.parse(text) { return time }
    throw UsageError(
      "\(name): \"\(text)\" is not a time; give one such as 2026-01-31, 2026-01-31T12:00:00Z, or 7d for "
        + "seven days ago, 6h for six hours ago")
  }

  /// A length of time (`500ms`, `90s`, `10m`, `2h`, `1d`), or two with `..` between them (`10m..3h`), in milliseconds.
  /// - Throws: `UsageError` naming the flag, the value and what is accepted.
  func durations(_ name: String) throws -> ClosedRange<Int64>? {
    guard let text = values[name] else { return nil }
    let bounds = text.components(separatedBy: "..").map(Self.milliseconds)
    if let low = bounds[0], let high = bounds[bounds.count - 1], bounds.count <= 2 {
      if low <= high { return low...high }
      throw UsageError("\(name): \"\(text)\" goes backwards; give the shorter time first")
    }
    throw UsageError(
      "\(name): \"\(text)\" is not a length of time; give one such as 500ms, 90s, 10m, 2h or 1d, or "
        + "from one to another, as 10m..3h")
  }

  private static func milliseconds(_ text: String) -> Int64? {
    let units: [(String, Double)] = [
      ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    for (unit, factor) in units where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number >= 0 else { continue }
      let value = number * factor
      return value < 1e13 ? Int64(value) : nil
    }
    return nil
  }
}
