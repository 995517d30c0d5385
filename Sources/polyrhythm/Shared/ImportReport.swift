import EventLog
import EventSources
import Foundation

/// How many files that give nothing are named; the others are counted.
private let shown = 5

extension ImportSummary {
  /// Says what the import did.
  func say(since start: ContinuousClock.Instant, to log: any EventLog) {
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    if let notice = memoryNotice { Terminal.say(notice) }
    if users + songs > 0 {
      Terminal.say(
        "read \(users.grouped) users and \(songs.grouped) songs")
    }
    if leftOut > 0 {
      Terminal.say(
        "left out \(leftOut.grouped) rows of users and songs that have no id or are no records"
          + (firstLeftOut.map { "; the first: \($0)" } ?? ""))
    }
    if oddValues > 0 {
      Terminal.say(
        "left open \(oddValues.grouped) values of users and songs that cannot be meant"
          + (firstOddValue.map { "; the first: \($0)" } ?? ""), .warning)
    }
    for line in empty.prefix(shown) { Terminal.say("nothing to import: \(line)") }
    if empty.count > shown {
      Terminal.say("nothing to import in \((empty.count - shown).grouped) more")
    }
    for (title, records) in known.prefix(shown) {
      Terminal.say(
        "already in the log: \(records.grouped) records of \(title), nothing to do")
    }
    if known.count > shown {
      Terminal.say(
        "already in the log: \((known.count - shown).grouped) files more")
    }
    if recordsBefore > 0 {
      Terminal.say(
        "\(recordsBefore.grouped) records were in the log from an import that had not "
          + "come to its end; this one went on behind them")
    }
    if catalogueRecords > 0 {
      Terminal.say(
        "\(catalogueRecords.grouped) records of songs and users are in the catalogue's topics"
      )
    }
    if toArchive > 0 {
      Terminal.say(
        "\(toArchive.grouped) files move to the archive once a load that has them is published"
      )
    }
    if rows + records == 0,
      files == 0 || !known.isEmpty || !empty.isEmpty || catalogueRecords > 0
    {
      return
    }
    Terminal.say(
      "imported \(rows.grouped) lines of \(files) files as "
        + "\(records.grouped) records "
        + "(\(broken) undecodable, which go to quarantine) in \(Terminal.duration(seconds)) "
        + "(\(Int(Double(rows) / seconds).grouped)/s) to \(log.url)", .info,
      [.number(.records, records), .number(.rows, rows), .seconds(seconds)])
    if let first = firstBroken { Terminal.say("the first undecodable row: \(first)", .warning) }
    if streamsWithoutUser + streamsWithoutSong > 0 {
      Terminal.say(
        "no table describes the user of \(streamsWithoutUser.grouped) streams and "
          + "the song of \(streamsWithoutSong.grouped); they count without those details",
        .warning)
    }
  }
}

/// A progress line of its own for each file or table that is read.
final class ImportProgress {
  private var title = ""
  private var line: ProgressLine?

  func update(_ what: String, _ count: Int) {
    if what != title {
      line?.finish()
      title = what
      line = ProgressLine("import \((what as NSString).lastPathComponent)", unit: "rows")
    }
    line?.update(count)
  }

  func finish() { line?.finish() }
}
