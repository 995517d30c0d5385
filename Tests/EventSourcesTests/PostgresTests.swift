import EventLog
import EventModel
import Foundation
import TestKit
import Testing
import Warehouse

@testable import EventSources

@Suite("tables of a PostgreSQL database")
struct PostgresTests {
  @Test("are read in batches, and give the events that the same tables as CSV give")
  func sameAsCSV() throws {
    let database = try TestDatabase.make(migrated: false)
    let connection = try database.connect()
    try connection.script(
      """
      create schema app;
      set search_path = app;
      create table users (user_id integer, user_name text, user_age integer, user_country text,
        created_at date);
      create table songs (track_id text, artists text, track_name text, duration_ms integer,
        explicit boolean, track_genre text);
      create table streams (user_id integer, track_id text, listen_time timestamp);
      insert into users values (1, 'Ada Lovelace', 36, 'Germany', '2024-01-02'),
        (2, null, null, null, null);
      insert into songs values ('t1', 'A, "B"', 'One', 200500, true, 'pop'),
        ('t2', 'C', E'Two\\nlines', null, false, null);
      insert into streams select 1 + n % 2, 't' || 1 + n % 3,
        timestamp '2024-06-25' + n * interval '7 minutes' from generate_series(0, 11999) n;
      insert into streams values (null, 't1', '2024-06-25'), (1, 'x,"y', null);
      """)
    let folder = try Folder()
    let log = try folder.log
    let url = database.url + "&options=-csearch_path%3Dapp"
    let summary = try runImport([url], into: log)
    #expect(summary.rows == 12_002)
    #expect(summary.users == 2)
    #expect(summary.songs == 2)
    #expect(summary.broken == 2)
    #expect(summary.streamsWithoutSong == 4_000)
    let events = try records(log)
    #expect(
      Set(events.filter { $0.json.isEmpty }.map(\.raw)) == [
        "polyrhythm: broken row\ntable streams\nthe user id is not a whole number\n,t1,2024-06-25 00:00:00",
        "polyrhythm: broken row\ntable streams\nthe listen time is not a time such as 2024-06-25 17:43:13\n"
          + "1,\"x,\"\"y\",",
      ])

    let files = try Folder()
    for table in ["users", "songs", "streams"] {
      let rows = try connection.run("select * from app.\(table)")
      let lines = (0..<rows.count).map { row in
        rows.columns.indices.map {
          "\"" + (rows.textOrNull(row, $0) ?? "").replacing("\"", with: "\"\"") + "\""
        }.joined(separator: ",")
      }
      try files.write(
        "\(table).csv", ([rows.columns.joined(separator: ",")] + lines).joined(separator: "\n"))
    }
    let other = try files.log
    try runImport([files.path], into: other)
    let sound = events.filter { !$0.json.isEmpty }
    #expect(sound.count == 12_000)
    #expect(try records(other).filter { !$0.json.isEmpty }.map(\.raw) == sound.map(\.raw))
  }

  @Test("users and songs from a database go with streams from files")
  func mixed() throws {
    let database = try TestDatabase.make(migrated: false)
    try database.connect().script(
      """
      create table users (user_id integer, user_name text);
      create table songs (track_id text, track_name text);
      insert into users values (1, 'Ada Lovelace');
      insert into songs values ('t1', 'One');
      """)
    let folder = try Folder()
    try folder.write("streams1.csv", "user_id,track_id,listen_time\n1,t1,2024-06-25\n")
    let log = try folder.log
    try runImport([folder.path, database.url], into: log)
    let event = try #require(try records(log).first)
    #expect(event["lastName"] == "Lovelace")
    #expect(event["song"] == "One")
  }

  @Test("of a database that is imported again, the catalogue gets what has changed")
  func again() throws {
    let database = try TestDatabase.make(migrated: false)
    let connection = try database.connect()
    try connection.script(
      """
      create table users (user_id integer, user_name text);
      create table songs (track_id text, artists text, track_name text);
      insert into users values (1, 'Ada Lovelace'), (2, 'Alan Turing');
      insert into songs values ('t1', 'Ada', 'One'), ('t2', 'Ada', 'Two');
      """)
    let folder = try Folder()
    let log = try folder.log
    #expect(try runImport([database.url], into: log).catalogueRecords == 4)
    #expect(try runImport([database.url], into: log).catalogueRecords == 0)
    try connection.script("update users set user_name = 'Ada King' where user_id = 1")
    #expect(try runImport([database.url], into: log).catalogueRecords == 1)
    var options = ImportOptions.test()
    options.again = true
    #expect(try runImport([database.url], into: log, options).catalogueRecords == 4)
  }

  @Test("a database without the tables says which are wanted, and where it looked")
  func missing() throws {
    let database = try TestDatabase.make(migrated: false)
    let folder = try Folder()
    let log = try folder.log
    #expect { try runImport([database.url], into: log) } throws: {
      "\($0)".contains("none of the tables users, songs and streams")
    }
  }
}
