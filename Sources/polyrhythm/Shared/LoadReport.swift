import BatchLayer
import Support

extension BatchLoader.Summary {
  /// What a load did, as one line for a person.
  var line: String {
    let total = max(0.001, totalSeconds)
    let phases = seconds.map { "\($0.phase) \(Terminal.duration($0.seconds))" }
    return
      "load \(kind.rawValue) \(run): \(counts.records.grouped) records "
      + "(\(counts.listens.grouped) listens, \(counts.auths.grouped) auths, "
      + "\(counts.pageViews.grouped) page views, \(counts.late) late, "
      + "\(counts.redelivered) redelivered, \(counts.quarantined) quarantined) in "
      + "\(Terminal.duration(total)) (\(Int(Double(counts.records) / total).grouped)/s): "
      + phases.joined(separator: ", ")
      + (lostRecords > 0
        ? "; \(lostRecords.grouped) lost records are missing (warehouse.lost_records)" : "")
  }

  /// The same, and a warning for each rule that the load breaks although it was published.
  var notices: [Notice] {
    let fields: [Notice.Field] = [.number(.loadRun, run)]
    return [
      Notice(line, .info, fields + [.number(.records, counts.records), .seconds(totalSeconds)])
    ]
      + warnings.map { Notice("\($0)", .warning, mark: "warning: ", fields) }
  }
}

extension Publications.Change {
  /// What was published or taken back, as one line for a person.
  func line(isPublished: Bool) -> String {
    if isPublished { return "load \(run) is published" }
    return "load \(run) is taken back"
      + (countsAnew
        ? "; polyrhythm speed counts its records anew, until then they are missing" : "")
  }
}
