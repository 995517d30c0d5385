import EventLog
import Feed
import Metrics
import Warehouse

/// Inserts new dimension members and quarantined records. Inserting is idempotent, so that both layers and
/// any number of processes may insert the same ones.
///
/// Members are inserted in order of their keys, so that two processes that insert the same members cannot
/// wait for each other in a circle.
public final class MemberStore {
  private let connection: Connection
  private let library: SQLLibrary
  private let buffer = CopyBuffer()

  /// Makes the temporary tables of the session that members pass through.
  /// - Throws: `WarehouseError` where the server refuses to make them.
  public init(connection: Connection, library: SQLLibrary) throws(WarehouseError) {
    self.connection = connection
    self.library = library
    try connection.script(library.sql("members/temporary_tables"))
  }

  /// Inserts the members that their dimensions do not have yet; a known location only gets its coordinates
  /// lowered. Call it inside a transaction, at whose end the temporary tables are emptied.
  /// - Throws: `WarehouseError` where the server refuses a statement or the connection is lost.
  public func insert(_ members: NewMembers) throws(WarehouseError) {
    if !members.users.isEmpty { try insertUsers(members.users) }
    if !members.songs.isEmpty { try insertSongs(members.songs) }
    if !members.locations.isEmpty { try insertLocations(members.locations) }
    if !members.devices.isEmpty { try insertDevices(members.devices) }
  }

  private func send(_ table: String, _ columns: [String]) throws(WarehouseError) {
    _ = try connection.copy(into: "pg_temp.new_\(table)", columns: columns, from: buffer)
    _ = try connection.run(library.sql("members/insert_\(table)"))
    buffer.removeAll()
  }

  private func insertUsers(_ users: [NewMembers.User]) throws(WarehouseError) {
    for user in users {
      buffer.startRow(columns: 7)
      buffer.int64(user.key)
      buffer.int64(user.userId)
      buffer.textOrNull(user.firstName)
      buffer.textOrNull(user.lastName)
      buffer.textOrNull(user.gender)
      buffer.textOrNull(user.level)
      if let registration = user.registration {
        buffer.timestamp(milliseconds: registration)
      } else {
        buffer.null()
      }
    }
    try send(
      "user",
      ["user_key", "user_id", "first_name", "last_name", "gender", "level", "registration"])
  }

  private func insertSongs(_ songs: [NewMembers.Song]) throws(WarehouseError) {
    for song in songs {
      buffer.startRow(columns: 4)
      buffer.int64(song.key)
      buffer.textOrNull(song.artist)
      buffer.textOrNull(song.title)
      buffer.doubleOrNull(song.duration)
    }
    try send("song", ["song_key", "artist", "title", "duration"])
  }

  private func insertLocations(_ locations: [NewMembers.Location]) throws(WarehouseError) {
    for place in locations {
      buffer.startRow(columns: 8)
      buffer.int64(place.key)
      buffer.textOrNull(place.country)
      buffer.textOrNull(place.state)
      buffer.textOrNull(place.city)
      buffer.textOrNull(place.zip)
      buffer.doubleOrNull(place.lon)
      buffer.doubleOrNull(place.lat)
      buffer.textOrNull(place.region)
    }
    try send(
      "location",
      ["location_key", "country", "state", "city", "zip", "lon", "lat", "region"])
  }

  private func insertDevices(_ devices: [NewMembers.DeviceMember]) throws(WarehouseError) {
    for member in devices {
      buffer.startRow(columns: 5)
      buffer.int64(member.key)
      buffer.text(member.userAgent)
      buffer.text(member.device.deviceType)
      buffer.text(member.device.os)
      buffer.text(member.device.browser)
    }
    try send("device", ["device_key", "user_agent", "device_type", "os", "browser"])
  }

  /// Writes records to `warehouse.quarantine`, with their source and the reason. A record that is there
  /// already is left alone. Call it inside a transaction, at whose end the temporary table is emptied.
  /// - Throws: `WarehouseError` where the server refuses a statement or the connection is lost.
  public func quarantine(_ records: [QuarantinedRecord]) throws(WarehouseError) {
    guard !records.isEmpty else { return }
    for record in records {
      buffer.startRow(columns: 5)
      buffer.text(record.source.topic)
      buffer.int32(record.source.partition)
      buffer.int64(record.offset)
      buffer.text(record.reason)
      buffer.bytes(record.raw)
    }
    try send("quarantine", ["topic", "partition", "record_offset", "reason", "raw"])
  }
}

extension CopyBuffer {
  func textOrNull(_ value: String?) {
    if let value { text(value) } else { null() }
  }
}
