/// The faults that are put into events on purpose, to see whether a pipeline withstands them.
public struct FaultPlan: Sendable, Equatable {
  /// The part of the events that come late, 0 to 1.
  public var lateFraction = 0.0
  /// By how much late events are held back, milliseconds of event time; evenly spread.
  public var lateBy: ClosedRange<Int64> = 3_600_000...3_600_000
  /// The part of the events that come twice, 0 to 1.
  public var duplicateFraction = 0.0
  /// How long after the first time an event comes the second time, milliseconds of event time; evenly spread.
  public var duplicateBy: ClosedRange<Int64> = 0...60_000
  /// The part of the events that become malformed lines, 0 to 1.
  public var malformedFraction = 0.0
  /// Every event is put off by up to this, milliseconds of event time; evenly spread.
  public var outOfOrderBy: Int64 = 0

  /// A plan without faults.
  public init() {}

  /// True where the plan has no faults, so that all lines stay as they are.
  public var isNone: Bool {
    lateFraction == 0 && duplicateFraction == 0 && malformedFraction == 0 && outOfOrderBy == 0
  }
}

/// Puts faults into a stream of lines. Which line gets which fault depends on the seed and on the lines
/// alone. The injector's clock is event time: a line that is held back until t goes out before the first
/// line of a time from t on.
public struct FaultInjector {
  private let faults: FaultPlan
  private var random: RandomSource
  private var held = HeldLines()
  private var scratch: [UInt8] = []

  /// - Parameter seed: that of the run; the faults have a random stream of their own.
  public init(_ faults: FaultPlan, seed: UInt64) {
    self.faults = faults
    random = RandomSource(seed: seed, purpose: .faults)
  }

  /// Takes a line, and gives to `emit` all lines that are due up to the time of this one.
  /// - Returns: false where `emit` has returned false, which means that it wants no more lines.
  public mutating func accept(_ line: EventLine, _ emit: (EventLine) throws -> Bool) rethrows
    -> Bool
  {
    guard try release(through: line.header.ts, emit) else { return false }
    let draw = random.uniform()
    var due = line.header.ts
    if faults.outOfOrderBy > 0 { due += Habits.uniform(0...faults.outOfOrderBy, &random) }
    if draw < faults.malformedFraction {
      var broken = line.header
      broken.fault =
        EventLine.Fault.malformed[
          random.index(below: EventLine.Fault.malformed.count)]
      Malformation.apply(broken.fault, to: line.bytes, &random, into: &scratch)
      return try scratch.withUnsafeBytes {
        try give(EventLine(header: broken, bytes: $0), at: due, after: line.header.ts, emit)
      }
    }
    var line = line
    if random.uniform() < faults.lateFraction {
      due += Habits.uniform(faults.lateBy, &random)
      line.header.fault = .late
    }
    guard try give(line, at: due, after: line.header.ts, emit) else { return false }
    if random.uniform() < faults.duplicateFraction {
      line.header.fault = .duplicate
      held.insert(line, due: due + Habits.uniform(faults.duplicateBy, &random))
    }
    return true
  }

  /// Gives to `emit` the lines that were held back until a time or earlier. At the end of a run, the last
  /// time there is (`Int64.max`) gives out all of them.
  /// - Parameter time: milliseconds since 1970-01-01 UTC.
  /// - Returns: false where `emit` has returned false, which means that it wants no more lines.
  public mutating func release(through time: Int64, _ emit: (EventLine) throws -> Bool) rethrows
    -> Bool
  {
    while let due = held.firstDue, due <= time {
      if try !held.removeFirst(emit) { return false }
    }
    return true
  }

  private mutating func give(
    _ line: EventLine, at due: Int64, after now: Int64, _ emit: (EventLine) throws -> Bool
  ) rethrows -> Bool {
    if due <= now { return try emit(line) }
    held.insert(line, due: due)
    return true
  }
}

extension EventLine.Fault {
  /// All kinds of malformed lines, in the order of their raw values.
  public static let malformed: [EventLine.Fault] = [
    .truncated, .notJSON, .wrongType, .missingTime, .implausibleTime, .badUTF8,
  ]

  /// The fault's name in `truth.json`.
  public var name: String {
    switch self {
    case .none: "none"
    case .late: "late"
    case .duplicate: "duplicate"
    case .truncated: "truncated"
    case .notJSON: "not_json"
    case .wrongType: "wrong_type"
    case .missingTime: "missing_ts"
    case .implausibleTime: "implausible_ts"
    case .badUTF8: "bad_utf8"
    }
  }
}

/// Makes a line that is no event out of one that is. The result has no newline in it.
enum Malformation {
  private static let notJSON = Array(
    "upstream connect error or disconnect/reset before headers".utf8)
  private static let timeKey = Array("{\"ts\":".utf8)

  /// - Parameter bytes: an event as the generator writes it, which begins with its `ts`.
  static func apply(
    _ fault: EventLine.Fault, to bytes: UnsafeRawBufferPointer, _ random: inout RandomSource,
    into out: inout [UInt8]
  ) {
    out.removeAll(keepingCapacity: true)
    // The comma behind the time.
    let comma = bytes.firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
    switch fault {
    case .none, .late, .duplicate: out += bytes
    case .truncated: out += bytes.prefix(1 + random.index(below: max(1, bytes.count - 1)))
    case .notJSON: out += notJSON
    case .wrongType: replaceTime(bytes, comma, "\"soon\"", &out)
    case .missingTime:
      out.append(UInt8(ascii: "{"))
      out += bytes.dropFirst(comma + 1)
    // 1970 is before music was streamed.
    case .implausibleTime: replaceTime(bytes, comma, "86400000", &out)
    case .badUTF8:
      out += bytes.dropLast()
      // No byte of UTF-8 is ever 0xFF.
      out += Array(",\"note\":\"".utf8) + [0xFF] + Array("\"}".utf8)
    }
  }

  private static func replaceTime(
    _ bytes: UnsafeRawBufferPointer, _ comma: Int, _ time: String, _ out: inout [UInt8]
  ) {
    out += timeKey
    out += time.utf8
    out += bytes.dropFirst(comma)
  }
}
