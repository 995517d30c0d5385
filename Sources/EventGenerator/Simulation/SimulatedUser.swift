/// One user: the person, and the place in a session. Kept small, since a run may have millions of users.
struct SimulatedUser {
  var random: RandomSource
  /// When the user makes the request that `state` describes.
  var ts: Int64 = 0
  /// The user begins no session after this.
  var leavesAt = Int64.max
  /// Zero until the user has registered.
  var registration: Int64 = 0
  var songStart: Int64 = 0
  /// When the song that was put on last ends. Where no song was put on, this lies before all times, also
  /// those before 1970.
  var songEnd = Int64.min
  /// This user's mean gap between requests and between sessions, milliseconds.
  var alpha: Double = 0
  var beta: Double = 0
  /// How likely the user is to skip a song.
  var skipShare: Float = 0
  /// The part of the songs that the user hears which are of the user's genres.
  var lovedShare: Float = 0
  /// Rank in the catalogue of the song that was put on last in this session; -1 for none.
  var song: Int32 = -1
  var sessionNumber: UInt32 = 0
  var item: UInt32 = 0
  var state: UInt16 = 0
  var firstName: UInt16 = 0
  var lastName: UInt16 = 0
  var place: UInt16 = 0
  /// The user's genres, most liked first; one may be there more than once.
  var genres: (UInt16, UInt16, UInt16) = (0, 0, 0)
  var agent: UInt8 = 0
  var group: UInt8 = 0
  var isFemale = false
  var isRegistered = false

  init(random: RandomSource) { self.random = random }

  func isSongOn(at time: Int64) -> Bool { time < songEnd }

  func loves(_ genre: UInt16) -> Bool {
    genre == genres.0 || genre == genres.1 || genre == genres.2
  }
}
