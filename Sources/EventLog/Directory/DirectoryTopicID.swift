import Glibc

/// Of which topic a lake has the records: the file `topic_id` of each topic that an archive copies from a log with topic ids.
extension DirectoryLog {
  private func topicIDPath(_ topic: String) -> String { "\(path)/\(topic)/topic_id" }

  /// The id of the topic that was copied; nil where nobody has noted it.
  /// - Throws: `.damaged` where the file has something else.
  func copiedTopicID(of topic: String) throws(EventLogError) -> TopicID? {
    let path = topicIDPath(topic)
    guard let file = try File.openIfThere(path, O_RDONLY) else { return nil }
    let text = String(decoding: try file.read(count: 64, at: 0), as: UTF8.self)
    guard text.hasSuffix("\n"), let id = TopicID(rawValue: String(text.dropLast())) else {
      throw EventLogError(
        .damaged,
        "\(path) has no topic id: restore it, or remove it where you are sure that the lake has the records of the topic "
          + "that is there now")
    }
    return id
  }

  /// Notes the id of the topic that is copied, and returns when that is on the device.
  func note(copiedTopicID id: TopicID, of topic: String) throws(EventLogError) {
    let directory = "\(path)/\(topic)"
    try File.replace(
      topicIDPath(topic), with: Array("\(id)\n".utf8),
      by: "\(directory)/\(PartitionDirectory.temporaryPrefix)topic_id")
    try File.syncDirectory(directory)
  }
}
