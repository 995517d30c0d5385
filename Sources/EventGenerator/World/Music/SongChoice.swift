/// Chooses the next song: by popularity, by the user's taste, and by the song before it.
///
/// Every way of choosing keeps the law of popularity. A song that follows another of its artist or genre is
/// drawn by popularity within that artist or genre; a user's genres are themselves drawn by how much they
/// are played. So over all users, a play is of the song of rank r with a probability proportional to r to
/// the power of minus `Catalogue.popularityExponent`.
struct SongChoice {
  /// By rank: number of the song's genre and artist.
  let genre: [UInt16]
  let artist: [Int32]
  /// By genre: its share of all plays.
  let genreShares: [Double]

  private let all: AliasTable
  private let genreTable: AliasTable
  private let byGenre: ClassTables
  private let byArtist: ClassTables

  init(_ catalogue: Catalogue) {
    let shares = catalogue.playShares
    var genres: [String: Int] = [:]
    var artists: [String: Int] = [:]
    func number(_ name: String, _ known: inout [String: Int]) -> Int {
      if let index = known[name] { return index }
      known[name] = known.count
      return known.count - 1
    }
    // 65,535 genres are more than any catalogue has; genres beyond them share the last number.
    let genre = catalogue.songs.map { min(number($0.genre, &genres), Int(UInt16.max)) }
    let artist = catalogue.songs.map { number($0.artist, &artists) }
    byGenre = ClassTables(classes: genre, count: min(genres.count, 65_536), weights: shares)
    byArtist = ClassTables(classes: artist, count: artists.count, weights: shares)
    all = AliasTable(weights: shares)
    genreShares = byGenre.totals
    genreTable = AliasTable(weights: byGenre.totals)
    self.genre = genre.map(UInt16.init)
    self.artist = artist.map(Int32.init)
  }

  /// Gives a user its genres.
  func drawTaste(_ user: inout SimulatedUser) {
    user.genres.0 = UInt16(genreTable.draw(&user.random))
    user.genres.1 = UInt16(genreTable.draw(&user.random))
    user.genres.2 = UInt16(genreTable.draw(&user.random))
    var loved = genreShares[Int(user.genres.0)]
    if user.genres.1 != user.genres.0 { loved += genreShares[Int(user.genres.1)] }
    if user.genres.2 != user.genres.0, user.genres.2 != user.genres.1 {
      loved += genreShares[Int(user.genres.2)]
    }
    let chosen = Habits.tastes.reduce(0, +)
    user.lovedShare = Float(chosen + (1 - chosen) * loved)
  }

  /// The rank of the song that follows `user.song`.
  func next(_ user: inout SimulatedUser) -> Int32 {
    let draw = user.random.uniform()
    if user.song >= 0, draw < Habits.sameArtist + Habits.sameGenre {
      return draw < Habits.sameArtist
        ? byArtist.draw(Int(artist[Int(user.song)]), &user.random)
        : byGenre.draw(Int(genre[Int(user.song)]), &user.random)
    }
    let taste = user.random.uniform()
    if taste < Habits.tastes[0] { return byGenre.draw(Int(user.genres.0), &user.random) }
    if taste < Habits.tastes[0] + Habits.tastes[1] {
      return byGenre.draw(Int(user.genres.1), &user.random)
    }
    if taste < Habits.tastes[0] + Habits.tastes[1] + Habits.tastes[2] {
      return byGenre.draw(Int(user.genres.2), &user.random)
    }
    return Int32(all.draw(&user.random))
  }

  func isLoved(by user: SimulatedUser) -> Bool {
    user.song >= 0 && user.loves(genre[Int(user.song)])
  }
}

/// Draws within a class of things, by weight. All classes lie in one table, one behind the other.
private struct ClassTables {
  /// By class: sum of the weights.
  let totals: [Double]
  /// By class: where its members begin in `members`. One more entry at the end marks the end of the last.
  private var starts: [Int32] = [0]
  /// The things of the first class, of the second, and so on.
  private var members: [Int32] = []
  private var threshold: [Double] = []
  /// As places within the class.
  private var alias: [Int32] = []

  /// - Parameters:
  ///   - classes: the class of each thing, in 0..<count; every class has at least one thing.
  ///   - weights: the weight of each thing, above 0.
  init(classes: [Int], count: Int, weights: [Double]) {
    var lists = [[Int32]](repeating: [], count: count)
    for (thing, index) in classes.enumerated() { lists[index].append(Int32(thing)) }
    totals = lists.map { $0.reduce(0) { $0 + weights[Int($1)] } }
    for list in lists {
      let table = AliasTable(weights: list.map { weights[Int($0)] })
      members += list
      threshold += table.threshold
      alias += table.alias
      starts.append(Int32(members.count))
    }
  }

  func draw(_ index: Int, _ random: inout RandomSource) -> Int32 {
    let start = Int(starts[index])
    let position = random.uniform() * Double(Int(starts[index + 1]) - start)
    let column = Int(position)
    let isOwn = position - Double(column) < threshold[start + column]
    return members[start + (isOwn ? column : Int(alias[start + column]))]
  }
}
