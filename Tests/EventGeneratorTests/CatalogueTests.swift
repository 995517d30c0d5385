import Foundation
import Testing

@testable import EventGenerator

@Suite struct CatalogueTests {
  private static let catalogue = Catalogue(seed: 3)

  // MARK: Songs

  /// The hash (FNV-1a) is that of the songs before ids and features were added to them.
  @Test func idsAndFeaturesLeaveTheSongsOfASeedAsTheyAre() {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for song in Catalogue(seed: 1, artists: 200, songs: 2000).songs {
      let text =
        "\(song.artist)|\(song.title)|\(song.album)|\(song.genre)|\(song.durationMilliseconds)|"
        + "\(song.popularity)|\(song.isExplicit)\n"
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    #expect(hash == 4_815_945_845_825_097_016)
  }

  @Test func trackIdsAreUniqueAndOfTheUsualForm() {
    let ids = Self.catalogue.songs.map(\.trackId)
    #expect(Set(ids).count == ids.count)
    let letters = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    #expect(ids.allSatisfy { $0.count == 22 && $0.allSatisfy(letters.contains) })
    #expect(Catalogue(seed: 4, artists: 10, songs: 10).songs[0].trackId != ids[0])
    // A song of a small catalogue has the id that it has in a run with the same seed.
    #expect(
      Catalogue(seed: 3, artists: 50, songs: 60).songs
        == Catalogue(seed: 3, artists: 50, songs: 60).songs)
  }

  @Test(arguments: [
    (UInt64(0), UInt64(0), "0000000000000000000000"), (0, 61, "000000000000000000000Z"),
    (0, 62, "0000000000000000000010"), (1, 0, "00000000000lYGhA16ahyg"),
    (.max, .max, "7N42dgm5tFLK9N8MT7fHC7"),
  ])
  func aTrackIdIsANumberInBase62(high: UInt64, low: UInt64, text: String) {
    #expect(TrackIds.text(high: high, low: low) == text)
  }

  @Test func songsFromOutsideAreRankedAndNamedOnce() {
    func song(_ id: String, _ artist: String, _ title: String, _ popularity: Int) -> Catalogue.Song
    {
      Catalogue.Song(
        trackId: id, artist: artist, title: title, album: "", genre: "g",
        durationMilliseconds: 1000, popularity: popularity, isExplicit: false)
    }
    let catalogue = Catalogue(songs: [
      song("a", "X", "One", 5), song("b", "X", "Two", 9), song("c", "Y", "One", 5),
      song("d", "X", "One", 7), song("e", "X", "Two", 9), song("f", "XO", "ne", 5),
    ])
    #expect(catalogue.songs.map(\.trackId) == ["b", "d", "c", "f"])
    #expect(catalogue.duplicates == 2)
    let shares = catalogue.playShares
    #expect(abs(shares[1] / shares[0] - pow(2, -0.75)) < 1e-12)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    let own = Catalogue(songs: smallCatalogue.songs)
    #expect(own.songs == smallCatalogue.songs && own.duplicates == 0)
  }

  // MARK: Audio features

  private static let byGenre = Dictionary(grouping: catalogue.songs, by: \.genre)
    .mapValues { $0.compactMap(\.features) }

  @Test func featuresAreInTheirRangesAndShortInDecimal() throws {
    for song in Self.catalogue.songs {
      let f = try #require(song.features)
      for share in [
        f.danceability, f.energy, f.speechiness, f.acousticness, f.instrumentalness, f.liveness,
        f.valence,
      ] {
        #expect((0...1).contains(share))
      }
      #expect((-40 ... -0.5).contains(f.loudness))
      #expect((45...215).contains(f.tempo))
      #expect((0...11).contains(f.key) && (0...1).contains(f.mode))
      #expect([3, 4, 5].contains(f.timeSignature))
      for value in [f.danceability, f.energy, f.instrumentalness, f.loudness, f.tempo] {
        let decimals = "\(value)".split(separator: ".").last?.count ?? 0
        #expect(decimals <= 4 && !"\(value)".contains("e"), "\(value)")
      }
    }
  }

  @Test func loudSongsAreEnergeticAndAcousticOnesAreNot() {
    #expect(Self.byGenre.count == 18)
    for (genre, features) in Self.byGenre {
      let energy = features.map(\.energy)
      let loudness = correlation(energy, features.map(\.loudness))
      let acousticness = correlation(energy, features.map(\.acousticness))
      let mood = correlation(features.map(\.danceability), features.map(\.valence))
      #expect(loudness > 0.55 && loudness < 0.95, "\(genre) \(loudness) of \(features.count)")
      #expect(acousticness < -0.3, "\(genre) \(acousticness)")
      #expect(mood > 0.2, "\(genre) \(mood)")
    }
  }

  @Test func genresSoundAsTheyDo() throws {
    func middle(_ genre: String, _ feature: KeyPath<AudioFeatures, Double>) throws -> Double {
      mean(try #require(Self.byGenre[genre]).map { $0[keyPath: feature] })
    }
    #expect(try middle("metal", \.energy) > middle("pop", \.energy) + 0.1)
    #expect(try middle("pop", \.energy) > middle("folk", \.energy) + 0.1)
    #expect(try middle("folk", \.energy) > middle("classical", \.energy) + 0.1)
    #expect(try middle("classical", \.acousticness) > 0.85)
    #expect(try middle("metal", \.acousticness) < 0.05)
    #expect(try middle("hip-hop", \.speechiness) > 2 * middle("rock", \.speechiness))
    #expect(try middle("ambient", \.instrumentalness) > 0.6)
    #expect(try middle("country", \.instrumentalness) < 0.1)
    #expect(try middle("reggae", \.valence) > middle("ambient", \.valence) + 0.4)
    #expect(try middle("punk", \.tempo) > middle("blues", \.tempo) + 15)
    #expect(try middle("punk", \.loudness) > middle("jazz", \.loudness) + 6)
    let country = try #require(Self.byGenre["country"])
    #expect(mean(country.map { Double($0.mode) }) > 0.8)
  }

  @Test func keysAreAsFrequentAsTheirWeights() {
    let weights = [11.0, 8, 11, 4, 8, 8, 7, 11, 7, 10, 7, 8]
    var counts = [Double](repeating: 0, count: 12)
    for song in Self.catalogue.songs { counts[song.features?.key ?? 0] += 1 }
    let chiSquare = zip(counts, weights).reduce(0.0) { sum, pair in
      let expected = Double(Self.catalogue.songs.count) * pair.1 / 100
      return sum + pow(pair.0 - expected, 2) / expected
    }
    // 11 degrees of freedom: above 35 in one of 4,000 runs.
    #expect(chiSquare < 35, "\(counts)")
  }

  @Test func everyGenreHasAProfileOfItsOwn() {
    let other = GenreProfile.of("no such genre")
    for genre in Self.byGenre.keys {
      #expect(
        GenreProfile.of(genre).tempo != other.tempo || GenreProfile.of(genre).energy != other.energy
      )
    }
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (mean(a), mean(b))
    let covariance = mean(zip(a, b).map { ($0 - meanA) * ($1 - meanB) })
    return covariance / (variance(a) * variance(b)).squareRoot()
  }

  // MARK: Tables

  /// Reads CSV by the grammar of RFC 4180 and accepts nothing else.
  private func parse(_ data: [UInt8]) throws -> [[String]] {
    var rows: [[String]] = [[]]
    var cell: [UInt8] = []
    var isQuoted = false
    var index = data.startIndex
    func next() -> UInt8? { index + 1 < data.endIndex ? data[index + 1] : nil }
    while index < data.endIndex {
      let byte = data[index]
      switch byte {
      case 0x22 where isQuoted && next() == 0x22:
        cell.append(byte)
        index += 1
      case 0x22:
        isQuoted.toggle()
        // A quote opens a cell or closes it.
        if isQuoted { try #require(cell.isEmpty) }
      case _ where isQuoted: cell.append(byte)
      case 0x2C, 0x0D:
        rows[rows.count - 1].append(String(decoding: cell, as: UTF8.self))
        cell = []
        guard byte == 0x0D else { break }
        try #require(next() == 0x0A)
        index += 1
        rows.append([])
      default:
        try #require(byte != 0x0A)
        cell.append(byte)
      }
      index += 1
    }
    try #require(!isQuoted && cell.isEmpty && rows.last == [])
    return rows.dropLast()
  }

  private func table(_ scratch: ScratchDirectory, _ name: String) throws -> [[String]] {
    try parse([UInt8](Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(name)"))))
  }

  @Test func tracksAreWrittenInTheLayoutOfTheTable() throws {
    let scratch = try ScratchDirectory()
    try CatalogueTables.writeTracks(Self.catalogue, to: scratch.path)
    let rows = try table(scratch, "tracks.csv")
    #expect(
      rows[0].joined(separator: ",")
        == "track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,"
        + "energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,"
        + "tempo,time_signature,track_genre")
    #expect(rows.count == Self.catalogue.songs.count + 1)
    for (row, song) in zip(rows.dropFirst(), Self.catalogue.songs) {
      let f = try #require(song.features)
      #expect(row.count == 20)
      #expect(row[0...3] == [song.trackId, song.artist, song.album, song.title])
      #expect(
        row[4...6] == ["\(song.popularity)", "\(song.durationMilliseconds)", "\(song.isExplicit)"])
      let numbers: [Double] = [
        f.danceability, f.energy, Double(f.key), f.loudness, Double(f.mode), f.speechiness,
        f.acousticness, f.instrumentalness, f.liveness, f.valence, f.tempo,
        Double(f.timeSignature),
      ]
      #expect(row[7...18].map { Double($0) } == numbers)
      #expect(row[19] == song.genre)
    }
  }

  @Test func whatCellsHoldIsQuotedWhereItMustBe() throws {
    let scratch = try ScratchDirectory()
    let song = Catalogue.Song(
      trackId: "1", artist: "A,B;\"C\"", title: "two\r\nlines", album: "\"\"", genre: "Ü",
      durationMilliseconds: 1000, popularity: 0, isExplicit: true)
    try CatalogueTables.writeTracks(Catalogue(songs: [song]), to: scratch.path)
    let row = try table(scratch, "tracks.csv")[1]
    #expect(row[0...3] == ["1", "A,B;\"C\"", "\"\"", "two\r\nlines"])
    #expect(row[6] == "true" && row[7...18].allSatisfy(\.isEmpty) && row[19] == "Ü")
  }

  @Test func usersAreWrittenInTheLayoutOfTheTable() throws {
    let scratch = try ScratchDirectory()
    let users = [
      Listener(
        id: 7, firstName: "Zoë", lastName: "O'Brien", gender: .female, age: 31, country: "IE",
        createdAt: 1_719_337_393_123),
      Listener(id: 2_147_483_648, firstName: "Cher", lastName: "", createdAt: -1),
      Listener(id: 0, firstName: "A", lastName: "B, Jr.", createdAt: .max),
    ]
    try CatalogueTables.writeUsers(users, to: scratch.path + "/a/b")
    let rows = try table(scratch, "a/b/users.csv")
    #expect(
      rows == [
        ["user_id", "user_name", "user_age", "user_country", "created_at"],
        ["7", "Zoë O'Brien", "31", "IE", "2024-06-25 17:43:13.123"],
        ["2147483648", "Cher", "", "", "1969-12-31 23:59:59.999"], ["0", "A B, Jr.", "", "", ""],
      ])
  }

  /// The hash (FNV-1a) is that of the present bytes, features included.
  @Test func theTracksOfASeedAreTheOnesTheyWere() throws {
    let scratch = try ScratchDirectory()
    try CatalogueTables.writeTracks(Catalogue(seed: 1, artists: 200, songs: 2000), to: scratch.path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/tracks.csv"))
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    #expect(hash == 2_801_090_827_484_152_388)
  }

  @Test func aFullDiskIsSaidAndLeavesNothing() throws {
    let scratch = try ScratchDirectory()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/tracks.csv.partial", withDestinationPath: "/dev/full")
    let error = try #require(throws: GeneratorError.self) {
      try CatalogueTables.writeTracks(smallCatalogue, to: scratch.path)
    }
    #expect(error.code == .writeFailed)
    #expect(error.message.contains("tracks.csv") && error.message.contains("No space left"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
  }

  @Test func aTableIsThereWholeOrNotAtAll() throws {
    let scratch = try ScratchDirectory()
    let names = { try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() }
    try CatalogueTables.writeUsers(
      [Listener(id: 1, firstName: "A", lastName: "B")], to: scratch.path)
    let before = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/users.csv"))
    // The file cannot get its name, which a directory has; the unfinished file must then be removed.
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/tracks.csv", withIntermediateDirectories: false)
    let error = try #require(throws: GeneratorError.self) {
      try CatalogueTables.writeTracks(smallCatalogue, to: scratch.path)
    }
    #expect(error.code == .cannotCreate)
    #expect(error.message.contains(scratch.path + "/tracks.csv"))
    #expect(error.message.contains("--export-catalogue"))
    #expect(try names() == ["tracks.csv", "users.csv"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/users.csv")) == before)
    let below = try #require(throws: GeneratorError.self) {
      try CatalogueTables.writeUsers([], to: scratch.path + "/users.csv/x")
    }
    #expect(below.code == .cannotCreate)
    #expect(below.message.contains("users.csv") && below.message.contains("--export-catalogue"))
  }
}
