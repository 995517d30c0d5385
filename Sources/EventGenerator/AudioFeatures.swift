/// What a song sounds like, in the measures of the tracks table that streaming services publish.
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
  /// How sure it is that nothing is amplified: 0 to 1.
  public var acousticness: Double
  /// How sure it is that nobody sings: 0 to 1.
  public var instrumentalness: Double
  /// How sure it is that an audience is there: 0 to 1.
  public var liveness: Double
  /// From sad or angry, 0, to happy, 1.
  public var valence: Double
  /// Beats a minute.
  public var tempo: Double
  /// Beats in a bar: 3 to 7.
  public var timeSignature: Int

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
  /// Invents a song's features around its genre's. What lies between 0 and 1 varies as a normal
  /// variate on the logistic scale. Energy carries others with it: loud songs are energetic,
  /// acoustic ones are not; what one can dance to is happier.
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

  /// C, C♯, D … B: as often as songs are in them.
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

/// What songs of a genre sound like. Shares are of songs; the rest are medians of the features.
struct GenreProfile {
  var danceability: Double
  var energy: Double
  var loudness: Double
  var speechiness: Double
  var acousticness: Double
  var instrumentalShare: Double
  var valence: Double
  var tempo: Double
  /// Standard deviation of the tempo's logarithm.
  var tempoSpread: Double
  var majorShare: Double
  var tripleShare: Double

  init(
    _ danceability: Double, _ energy: Double, _ loudness: Double, _ speechiness: Double,
    _ acousticness: Double, _ instrumentalShare: Double, _ valence: Double, _ tempo: Double,
    _ tempoSpread: Double, _ majorShare: Double, _ tripleShare: Double
  ) {
    self.danceability = danceability
    self.energy = energy
    self.loudness = loudness
    self.speechiness = speechiness
    self.acousticness = acousticness
    self.instrumentalShare = instrumentalShare
    self.valence = valence
    self.tempo = tempo
    self.tempoSpread = tempoSpread
    self.majorShare = majorShare
    self.tripleShare = tripleShare
  }

  static func of(_ genre: String) -> GenreProfile { table[genre] ?? other }

  private static let other = GenreProfile(
    0.57, 0.62, -8, 0.06, 0.25, 0.12, 0.48, 120, 0.22, 0.62, 0.06)

  // swift-format-ignore
  private static let table: [String: GenreProfile] = [
    //                         dance energy    dB speech acoust instr valence bpm spread major triple
    "pop":        GenreProfile(0.65, 0.66,  -6.2, 0.060, 0.170, 0.02, 0.53, 119, 0.20, 0.60, 0.03),
    "rock":       GenreProfile(0.52, 0.75,  -6.8, 0.050, 0.080, 0.07, 0.51, 124, 0.21, 0.70, 0.05),
    "hip-hop":    GenreProfile(0.73, 0.66,  -6.9, 0.200, 0.120, 0.03, 0.49, 112, 0.26, 0.52, 0.02),
    "country":    GenreProfile(0.58, 0.65,  -6.9, 0.037, 0.220, 0.01, 0.55, 121, 0.23, 0.88, 0.09),
    "r-n-b":      GenreProfile(0.66, 0.56,  -7.6, 0.090, 0.250, 0.02, 0.47, 108, 0.25, 0.52, 0.04),
    "electronic": GenreProfile(0.68, 0.76,  -6.6, 0.065, 0.040, 0.45, 0.41, 125, 0.10, 0.50, 0.01),
    "latin":      GenreProfile(0.73, 0.71,  -5.8, 0.080, 0.210, 0.01, 0.66, 108, 0.25, 0.56, 0.03),
    "indie":      GenreProfile(0.56, 0.58,  -8.4, 0.042, 0.310, 0.12, 0.46, 119, 0.21, 0.70, 0.07),
    "metal":      GenreProfile(0.42, 0.91,  -5.3, 0.085, 0.006, 0.25, 0.30, 126, 0.22, 0.53, 0.06),
    "jazz":       GenreProfile(0.53, 0.32, -13.6, 0.047, 0.760, 0.50, 0.48, 112, 0.26, 0.55, 0.14),
    "folk":       GenreProfile(0.50, 0.36, -11.4, 0.040, 0.690, 0.10, 0.42, 117, 0.23, 0.80, 0.15),
    "soul":       GenreProfile(0.62, 0.53,  -8.9, 0.055, 0.350, 0.04, 0.58, 111, 0.22, 0.60, 0.08),
    "classical":  GenreProfile(0.32, 0.14, -21.0, 0.043, 0.960, 0.85, 0.18, 102, 0.28, 0.66, 0.25),
    "reggae":     GenreProfile(0.75, 0.58,  -7.5, 0.110, 0.140, 0.05, 0.70, 116, 0.28, 0.58, 0.02),
    "blues":      GenreProfile(0.55, 0.48, -10.2, 0.050, 0.470, 0.09, 0.58, 115, 0.25, 0.78, 0.15),
    "punk":       GenreProfile(0.45, 0.88,  -5.1, 0.070, 0.015, 0.05, 0.54, 146, 0.20, 0.74, 0.02),
    "ambient":    GenreProfile(0.31, 0.20, -18.5, 0.042, 0.840, 0.90, 0.13,  98, 0.25, 0.62, 0.16),
    "k-pop":      GenreProfile(0.67, 0.77,  -4.8, 0.080, 0.130, 0.01, 0.60, 121, 0.18, 0.56, 0.02),
  ]
}
