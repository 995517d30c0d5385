import EventLog
import Metrics

/// How far a feed has come, and what the feed that takes over from it must be told.
extension KernelFeed {
  /// One past the last record read, for every partition.
  public var positions: [TopicPartition: Int64] {
    Dictionary(uniqueKeysWithValues: inputs.map { ($0.start.source, $0.next) })
  }

  /// True when every partition has been read up to its own end, or up to its end in `ends` where it has
  /// none of its own because it follows the log.
  public func hasReached(_ ends: [TopicPartition: Int64]) -> Bool {
    inputs.allSatisfy { $0.next >= ($0.start.end ?? ends[$0.start.source] ?? 0) }
  }

  /// True when every partition has been read up to its end; never true while one follows the log.
  public var isFinished: Bool { inputs.allSatisfy { $0.isAtEnd } }

  /// Where reading each partition again must begin to rebuild the kernels' present state.
  public func replayPoints() -> [TopicPartition: ReplayPoint] {
    Dictionary(
      uniqueKeysWithValues: inputs.map {
        ($0.start.source, $0.kernel.replayPoint($0.topic, next: $0.next))
      })
  }

  /// Minutes that begin before this (milliseconds since 1970) are complete, but for events later
  /// than allowed; nil where nothing has come at all.
  public var finalBefore: Int64? {
    let bound = kernels.values.map(\.finalBefore).min() ?? Int64.max
    return bound == Int64.max ? nil : bound
  }

  /// The event time, in milliseconds since 1970, that every partition with records left has reached; rows
  /// before it change only by late events. `Int64.max` when no partition has records left.
  public var commonTime: Int64 {
    inputs.filter { !$0.isAtEnd }.map(\.progress).min() ?? Int64.max
  }

  /// Gives the fact rows of plays that are still open to the kernels' fact sinks.
  public func reportOpenPlays() {
    for kernel in kernels.values { kernel.reportOpenPlays() }
  }

  /// The watermark of each partition, without those whose event time has not begun.
  public var watermarks: [TopicPartition: Watermark] {
    var marks: [TopicPartition: Watermark] = [:]
    for input in inputs {
      let mark = input.kernel.watermarkState(input.topic)
      if mark.greatest != nil { marks[input.start.source] = mark }
    }
    return marks
  }

  /// The events that were counted ahead of the crowd. A feed that begins at `replayPoints` must be told of
  /// them. Call after `replayPoints`, which forgets the events that cannot come again.
  public func countedAhead() -> [TopicPartition: [CountedAhead]] {
    Dictionary(
      uniqueKeysWithValues: inputs.map { ($0.start.source, $0.kernel.countedAhead($0.topic)) })
  }
}
