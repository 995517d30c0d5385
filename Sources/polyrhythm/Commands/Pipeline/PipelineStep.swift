/// The steps of `polyrhythm pipeline`, in their order. Each may be run again at any time, and then does what is left of it.
enum PipelineStep: String, CaseIterable {
  /// Is there anything to do? Nothing is changed.
  case check
  /// The sources' files and tables come into the log: users and songs first, then the streams with what is known of them.
  case fetch
  /// The lake gets what the log has; a directory log is the lake itself.
  case merge
  /// Says what the load will read and touch. The KPIs themselves are computed by the load, in the transaction that publishes them.
  case compute
  /// Facts, rollups and marts are made, audited and published.
  case load
  /// Files whose records are published move to the archive.
  case archive
  /// Says what is published.
  case end

  static let names = allCases.map(\.rawValue).joined(separator: "|")
}
