/// How songs of a genre sound. Shares are parts of the genre's songs; the other values are medians of the
/// features.
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
    //                        dance energy    dB speech acoust  instr val   bpm spread major triple
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
