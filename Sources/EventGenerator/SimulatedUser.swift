/// One user: who it is, and where in a session. Kept small, since a run may have millions.
struct SimulatedUser {
  var random: RandomSource
  /// When the user makes the request that `state` describes.
  var ts: Int64 = 0
  /// The user begins no session after this.
  var leavesAt = Int64.max
  /// Zero until the user has registered.
  var registration: Int64 = 0
  var songStart: Int64 = 0
  /// When the song that was put on last ends; no later than `songStart` where none was.
  var songEnd: Int64 = 0
  /// This user's mean gap between requests and between sessions, milliseconds.
  var alpha: Double = 0
  var beta: Double = 0
  /// How likely the user is to skip a song.
  var skipShare: Float = 0
  /// Rank in the catalogue of the song that was put on last.
  var song: Int32 = 0
  var sessionNumber: UInt32 = 0
  var item: UInt32 = 0
  var state: UInt16 = 0
  var firstName: UInt16 = 0
  var lastName: UInt16 = 0
  var place: UInt16 = 0
  var agent: UInt8 = 0
  var isFemale = false
  var isRegistered = false

  init(random: RandomSource) { self.random = random }

  func isSongOn(at time: Int64) -> Bool { time < songEnd }
}

/// The constants of human behaviour that eventsim's config has no keys for.
enum Habits {
  /// Standard deviation of the logarithm of the gap between two requests.
  static let gapSigma = 1.0
  /// The same of a user's own mean gap between requests, and between sessions.
  static let alphaSigma = 0.25
  static let betaSigma = 0.5
  /// What follows a redirect comes after this, milliseconds.
  static let redirectDelay: Int64 = 1_000
  /// A skip comes this long after the song began, milliseconds: always in less than 30 s.
  static let skipDelay: ClosedRange<Int64> = 2_000...28_000
  /// A listener who decides to skip only later does so within this, milliseconds.
  static let lateSkipDelay: ClosedRange<Int64> = 500...4_000
  /// How long an advert takes, milliseconds.
  static let advertLength: ClosedRange<Int64> = 15_000...30_000
  /// Mean time that the users of the beginning have been registered, milliseconds.
  static let meanMembership = 180.0 * 86_400_000

  /// Most users skip little, some much: between 3 % and 48 %, 18 % on average.
  static func skipShare(_ random: inout RandomSource) -> Float {
    let u = random.uniform()
    return Float(0.03 + 0.45 * u * u)
  }

  static func uniform(_ range: ClosedRange<Int64>, _ random: inout RandomSource) -> Int64 {
    range.lowerBound + Int64(random.index(below: Int(range.upperBound - range.lowerBound + 1)))
  }
}
