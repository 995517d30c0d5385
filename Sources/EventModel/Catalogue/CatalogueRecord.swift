/// A record of either topic of the catalogue.
public enum CatalogueRecord: Sendable {
  /// What is known of a song.
  case song(SongRecord)
  /// What is known of a user.
  case user(UserRecord)

  /// Where it belongs.
  public var topic: CatalogueTopic {
    switch self {
    case .song: .songs
    case .user: .users
    }
  }

  /// What tells it from others: the latest record of a key counts.
  public var key: String {
    switch self {
    case .song(let song): song.trackId
    case .user(let user): "\(user.userId)"
    }
  }

  /// The record as one line of JSON.
  public var json: [UInt8] {
    switch self {
    case .song(let song): song.json
    case .user(let user): user.json
    }
  }
}
