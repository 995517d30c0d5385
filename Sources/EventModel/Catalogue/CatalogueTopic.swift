/// The two streams of the catalogue, each a topic of the log beside those of the events: what is known of songs and users.
/// The latest record of a key counts.
public enum CatalogueTopic: String, CaseIterable, Sendable {
  /// By track id; by user id.
  case songs, users

  /// The topic's name in the log.
  public var name: String { rawValue }

  /// The place in `allCases`.
  public var index: Int {
    switch self {
    case .songs: 0
    case .users: 1
    }
  }

  /// The topic with this name in the log; nil where none has it.
  public init?(name: some StringProtocol) { self.init(rawValue: String(name)) }
}
