/// The constants of human behaviour that eventsim's config has no keys for.
enum Habits {
  /// Standard deviation of the logarithm of the gap between two requests.
  static let gapSigma = 1.0
  /// Standard deviations of the logarithm of a user's own mean gap between requests, and between sessions.
  static let alphaSigma = 0.25
  static let betaSigma = 0.5
  /// How long after a redirect the next request comes, milliseconds.
  static let redirectDelay: Int64 = 1_000
  /// A skip comes this long after the song began, milliseconds: always in less than 30 s.
  static let skipDelay: ClosedRange<Int64> = 2_000...28_000
  /// A listener who decides to skip only later does so within this, milliseconds.
  static let lateSkipDelay: ClosedRange<Int64> = 500...4_000
  /// How long an advert takes, milliseconds.
  static let advertLength: ClosedRange<Int64> = 15_000...30_000
  /// Mean time that the users of the beginning have been registered, milliseconds.
  static let meanMembership = 180.0 * 86_400_000

  /// How likely the next song is drawn from the artist of the song before, and from its genre.
  static let sameArtist = 0.15
  static let sameGenre = 0.25
  /// How likely a song that does not follow the one before is drawn from the user's first, second and third
  /// genre; the rest is drawn from all songs.
  static let tastes = [0.3, 0.15, 0.05]
  /// The factors by which a song to the user's taste is skipped, and gets thumbs down, less often than songs
  /// on average.
  static let skipIfLoved: Float = 0.7
  static let thumbsDownIfLoved: Float = 0.4

  /// Most users skip little, some much: between 3 % and 48 %, 18 % on average.
  static func skipShare(_ random: inout RandomSource) -> Float {
    let u = random.uniform()
    return Float(0.03 + 0.45 * u * u)
  }

  /// Between 13 and 90 years, 32 in the middle.
  static func age(_ random: inout RandomSource) -> Int {
    Int(min(max(13, 32 * Elementary.exp(0.35 * random.gaussian())), 90))
  }

  static func uniform(_ range: ClosedRange<Int64>, _ random: inout RandomSource) -> Int64 {
    range.lowerBound + Int64(random.index(below: Int(range.upperBound - range.lowerBound + 1)))
  }

  /// The probability of something for a song to the user's taste, or for another song, such that the mean
  /// over all songs stays as it is.
  /// - Parameters:
  ///   - mean: the probability over all songs that the user hears.
  ///   - lovedShare: the part of those songs that is to the user's taste.
  ///   - factor: the factor on `mean` for songs to the user's taste, below 1.
  static func byTaste(_ mean: Float, lovedShare: Float, factor: Float, isLoved: Bool) -> Float {
    guard lovedShare < 0.999 else { return mean }
    // The other songs make up for what loved songs have less, but their probability stays at most 1.
    let other = min(1, mean * (1 - factor * lovedShare) / (1 - lovedShare))
    guard isLoved else { return other }
    return lovedShare > 0 ? (mean - (1 - lovedShare) * other) / lovedShare : mean
  }
}
