import EventLog
import Metrics

/// How far a feed has come, and what whoever takes over from it must know.
extension KernelFeed {
  /// One past the last record read, for every partition.
  public var positions: [TopicPartition: Int64] {
    Dictionary(uniqueKeysWithValues: inputs.map { ($0.start.source, $0.next) })
  }

  /// True when every partition has been read up to its end, or up to `ends` where it follows.
  public func hasReached(_ ends: [TopicPartition: Int64]) -> Bool {
    inputs.allSatisfy { $0.next >= ($0.start.end ?? ends[$0.start.source] ?? 0) }
  }

  /// True when every partition that has an end has been read up to it.
  public var isFinished: Bool { inputs.allSatisfy { $0.isAtEnd } }

  /// From where each partition must be read again to have the kernels' present state.
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

  /// The least event time that all partitions with records left have reached; rows before it are
  /// complete but for late events. `Int64.max` when nothing is left.
  public var commonTime: Int64 {
    inputs.filter { !$0.isAtEnd }.map(\.progress).min() ?? Int64.max
  }

  /// The fact rows of plays that are still open.
  public func reportOpenPlays() {
    for kernel in kernels.values { kernel.reportOpenPlays() }
  }

  /// How far event time has come in each partition, where it has begun.
  public var watermarks: [TopicPartition: Watermark] {
    var marks: [TopicPartition: Watermark] = [:]
    for input in inputs {
      let mark = input.kernel.mark(input.topic)
      if mark.greatest != nil { marks[input.start.source] = mark }
    }
    return marks
  }

  /// The events that were counted ahead of the crowd, which whoever reads on from `replayPoints` must
  /// give to its feed. Take it after the replay points.
  public func countedAhead() -> [TopicPartition: [CountedAhead]] {
    Dictionary(
      uniqueKeysWithValues: inputs.map { ($0.start.source, $0.kernel.countedAhead($0.topic)) })
  }
}
