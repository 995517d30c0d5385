/// The values that a field of a cron expression allows.
struct FieldSet: Equatable, Sendable {
  private var bits: UInt64 = 0
  /// Whether the field is `*` or begins with it. Where one of the two day fields does, a day must match both,
  /// and otherwise either of them, as in Vixie's cron.
  var beginsWithStar = false

  var count: Int { bits.nonzeroBitCount }

  func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

  mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }
}

/// The five fields of a cron expression, in order.
enum CronField: CaseIterable {
  case minute, hour, dayOfMonth, month, dayOfWeek

  private var name: String {
    switch self {
    case .minute: "minute"
    case .hour: "hour"
    case .dayOfMonth: "day-of-month"
    case .month: "month"
    case .dayOfWeek: "day-of-week"
    }
  }

  private var range: ClosedRange<Int> {
    switch self {
    case .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...7
    }
  }

  /// Names of the values, from the lowest value of the range on; none where values have no names.
  private var names: [String] {
    switch self {
    case .month:
      ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    default: []
    }
  }

  private var accepted: String {
    let values =
      switch self {
      case .month: "1 to 12 or jan to dec"
      case .dayOfWeek: "0 to 7 (0 and 7 are Sunday) or sun to sat"
      default: "\(range.lowerBound) to \(range.upperBound)"
      }
    return "\(values), *, ranges a-b, steps */n and a-b/n, and lists of these with commas"
  }

  /// - Parameter expression: the whole expression, for the error.
  func parse(_ word: String, of expression: String) throws(ScheduleError) -> FieldSet {
    var set = FieldSet()
    set.beginsWithStar = word.hasPrefix("*")
    for item in word.split(separator: ",", omittingEmptySubsequences: false) {
      guard let values = values(of: item) else {
        let place = item == word ? "" : " (in '\(word)')"
        throw ScheduleError(
          "The cron expression '\(expression)' has '\(item)'\(place) as its \(name); accepted are "
            + accepted)
      }
      for value in values { set.insert(self == .dayOfWeek ? value % 7 : value) }
    }
    return set
  }

  private func values(of item: Substring) -> [Int]? {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return nil }
    var step = 1
    if parts.count == 2 {
      guard let given = number(parts[1]), given >= 1, given <= range.upperBound else { return nil }
      step = given
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    if parts[0] == "*" {
      // Sunday is both 0 and 7, and a step must meet it only once.
      let last = self == .dayOfWeek ? 6 : range.upperBound
      return Array(stride(from: range.lowerBound, through: last, by: step))
    }
    switch ends.count {
    case 1:
      guard parts.count == 1, let only = value(ends[0]) else { return nil }
      return [only]
    case 2:
      guard let first = value(ends[0]), let last = value(ends[1]), first <= last else {
        return nil
      }
      return Array(stride(from: first, through: last, by: step))
    default: return nil
    }
  }

  private func value(_ text: Substring) -> Int? {
    if let index = names.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
    guard let number = number(text), range.contains(number) else { return nil }
    return number
  }

  /// Takes digits only, as `Int` would take a sign too.
  private func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }
}
