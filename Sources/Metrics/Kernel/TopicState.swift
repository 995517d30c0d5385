import EventModel

/// What a kernel keeps of one topic.
struct TopicState: ~Copyable {
  /// Identities of the records in the window.
  var identities = IdentityMemory()
  var ahead = AheadMemory()
  var mark = Watermark()
  var replay = ReplayIndex()
  var lag = Lag()
  /// The watermark below which identities were last forgotten. Milliseconds since 1970.
  var forgottenBelow = Int64.min
}

/// How far a topic may lag behind the topic whose past it needs: page views need the plays before
/// them, and a listen changes the song of later page views that have come already.
struct Lag {
  /// Records of this topic are in the log for certain and have not been read: everything that they may
  /// need is kept.
  var isUnread = false
  /// Milliseconds by which this topic was behind when it had last been read up to its end.
  var usual: Int64 = 0
  /// A record of this event time or an earlier one may need what has been forgotten. Milliseconds since
  /// 1970.
  var missing = Int64.min
}

extension Topic {
  /// The topic's place in `Kernel.topics`.
  var index: Int { Int(rawValue) }
}
