/// The text exposition format of Prometheus, version 0.0.4, family by family.
struct Exposition {
  /// Of the media type.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  enum Kind: String {
    case counter, gauge, histogram, summary
  }

  typealias Labels = KeyValuePairs<String, String>

  private(set) var text = ""

  /// A family with a sample for each value that is known; nothing at all where none is.
  ///
  /// - Parameter name: with its unit, and `_total` behind a counter's.
  mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: String?)]
  ) {
    let known = samples.filter { $0.value != nil }
    guard !known.isEmpty else { return }
    begin(name, kind, help)
    for (labels, value) in known { sample(name, labels, value ?? "") }
  }

  /// A family of one sample without labels.
  mutating func gauge(_ name: String, _ help: String, _ value: String?) {
    family(name, .gauge, help, [([:], value)])
  }

  /// As `gauge`, of what only grows.
  mutating func counter(_ name: String, _ help: String, _ value: String?) {
    family(name, .counter, help, [([:], value)])
  }

  /// A family of histograms, each with its labels.
  mutating func histograms(
    _ name: String, _ help: String, _ samples: [(labels: Labels, value: Histogram)]
  ) {
    guard !samples.isEmpty else { return }
    begin(name, .histogram, help)
    for (labels, histogram) in samples {
      for (bound, count) in histogram.cumulative {
        sample(name + "_bucket", labels, "\(count)", and: ("le", bound))
      }
      sample(name + "_sum", labels, "\(histogram.sum)")
      sample(name + "_count", labels, "\(histogram.count)")
    }
  }

  /// How long something took in all, and how often it happened.
  mutating func summary(_ name: String, _ help: String, sum: String?, count: String?) {
    guard let sum, let count else { return }
    begin(name, .summary, help)
    sample(name + "_sum", [:], sum)
    sample(name + "_count", [:], count)
  }

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func sample(
    _ name: String, _ labels: Labels, _ value: String, and last: (String, String)? = nil
  ) {
    let pairs = labels.map { ($0.key, $0.value) } + (last.map { [$0] } ?? [])
    text += name
    if !pairs.isEmpty {
      text += "{" + pairs.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func escaped(_ value: String) -> String {
    value.map { character in
      switch character {
      case "\\": "\\\\"
      case "\"": "\\\""
      case "\n": "\\n"
      default: String(character)
      }
    }.joined()
  }
}

/// How many durations fell between which bounds.
struct Histogram: Sendable {
  /// Seconds, ascending: from a kept answer to the limit of a query.
  static let bounds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  /// By bound; the last is of what is beyond all of them.
  private var counts = [Int](repeating: 0, count: bounds.count + 1)
  private(set) var sum = 0.0

  mutating func add(seconds: Double) {
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
  }

  var count: Int { counts.reduce(0, +) }

  /// How many were no longer than each bound, ending with `+Inf`.
  var cumulative: [(bound: String, count: Int)] {
    var sum = 0
    return zip(Self.bounds.map { "\($0)" } + ["+Inf"], counts).map { bound, count in
      sum += count
      return (bound, sum)
    }
  }
}
