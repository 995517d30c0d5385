import EventModel

/// A page view that says nothing which its play does not say too: the request for the song that was played, at the same
/// time, by the same user from the same place and device. A warehouse need not have both (docs/decisions/0039).
public struct ViewOfPlay: Sendable {
  /// The page that plays a song, by eventsim's name.
  public static let page: StaticString = "NextSong"
  /// The method by which players ask for it.
  public static let method: StaticString = "PUT"
  /// What the server answered.
  public static let status: Int32 = 200

  /// The page view's keys and grain.
  public var keys: FactKeys
  /// Of `dim_song`; 0 where the page view names no song.
  public var songKey: Int64
  /// As `ListenFact` has it.
  public var auth: InternedTexts.ID
  /// As `ListenFact` has it.
  public var level: InternedTexts.ID
}

extension ViewOfPlay {
  /// A page view that a play can stand for; nil where it says more, whatever play there is.
  /// - Parameter texts: those of the facts that it will be compared with.
  @inline(__always)
  public init?(
    _ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event, texts: InternedTexts
  ) {
    guard event.status == Self.status, credit.engagement == nil, credit.songKey == 0,
      Self.equal(event.page, Self.page), Self.equal(event.method, Self.method)
    else { return nil }
    self.keys = keys
    self.songKey = songKey
    auth = texts.id(event.auth)
    level = texts.id(event.level)
  }

  /// Whether the play says all that this page view does.
  @inline(__always)
  public func isOf(_ play: ListenFact) -> Bool {
    keys == play.keys && songKey == play.songKey && auth == play.auth && level == play.level
  }

  @inline(__always)
  private static func equal(_ slice: ByteSlice, _ text: StaticString) -> Bool {
    slice.count == text.utf8CodeUnitCount
      && slice.buffer.elementsEqual(
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
