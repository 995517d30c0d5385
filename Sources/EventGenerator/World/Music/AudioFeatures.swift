/// How a song sounds, in the measures of the tracks tables that streaming services publish.
public struct AudioFeatures: Sendable, Equatable {
  /// How well one can dance to it: 0 to 1.
  public var danceability: Double
  /// Intensity: 0 to 1.
  public var energy: Double
  /// Pitch class of the tonic: 0 = C to 11 = B; −1 where it is not known.
  public var key: Int
  /// Decibels below full scale, on average over the song: mostly −30 to 0.
  public var loudness: Double
  /// 1 = major, 0 = minor.
  public var mode: Int
  /// Share of spoken words: 0 to 1.
  public var speechiness: Double
  /// Confidence that the song is acoustic: 0 to 1.
  public var acousticness: Double
  /// Confidence that nobody sings: 0 to 1.
  public var instrumentalness: Double
  /// Confidence that an audience is there: 0 to 1.
  public var liveness: Double
  /// From sad or angry, 0, to happy, 1.
  public var valence: Double
  /// Beats a minute.
  public var tempo: Double
  /// Beats in a bar: 3 to 7.
  public var timeSignature: Int

  /// Takes the values as they are, unchecked.
  public init(
    danceability: Double, energy: Double, key: Int, loudness: Double, mode: Int,
    speechiness: Double, acousticness: Double, instrumentalness: Double, liveness: Double,
    valence: Double, tempo: Double, timeSignature: Int
  ) {
    self.danceability = danceability
    self.energy = energy
    self.key = key
    self.loudness = loudness
    self.mode = mode
    self.speechiness = speechiness
    self.acousticness = acousticness
    self.instrumentalness = instrumentalness
    self.liveness = liveness
    self.valence = valence
    self.tempo = tempo
    self.timeSignature = timeSignature
  }
}

extension AudioFeatures {
  /// Invents a song's features around those of its genre. A feature between 0 and 1 varies as a normal
  /// variate on the logistic scale. Features are correlated: loud songs are energetic and acoustic songs are
  /// not; songs that one can dance to are happier.
  ///
  /// Values have at most four decimals.
  init(_ genre: GenreProfile, isExplicit: Bool, _ random: inout RandomSource) {
    let intensity = random.gaussian()
    let mood = random.gaussian()
    /// A standard normal variate that has this correlation with another.
    func near(_ other: Double, _ correlation: Double) -> Double {
      correlation * other + (1 - correlation * correlation).squareRoot() * random.gaussian()
    }
    energy = Self.share(around: genre.energy, 0.75 * intensity)
    loudness = Self.rounded(
      min(max(genre.loudness + 2.6 * near(intensity, 0.8), -40), -0.5), decimals: 3)
    acousticness = Self.share(around: genre.acousticness, 1.4 * near(intensity, -0.75))
    valence = Self.share(around: genre.valence, 0.9 * mood)
    danceability = Self.share(around: genre.danceability, 0.55 * near(mood, 0.5))
    speechiness = Self.share(
      around: genre.speechiness, 0.6 * random.gaussian() + (isExplicit ? 0.6 : 0))
    let isInstrumental = random.uniform() < genre.instrumentalShare
    instrumentalness =
      isInstrumental
      ? Self.share(around: 0.85, 0.6 * random.gaussian())
      : Self.share(around: 0.001, 2 * random.gaussian())
    let isLive = random.uniform() < 0.07
    liveness = Self.share(around: isLive ? 0.75 : 0.14, 0.6 * random.gaussian())
    tempo = Self.rounded(
      min(max(genre.tempo * Elementary.exp(genre.tempoSpread * random.gaussian()), 45), 215),
      decimals: 3)
    key = Self.keys.draw(&random)
    mode = random.uniform() < genre.majorShare ? 1 : 0
    let bar = random.uniform()
    timeSignature = bar < genre.tripleShare ? 3 : bar < genre.tripleShare + 0.012 ? 5 : 4
  }

  /// Weights of the keys C, C♯, D … B, by how often songs are in them.
  private static let keys = AliasTable(weights: [11, 8, 11, 4, 8, 8, 7, 11, 7, 10, 7, 8])

  /// The number that lies `offset` from `middle` on the logistic scale.
  private static func share(around middle: Double, _ offset: Double) -> Double {
    let odds = middle / (1 - middle) * Elementary.exp(offset)
    return rounded(odds / (1 + odds), decimals: 4)
  }

  /// The double nearest to a decimal number, so that its text is that number.
  private static func rounded(_ value: Double, decimals: Int) -> Double {
    let scale = decimals == 3 ? 1e3 : 1e4
    return (value * scale).rounded() / scale
  }
}
