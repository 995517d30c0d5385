import EventModel
import Warehouse

/// Tells which events are facts already.
public struct KnownFacts {
  /// An event's identity without its topic, as a fact has it; the topic says in which table to look.
  public struct Identity: Hashable, Sendable {
    /// Milliseconds since 1970-01-01 UTC.
    public var ts: Int64
    /// nil for a guest or a user who is not logged in.
    public var userId: Int64?
    /// The session, as the event names it.
    public var sessionId: Int64
    /// The event's place in its session, from 0.
    public var itemInSession: Int64

    /// The identity of a decoded event.
    public init(_ event: Event) {
      ts = event.ts
      userId = event.userId
      sessionId = event.sessionId
      itemInSession = event.itemInSession
    }
  }

  /// Milliseconds of a day of UTC.
  public static let dayMs: Int64 = 86_400_000

  private let connection: Connection
  private let library: SQLLibrary

  /// - Parameter connection: runs the look-ups, and so sees what its present snapshot sees.
  public init(connection: Connection, library: SQLLibrary) {
    self.connection = connection
    self.library = library
  }

  /// So many events of a day are looked up one by one, and more in one reading of the day.
  public static let few = 16

  /// Looks events up in one reading of what a table of facts has between the first of them and the last one.
  /// - Parameters:
  ///   - events: all of one topic.
  ///   - rows: where facts of the events' topic are.
  /// - Returns: the indices of the events that are in the table, in no particular order.
  /// - Throws: `WarehouseError` where the server does not answer the query.
  public func indices(of events: [Identity], in rows: FactPlace) throws -> [Int] {
    guard let first = events.map(\.ts).min(), let last = events.map(\.ts).max() else { return [] }
    return try indices(
      "known_events", events, rows,
      [.timestamp(milliseconds: first), .timestamp(milliseconds: last + 1)])
  }

  /// Looks each event up by itself, however far apart they lie: what that costs follows how many there are, and not the
  /// days between them.
  /// - Parameters, returns, throws: as `indices(of:in:)` has them.
  public func indicesByIndex(of events: [Identity], in rows: FactPlace) throws -> [Int] {
    try events.isEmpty ? [] : indices("known_events_by_index", events, rows, [])
  }

  /// Those of the events that may be facts: whose user was seen in their hour, and all events without one. No fact is there of the
  /// others, as a rollup counts each event by its user. A phone that was offline gives events of hours in which nobody saw its user.
  /// - Parameter hours: the rollup of these facts by hour and user, with its schema.
  /// - Returns: the indices of the events, in no particular order.
  /// - Throws: `WarehouseError` where the server does not answer the query.
  public func indicesOfSeen(_ events: [Identity], in hours: String) throws -> [Int] {
    guard !events.isEmpty else { return [] }
    let rows = try connection.run(
      library.sql("facts/events_of_seen_users", ["hour_user": hours]),
      [
        .intArray(events.map(\.ts)),
        .intArray(events.map { $0.userId ?? Int64.min }),
      ])
    return try (0..<rows.count).map { Int(try rows.int($0, 0)) - 1 }
  }

  private func indices(
    _ query: String, _ events: [Identity], _ rows: FactPlace, _ bounds: [SQLValue]
  ) throws -> [Int] {
    let rows = try connection.run(
      library.sql("facts/\(query)", ["table": rows.table, "which": rows.which]),
      [
        .intArray(events.map(\.ts)),
        // The least integer stands for no user; the decoder gives it to none (EventDecoder.userIds).
        .intArray(events.map { $0.userId ?? Int64.min }),
        .intArray(events.map(\.sessionId)), .intArray(events.map(\.itemInSession)),
      ] + bounds)
    return try (0..<rows.count).map { Int(try rows.int($0, 0)) - 1 }
  }
}
