import EventModel
import Warehouse

/// Tells which events are facts already.
public struct KnownFacts {
  /// What a fact has of an event's identity; the topic decides the table.
  public struct Identity: Hashable, Sendable {
    /// Milliseconds since 1970-01-01 UTC.
    public var ts: Int64
    /// nil: a guest, or somebody who is not logged in.
    public var userId: Int64?
    public var sessionId: Int64
    public var itemInSession: Int64

    public init(_ event: Event) {
      ts = event.ts
      userId = event.userId
      sessionId = event.sessionId
      itemInSession = event.itemInSession
    }
  }

  public static let dayMs: Int64 = 86_400_000

  private let connection: Connection
  private let library: SQLLibrary

  public init(connection: Connection, library: SQLLibrary) {
    self.connection = connection
    self.library = library
  }

  /// - Parameters:
  ///   - events: of one day.
  ///   - day: days since 1970-01-01.
  ///   - table: facts, with its schema.
  /// - Returns: the indices of those that are in the table.
  public func indices(of events: [Identity], day: Int64, in table: String) throws -> [Int] {
    let rows = try connection.run(
      library.sql("batch/known_events", ["table": table]),
      [
        .intArray(events.map(\.ts)),
        // No user: a value that no user has (EventDecoder.userIds).
        .intArray(events.map { $0.userId ?? Int64.min }),
        .intArray(events.map(\.sessionId)), .intArray(events.map(\.itemInSession)),
        .timestamp(milliseconds: day * Self.dayMs),
        .timestamp(milliseconds: (day + 1) * Self.dayMs),
      ])
    return try (0..<rows.count).map { Int(try rows.int($0, 0)) - 1 }
  }
}
