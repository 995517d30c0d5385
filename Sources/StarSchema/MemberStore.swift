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

  /// Inserts the members that their dimensions do not have yet, and quarantined records with their source and
  /// the reason; a known location only gets its coordinates lowered, a known song its track id, and a record that is there already is left
  /// alone. Call it inside a transaction, at whose end the temporary tables are emptied.
  ///
  /// Everything is copied before the first row is inserted. The server can end a session that stands still
  /// between two statements, but not one that stands still within a COPY: such a session must not have inserted
  /// a row that others wait for.
  /// - Throws: `WarehouseError` where the server refuses a statement or the connection is lost.
  public func insert(
    _ members: NewMembers, quarantined: [QuarantinedRecord] = []
  ) throws(WarehouseError) {
    var copied: [String] = []
    if !members.users.isEmpty { copied.append(try copyUsers(members.users)) }
    if !members.songs.isEmpty { copied.append(try copySongs(members.songs)) }
    if !members.locations.isEmpty { copied.append(try copyLocations(members.locations)) }
    if !members.devices.isEmpty { copied.append(try copyDevices(members.devices)) }
    if !members.tags.isEmpty { copied.append(try copyTags(members.tags)) }
    if !quarantined.isEmpty { copied.append(try copyQuarantined(quarantined)) }
    for table in copied { _ = try connection.run(library.sql("members/insert_\(table)")) }
  }

  /// Copies the rows in the buffer into a temporary table.
  /// - Returns: the table's name, without the prefix `new_`.
  private func copy(_ table: String, _ columns: [String]) throws(WarehouseError) -> String {
    _ = try connection.copy(into: "pg_temp.new_\(table)", columns: columns, from: buffer)
    buffer.removeAll()
    return table
  }

  private func copyUsers(_ users: [NewMembers.User]) throws(WarehouseError) -> String {
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
    return try copy(
      "user",
      ["user_key", "user_id", "first_name", "last_name", "gender", "level", "registration"])
  }

  private func copySongs(_ songs: [NewMembers.Song]) throws(WarehouseError) -> String {
    for song in songs {
      buffer.startRow(columns: 5)
      buffer.int64(song.key)
      buffer.textOrNull(song.artist)
      buffer.textOrNull(song.title)
      buffer.doubleOrNull(song.duration)
      buffer.textOrNull(song.trackId)
    }
    return try copy("song", ["song_key", "artist", "title", "duration", "event_track_id"])
  }

  private func copyLocations(_ locations: [NewMembers.Location]) throws(WarehouseError) -> String {
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
    return try copy(
      "location",
      ["location_key", "country", "state", "city", "zip", "lon", "lat", "region"])
  }

  private func copyDevices(_ devices: [NewMembers.DeviceMember]) throws(WarehouseError) -> String {
    for member in devices {
      buffer.startRow(columns: 5)
      buffer.int64(member.key)
      buffer.text(member.userAgent)
      buffer.text(member.device.deviceType)
      buffer.text(member.device.os)
      buffer.text(member.device.browser)
    }
    return try copy("device", ["device_key", "user_agent", "device_type", "os", "browser"])
  }

  private func copyTags(_ tags: [NewMembers.Tag]) throws(WarehouseError) -> String {
    for member in tags {
      buffer.startRow(columns: 2)
      buffer.int64(member.userId)
      buffer.text(member.tag)
    }
    return try copy("user_tag", ["user_id", "tag"])
  }

  private func copyQuarantined(_ records: [QuarantinedRecord]) throws(WarehouseError) -> String {
    for record in records {
      buffer.startRow(columns: 5)
      buffer.text(record.source.topic)
      buffer.int32(record.source.partition)
      buffer.int64(record.offset)
      buffer.text(record.reason)
      buffer.bytes(record.raw)
    }
    return try copy("quarantine", ["topic", "partition", "record_offset", "reason", "raw"])
  }
}

extension CopyBuffer {
  func textOrNull(_ value: String?) {
    if let value { text(value) } else { null() }
  }
}
