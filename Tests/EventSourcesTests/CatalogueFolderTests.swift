import Foundation
import Support
import Testing

@testable import EventGenerator
@testable import EventSources

/// What the generator's `CatalogueTables` write and others have, read from a folder.
@Suite struct CatalogueFolderTests {
  private static let header =
    "track_id,artists,album_name,track_name,popularity,duration_ms,explicit,track_genre\n"

  // MARK: There and back

  @Test func whatIsWrittenIsReadAgain() throws {
    let folder = try Folder()
    let catalogue = Catalogue(seed: 11)
    #expect(catalogue.songs.count == 20_000)
    var random = RandomSource(seed: 5, purpose: .user)
    let listeners = (0..<3_000).map { number -> Listener in
      let country = Country.all[random.index(below: Country.all.count)]
      let names = country.names
      return Listener(
        id: Int64(number == 0 ? 1 << 31 : number - 1),
        firstName: names.women[random.index(below: names.women.count)],
        lastName: names.womensFamily[random.index(below: names.womensFamily.count)],
        age: number % 7 == 0 ? nil : 13 + random.index(below: 80),
        country: number % 11 == 0 ? nil : country.code,
        createdAt: number % 5 == 0 ? nil : Int64(random.index(below: 1_700_000_000_000)))
    }
    try CatalogueTables.writeTracks(catalogue, to: folder.path)
    try CatalogueTables.writeUsers(listeners, to: folder.path)
    let read = try CatalogueFolder.read(folder.path)
    #expect(read.warnings == [])
    #expect(read.catalogue.songs == catalogue.songs)
    #expect(read.catalogue.duplicates == 0)
    #expect(read.listeners == listeners)
    // Writing the tables that were read gives the same bytes.
    let again = try Folder()
    try CatalogueTables.writeTracks(read.catalogue, to: again.path)
    try CatalogueTables.writeUsers(read.listeners, to: again.path)
    for name in ["tracks.csv", "users.csv"] {
      let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(name)")
      #expect(bytes != nil)
      #expect(bytes == FileManager.default.contents(atPath: "\(again.path)/\(name)"))
    }
  }

  @Test(arguments: [("gzip", "tracks.csv.gz"), ("zstd", "songs.csv.zst")])
  func filesMayBeCompressed(tool: String, name: String) throws {
    let folder = try Folder()
    let catalogue = Catalogue(seed: 2, artists: 20, songs: 100)
    try CatalogueTables.writeTracks(catalogue, to: folder.path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "sh", "-c", "\(tool) -q -c tracks.csv > \(name).x && rm tracks.csv && mv \(name).x \(name)",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let read = try CatalogueFolder.read(folder.path)
    #expect(read.catalogue.songs == catalogue.songs)
    #expect(read.listeners.isEmpty && read.warnings.isEmpty)
  }

  // MARK: Tables of others

  @Test func columnsOfOthersAreToldByTheirNames() throws {
    let folder = try Folder()
    try folder.write(
      "songs.csv",
      "\u{FEFF},Song ID,Title,Artist,Duration MS\n0,s1,One,A;B, 240000.4 \n1,s2,Two,\"C, D\",1000\n"
    )
    try folder.write(
      "users.csv",
      "id,first_name,last_name,gender,country,registered_at\n"
        + "7,Ada,de la Cruz,F,Germany,2024-06-25\n8,Bo,,male,DEU,\n")
    let read = try CatalogueFolder.read(folder.path)
    #expect(read.warnings == [])
    #expect(
      read.catalogue.songs == [
        Catalogue.Song(
          trackId: "s1", artist: "A;B", title: "One", album: "", genre: "unknown",
          durationMilliseconds: 240_000, popularity: 0, isExplicit: false),
        Catalogue.Song(
          trackId: "s2", artist: "C, D", title: "Two", album: "", genre: "unknown",
          durationMilliseconds: 1000, popularity: 0, isExplicit: false),
      ])
    #expect(
      read.listeners == [
        Listener(
          id: 7, firstName: "Ada", lastName: "de la Cruz", gender: .female, country: "DE",
          createdAt: 1_719_273_600_000),
        Listener(id: 8, firstName: "Bo", lastName: "", gender: .male, country: "DE"),
      ])
  }

  @Test func aFullNameIsItsFirstWordAndTheRest() throws {
    let folder = try Folder()
    try folder.write("tracks.csv", Self.header + "t,a,b,c,1,1000,TRUE,g\n")
    try folder.write("users.csv", "user_id,user_name\n1,  Ana  María  Silva \n2,Cher\n3,\n")
    let names = try CatalogueFolder.read(folder.path).listeners.map {
      [$0.firstName, $0.lastName]
    }
    #expect(names == [["Ana", "María Silva"], ["Cher", ""], ["", ""]])
  }

  // MARK: What cannot be used

  @Test func rowsThatCannotBeUsedAreNamedOnOneLine() throws {
    let folder = try Folder()
    try folder.write(
      "tracks.csv",
      Self.header + """
        t1,A,x,One,50,1000,false,pop
        ,A,x,Two,50,1000,false,pop
        t3,,x,Three,50,1000,false,pop
        t4,A,x,  ,50,1000,false,pop
        t5,A,x,Five,50,999,false,pop
        t6,A,x,Six,50,86400001,false,pop
        t7,A,x,Seven,50,three,false,pop
        t1,A,x,Eight,50,1000,false,pop
        t9,A,x,Nine,50,1000,false
        t10,A,x,Ten,high,86400000,yes,
        t11,A,y,One,90,2000,false,pop
        t12,"A,x,Twelve,50,1000,false,pop

        """)
    try folder.write(
      "users.csv",
      """
      user_id,user_name,user_age,user_country,created_at
      0,A B,151,Atlantis,yesterday
      2147483648,C D,17,uk,2020-01-01T00:00:00Z
      2147483649,E F,1,US,
      -1,G H,1,US,
      x,I J,1,US,
      0,K L,1,US,

      """)
    let read = try CatalogueFolder.read(folder.path)
    #expect(read.catalogue.songs.map(\.trackId) == ["t11", "t10"])
    #expect(read.catalogue.songs[1].genre == "unknown" && read.catalogue.songs[1].isExplicit)
    #expect(
      read.listeners == [
        Listener(id: 0, firstName: "A", lastName: "B"),
        Listener(
          id: 1 << 31, firstName: "C", lastName: "D", age: 17, country: "GB",
          createdAt: 1_577_836_800_000),
      ])
    #expect(read.warnings.count == 2)
    let songs = read.warnings[0]
    for part in [
      "/tracks.csv: left out 10 of 12 rows", "1 without a track_id", "1 without artists",
      "1 without a track_name", "3 with a duration_ms", "1 with the track_id of an earlier one",
      "1 with more or fewer fields", "1 with a quote that is never closed",
      "1 of the same artist and title", "the first is at line 3", "1 with a popularity",
    ] {
      #expect(songs.contains(part), "\(part): \(songs)")
    }
    let users = read.warnings[1]
    for part in [
      "/users.csv: left out 4 of 6 rows", "2 with a user_id outside 0 to 2147483648",
      "1 without a user_id that is a whole number", "1 with the user_id of an earlier one",
      "the first is at line 4", "1 with a user_age", "1 with a user_country",
      "1 with a created_at",
    ] {
      #expect(users.contains(part), "\(part): \(users)")
    }
    #expect(read.warnings.allSatisfy { !$0.contains("\n") })
  }

  @Test func aSecondTableOfSongsIsNotUsedInSilence() throws {
    let folder = try Folder()
    try folder.write("tracks.csv", Self.header + "t,a,b,c,1,1000,false,g\n")
    try folder.write("songs.csv", Self.header + "u,a,b,c,1,1000,false,g\n")
    let read = try CatalogueFolder.read(folder.path)
    #expect(read.catalogue.songs.map(\.trackId) == ["t"])
    #expect(read.warnings.count == 1)
    #expect(read.warnings[0].contains("/tracks.csv: used"))
    #expect(read.warnings[0].contains("/songs.csv"))
  }

  /// File, content, exit code, and parts of the message.
  @Test(arguments: [
    ("other.csv", "a\n", ExitCode.noInput, ["no tracks.csv or songs.csv", "--catalogue"]),
    ("tracks.csv", "", .dataError, ["/tracks.csv", "empty"]),
    ("tracks.csv", header, .dataError, ["/tracks.csv", "none of its 0 rows"]),
    (
      "tracks.csv", header + "t,a,b,c,1,0,false,g\n", .dataError,
      ["none of its 1 rows", "1 with a duration_ms"]
    ),
    (
      "songs.csv", "track_id,artists\nt,a\n", .dataError,
      ["/songs.csv", "no column track_name and no duration_ms", "track_id, artists"]
    ),
    ("songs.csv", "artists,track_name\nt,a\n", .dataError, ["no column track_id"]),
    ("songs.csv", "track_id;artists\nt;a\n", .dataError, ["no column track_id", "by commas"]),
    ("tracks.csv.gz", "\u{1F}\u{8B}", .dataError, ["/tracks.csv.gz"]),
  ])
  func tablesThatCannotBeUsedAreErrors(
    name: String, text: String, code: ExitCode, parts: [String]
  ) throws {
    let folder = try Folder()
    let bytes =
      name.hasSuffix(".gz") ? Data(text.unicodeScalars.map { UInt8($0.value) }) : Data(text.utf8)
    try folder.write(name, bytes)
    try expectError(folder.path, code, parts)
  }

  @Test func aUsersTableThatCannotBeUsedIsAnError() throws {
    let folder = try Folder()
    try folder.write("tracks.csv", Self.header + "t,a,b,c,1,1000,false,g\n")
    try folder.write("users.csv", "user_name\nA\n")
    try expectError(folder.path, .dataError, ["/users.csv", "no column user_id"])
    try folder.write("users.csv", "user_id,user_name\nx,A\n")
    try expectError(folder.path, .dataError, ["/users.csv", "none of its 1 rows"])
  }

  @Test func whatIsNoDirectoryIsNamed() throws {
    let folder = try Folder()
    try expectError("\(folder.path)/absent", .noInput, ["absent", "No such file", "--catalogue"])
    try folder.write("file", "")
    try expectError("\(folder.path)/file", .noInput, ["/file", "Not a directory"])
    try expectError("\(folder.path)/file/below", .noInput, ["Not a directory"])
  }

  private func expectError(
    _ directory: String, _ code: ExitCode, _ parts: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(throws: SourceError.self, sourceLocation: sourceLocation) {
      try CatalogueFolder.read(directory)
    }
    #expect(error.exitCode == code, sourceLocation: sourceLocation)
    #expect(!error.message.contains("\n"), sourceLocation: sourceLocation)
    for part in parts {
      #expect(error.message.contains(part), "\(error.message)", sourceLocation: sourceLocation)
    }
  }
}
