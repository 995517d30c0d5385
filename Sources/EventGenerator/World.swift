import EventModel

/// All text that events refer to, in memory that never moves, and the tables that users and songs
/// are drawn from. Made once a run, then only read.
final class World {
  struct SongText {
    var artist: ByteSlice
    var title: ByteSlice
    var durationMilliseconds: Int64
    var seconds: Double
  }

  struct PlaceText {
    var city: ByteSlice
    var state: ByteSlice
    var zip: ByteSlice
    var lon: Double
    var lat: Double
  }

  struct RequestText {
    var page: ByteSlice
    var method: ByteSlice
    var auth: ByteSlice
    var level: ByteSlice
  }

  let women: [ByteSlice]
  let men: [ByteSlice]
  let family: [ByteSlice]
  let places: [PlaceText]
  let agents: [ByteSlice]
  let songs: [SongText]
  /// Parallel to the states of the site.
  let requests: [RequestText]
  let tag: ByteSlice
  let female: ByteSlice
  let male: ByteSlice

  let womenTable: AliasTable
  let menTable: AliasTable
  let familyTable: AliasTable
  let placeTable: AliasTable
  let agentTable: AliasTable
  let songTable: AliasTable
  /// Which start the users have at the beginning, and one table for each start.
  let startTable: AliasTable
  let startTables: [AliasTable]

  private let arena: ByteArena

  init(site: SiteModel, catalogue: Catalogue, tag: String?) {
    let arena = ByteArena()
    self.arena = arena
    women = People.women.map(arena.keep)
    men = People.men.map(arena.keep)
    family = People.family.map(arena.keep)
    places = Place.unitedStates.map {
      PlaceText(
        city: arena.keep($0.city), state: arena.keep($0.state), zip: arena.keep($0.zip),
        lon: $0.lon, lat: $0.lat)
    }
    agents = UserAgents.all.map { arena.keep($0.text) }
    songs = catalogue.songs.map {
      SongText(
        artist: arena.keep($0.artist), title: arena.keep($0.title),
        durationMilliseconds: Int64($0.durationMilliseconds),
        seconds: Double($0.durationMilliseconds) / 1000)
    }
    requests = site.requests.map {
      RequestText(
        page: arena.keep($0.page), method: arena.keep($0.method), auth: arena.keep($0.auth),
        level: arena.keep($0.level))
    }
    self.tag = arena.keep(tag ?? "")
    female = arena.keep("F")
    male = arena.keep("M")
    womenTable = AliasTable(weights: People.women.indices.map(People.weight))
    menTable = AliasTable(weights: People.men.indices.map(People.weight))
    familyTable = AliasTable(weights: People.family.indices.map(People.weight))
    placeTable = AliasTable(weights: Place.unitedStates.map(\.weight))
    agentTable = AliasTable(weights: UserAgents.all.map(\.weight))
    songTable = AliasTable(weights: catalogue.playShares)
    startTable = AliasTable(weights: site.startWeights)
    startTables = site.starts.map { AliasTable(weights: $0.weights) }
  }
}

/// Owns bytes at fixed addresses for as long as it lives. Equal texts share their bytes.
private final class ByteArena {
  private var blocks: [UnsafeMutablePointer<UInt8>] = []
  private var free = 0
  private var next: UnsafeMutablePointer<UInt8>?
  private var known: [String: ByteSlice] = [:]

  deinit {
    for block in blocks { block.deallocate() }
  }

  func keep(_ text: String) -> ByteSlice {
    if text.isEmpty { return .empty }
    if let slice = known[text] { return slice }
    var text = text
    let slice = text.withUTF8 { bytes -> ByteSlice in
      let start = take(bytes.count)
      start.initialize(from: bytes.baseAddress!, count: bytes.count)
      return ByteSlice(start: start, count: bytes.count)
    }
    known[text] = slice
    return slice
  }

  private func take(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let start = next, count <= free {
      next = start + count
      free -= count
      return start
    }
    let size = max(count, 1 << 16)
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    blocks.append(block)
    next = block + count
    free = size - count
    return block
  }
}
