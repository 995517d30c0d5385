/// The stretches of time that a question can be answered by.
enum QuestionBucket: String, CaseIterable {
  case second, minute, hour, day, week, month, quarter, year

  /// How many of them a series has unless a range is given.
  var usualCount: Int {
    switch self {
    case .second: 300
    case .minute: 60
    case .hour: 24
    case .day: 14
    case .week, .month: 12
    case .quarter: 8
    case .year: 5
    }
  }

  /// So many buckets as a PostgreSQL interval, which has no word for quarters.
  func interval(_ count: Int) -> String {
    self == .quarter ? "\(3 * count) months" : "\(count) \(rawValue)s"
  }

  /// About how long one is, in milliseconds: near enough to count the buckets between two of them.
  var milliseconds: Double {
    switch self {
    case .second: 1000
    case .minute: 60_000
    case .hour: 3_600_000
    case .day: 86_400_000
    case .week: 7 * 86_400_000
    case .month: 30.44 * 86_400_000
    case .quarter: 91.31 * 86_400_000
    case .year: 365.24 * 86_400_000
    }
  }

  /// As much of a timestamp as tells one bucket from the other.
  func label(_ timestamp: String) -> String {
    switch self {
    case .second: String(timestamp.prefix(19))
    case .minute, .hour: String(timestamp.prefix(16))
    case .day, .week, .month, .quarter, .year: String(timestamp.prefix(10))
    }
  }
}

/// What rows a question reads: facts, or rollups by the minute, hour or day (UTC).
enum QuestionRung: String {
  case facts, minute, hour, day

  /// The column with the rows' time.
  var column: String { self == .facts ? "ts" : rawValue }

  /// What the ends of ranges are rounded to, in milliseconds.
  var width: Int64 {
    switch self {
    case .facts: 1000
    case .minute: 60_000
    case .hour: 3_600_000
    case .day: 86_400_000
    }
  }
}
