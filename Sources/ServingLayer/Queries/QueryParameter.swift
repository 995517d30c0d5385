import Metrics

/// A parameter of `/api/v1/query` and of other routes that take some of them, in the order in which messages and the OpenAPI document list them.
enum QueryParameter: String, CaseIterable, Sendable {
  case metrics, by, granularity, from, to
  case timeZone = "tz"
  case filter, having, order, limit, offset, top, compare, exact, format

  /// What values look like.
  enum Form: Sendable {
    /// One or more of these names, each once, with commas between them; nil for as many as there are.
    case list([String], most: Int?)
    /// One of these names.
    case choice([String])
    /// A text; `meaning` says which.
    case text
    /// A text, and the parameter may come more than once.
    case repeatedText
    /// A whole number.
    case integer(ClosedRange<Int>, default: Int?)
    /// A whole number, or `all`.
    case integerOrAll(ClosedRange<Int>, default: Int)
  }

  /// The name in a request.
  var name: String { rawValue }

  var isRequired: Bool { self == .metrics }

  /// One line for the OpenAPI document.
  var meaning: String {
    switch self {
    case .metrics: "Metrics, with commas"
    case .by: "Break down by at most two dimensions"
    case .granularity:
      "Width of a time bucket; by the second events are known up to now, how plays ended and what is credited to songs up to the last load"
    case .from:
      "Start, inclusive: \(Instant.accepted); local time of tz where it names no zone. Default: an hour before to; two weeks, of anomalies; four, of new listeners"
    case .to: "End, exclusive. Default: now"
    case .timeZone: "IANA time zone in which buckets begin. Default: UTC"
    case .filter:
      "dimension:value,value; repeat for more. An empty value is unknown; a comma of a value is written \\,"
    case .limit: "Rows at most; all for as many as there are, in pieces"
    case .offset: "Rows left out before the first; the order is the same for the same data"
    case .format: "JSON or CSV"
    case .having:
      "metric:least value, with commas: rows that have less of a metric, or none, are left out"
    case .order:
      "Metrics of the query, its dimensions and time, with commas, each with :asc or :desc behind it. Default: time, then the first metric"
    case .top:
      "A series of the members of by that have the most of the first metric over all of the range; the others are one row, is_other"
    case .compare:
      "Also an earlier period: of the same length just before, or the same a week, month or year earlier"
    case .exact:
      "Distinct counts that are exact, from facts, up to now"
    }
  }

  /// A value for the OpenAPI document, where a program that knows the form alone could not make one; all of them go together.
  var example: String? {
    switch self {
    case .metrics: "listens,skip_rate"
    case .by: "artist"
    case .from: "-6h"
    case .to: "now"
    case .timeZone: "Europe/Berlin"
    case .filter: "level:paid"
    case .having: "listens:10"
    case .order: "skip_rate:desc"
    default: nil
    }
  }

  /// What a text has to look like, as a regular expression of ECMAScript; nil where that is another form. Some that do not look like
  /// this are taken as well: the pattern has what programs write.
  var pattern: String? {
    let names = Measure.all.map(\.name)
    switch self {
    case .from, .to:
      let date = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
      let time = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?"
      return "^(now|-[1-9][0-9]{0,2}[smhdw]|\(date)(T\(time))?)$"
    case .filter:
      let alternatives = Dimension.allCases.map { dimension in
        // Commas stand between values, and a backslash makes them part of one.
        let value =
          switch dimension {
          case .user, .status: "[0-9]{0,9}"
          default:
            dimension.fixedValues.map { "(\($0.map(Self.quoted).joined(separator: "|")))?" }
              ?? "[^\\u0000\\\\,]*"
          }
        return "\(dimension.rawValue):\(value)(,\(value))?"
      }
      return "^(\(alternatives.joined(separator: "|")))$"
    case .having:
      let minimum = "(\(names.joined(separator: "|"))):[0-9]{1,9}([.][0-9]{1,3})?"
      return "^\(minimum)(,\(minimum))?$"
    case .order:
      let column =
        "(\((names + ["time"] + Dimension.allCases.map(\.rawValue)).joined(separator: "|")))(:(asc|desc))?"
      return "^\(column)$"
    default: return nil
    }
  }

  private static func quoted(_ text: String) -> String {
    text.map { $0 == "+" ? "[+]" : String($0) }.joined()
  }

  var form: Form {
    switch self {
    case .metrics: .list(Measure.all.map(\.name), most: nil)
    case .by: .list(Dimension.allCases.map(\.rawValue), most: Query.maximumDimensions)
    case .granularity: .choice(Granularity.allCases.map(\.rawValue))
    case .from, .to: .text
    case .timeZone: .choice(LocalClock.names)
    case .filter: .repeatedText
    case .limit: .integerOrAll(1...Query.maximumLimit, default: Query.defaultLimit)
    case .offset: .integer(0...Query.maximumOffset, default: 0)
    case .format: .choice(Query.Format.allCases.map(\.rawValue))
    case .having, .order: .text
    case .top: .integer(1...Query.maximumTop, default: nil)
    case .compare: .choice(Comparison.allCases.map(\.rawValue))
    case .exact: .choice(["true", "false"])
    }
  }
}
