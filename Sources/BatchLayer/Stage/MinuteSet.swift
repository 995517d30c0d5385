/// Minutes of event time (UTC) that something is known of.
struct MinuteSet {
  /// Minutes since 1970.
  private var minutes: Set<Int32> = []
  /// The minute noted last: most events follow into the same one.
  private var last = Int32.min

  /// - Parameter ts: milliseconds since 1970.
  mutating func insert(_ ts: Int64) {
    let minute = Int32(truncatingIfNeeded: ts / 60_000)
    guard minute != last else { return }
    last = minute
    minutes.insert(minute)
  }

  mutating func formUnion(_ other: MinuteSet) { minutes.formUnion(other.minutes) }

  /// The minutes as stretches of time, milliseconds since 1970, in order: minutes with up to so many between them are one
  /// stretch.
  func stretches(joiningUpTo gap: Int32) -> [ClosedRange<Int64>] {
    var stretches: [ClosedRange<Int64>] = []
    var last = Int32.min
    for minute in minutes.sorted() {
      let start = Int64(minute) * 60_000
      if let open = stretches.last, minute - last <= gap {
        stretches[stretches.count - 1] = open.lowerBound...start + 59_999
      } else {
        stretches.append(start...start + 59_999)
      }
      last = minute
    }
    return stretches
  }
}
