/// What is known of the last event that counted in a row of `minute_user`: most events of a user come within a minute
/// of another one, as a listen and the page view that it was asked for by, and so count in the same rows.
struct Visit {
  /// Of the event; `Int32.min` where nothing is known.
  var minute = Int32.min
  /// Whether a listen has counted since.
  var hasListened = false
  var session: Int64 = 0
  var location: Int64 = 0
  var device: Int64 = 0
  var audience: Int64 = 0
  /// Where the rows are in their rollups.
  var totalsRow: Int32 = 0
  var locationRow: Int32 = 0
  var deviceRow: Int32 = 0
  var audienceRow: Int32 = 0

  @inline(__always)
  func isOf(_ rows: EventRows) -> Bool {
    minute == rows.minute && location == rows.location && device == rows.device
      && audience == rows.audience
  }
}

/// The rows that every event counts in, in place: each valid until the next row is made in its rollup.
struct EventCells {
  var totals, user, location, device, audience: UnsafeMutablePointer<RollupCell>

  /// Changes every row.
  @inline(__always)
  func update(_ body: (UnsafeMutablePointer<RollupCell>) -> Void) {
    body(user)
    updateShared(body)
  }

  /// Changes all rows but the user's own: those whose users are counted.
  @inline(__always)
  func updateShared(_ body: (UnsafeMutablePointer<RollupCell>) -> Void) {
    body(totals)
    body(location)
    body(device)
    body(audience)
  }
}

/// The visits of the rows of `minute_user`, by the place of the row.
struct VisitMemory: ~Copyable {
  private var visits: UnsafeMutablePointer<Visit>
  private var capacity = 1024
  /// Rows have gone, so that others have their places.
  private var isStale = false

  init() {
    visits = .allocate(capacity: capacity)
    visits.initialize(repeating: Visit(), count: capacity)
  }

  deinit { visits.deallocate() }

  /// The visit of the user's row at this place, valid until the next call.
  @inline(__always)
  mutating func at(_ row: Int) -> UnsafeMutablePointer<Visit> {
    if isStale || row >= capacity { renew(row) }
    return visits + row
  }

  /// Forgets all visits.
  mutating func forget() { isStale = true }

  private mutating func renew(_ row: Int) {
    if isStale { visits.update(repeating: Visit(), count: capacity) }
    isStale = false
    guard row >= capacity else { return }
    let larger = max(2 * capacity, row + 1)
    let next = UnsafeMutablePointer<Visit>.allocate(capacity: larger)
    next.moveInitialize(from: visits, count: capacity)
    (next + capacity).initialize(repeating: Visit(), count: larger - capacity)
    visits.deallocate()
    visits = next
    capacity = larger
  }
}
