import EventModel

/// What an import did.
public struct ImportSummary: Sendable {
  /// Files and objects whose events are in the log.
  public var files = 0
  /// The files and tables that the log had all of before, each with the number of its records in the log.
  public var known: [(title: String, records: Int64)] = []
  /// How many lines of events and rows of streams tables were read.
  public var rows = 0
  /// Records appended to the log, including those for quarantine.
  public var records = 0
  /// Records that an earlier import, which did not come to its end, had put into the log already; they were
  /// not appended again.
  public var recordsBefore = 0
  /// Lines and rows that are no events. They went to the log as they are, for quarantine.
  public var broken = 0
  /// The first such line or row: where it is and what is wrong with it; nil where there is none.
  public var firstBroken: String?
  /// Records of songs and users appended to the log.
  public var catalogueRecords = 0
  /// Users in the tables that were read.
  public var users = 0
  /// Songs in the tables that were read.
  public var songs = 0
  /// Rows of users and songs tables without an id, and lines of such files that are no records. They were left out.
  public var leftOut = 0
  /// The first such line: where it is and what is wrong with it; nil where there is none.
  public var firstLeftOut: String?
  /// Values of users and songs that cannot be meant, such as an age of 999. They were left open, and the rest of the row was taken.
  public var oddValues = 0
  /// The first such value: where it is and what is wrong with it; nil where there is none.
  public var firstOddValue: String?
  /// Files that wait for the publication of a load that has their events, to be archived then.
  public var toArchive = 0
  /// What was named and has nothing in it, one line each.
  public var empty: [String] = []
  /// Streams whose user is in no users table.
  public var streamsWithoutUser = 0
  /// Streams whose song is in no songs table.
  public var streamsWithoutSong = 0
  /// One line on why the log cannot remember its sources, and what that means; nil where it can.
  public var memoryNotice: String?

  /// The summary of an import that has done nothing yet.
  public init() {}

  mutating func note(odd failure: DecodingFailure, at place: String) {
    oddValues += 1
    if firstOddValue == nil { firstOddValue = "\(place): \(failure.reason)" }
  }
}
