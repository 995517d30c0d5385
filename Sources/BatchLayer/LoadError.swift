import EventLog
import Support

/// Why a load did not take place.
public struct LoadError: UserFacingError, CustomStringConvertible {
  /// What kind of failure it is; decides the exit code, and whether to try again.
  public enum Code: Sendable, Equatable {
    /// Another process is loading.
    case busy
    /// The lake lacks records below the cut, and did not get them in time.
    case lakeBehind
    /// An audit of severity error found rows.
    case auditFailed
    /// The numbers do not add up, which is a fault of this program.
    case ledger
    /// Somebody's DDL kept a table, or other sessions the epoch, at every attempt.
    case locked
    /// A stop was asked for before the load was published.
    case stopped
    /// The load stood still beyond its lease and was taken for dead, and speed workers or another load went
    /// on in its place.
    case overtaken
    /// There is nothing that could be published or taken back.
    case nothingToDo
  }

  /// The kind of failure.
  public var code: Code
  /// One line for people: what happened, and what to do.
  public var message: String

  /// What the checks found, errors and warnings; empty unless `code` is `auditFailed`.
  var findings: [Checks.Finding] = []

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// - Throws: `.auditFailed` with each of the findings that is an error; nothing where none is.
  static func requireNoError(_ findings: [Checks.Finding]) throws(LoadError) {
    let errors = findings.filter(\.isError)
    guard !errors.isEmpty else { return }
    var error = LoadError(
      .auditFailed,
      "The load was not published, the last good warehouse stays: "
        + errors.map(\.description).joined(separator: "; "))
    error.findings = findings
    throw error
  }

  static let nothingToTakeBack = LoadError(
    .nothingToDo,
    "There is no load to take back: none was published yet, or the last one was taken back already")

  static let nothingPublished = LoadError(
    .nothingToDo,
    "Nothing was published yet, so there are no days to make anew: polyrhythm load full loads all of them"
  )

  static let nothingWaits = LoadError(
    .nothingToDo,
    "There is no build to publish: polyrhythm load full --shadow makes one")

  static let stopped = LoadError(
    .stopped,
    "The load was stopped before it was published; the last good warehouse stays, and the speed layer "
      + "counts what came since")

  static let overtaken = LoadError(
    .overtaken,
    "The load was not published: it stood still for longer than its lease of "
      + "\(Int(LoadLock.lease)) s, and others went on meanwhile; load again")

  /// A build that is to wait for its publication would have to count these records anew.
  static func cannotWait(_ source: TopicPartition) -> LoadError {
    LoadError(
      .lakeBehind,
      "The load did not begin: the log has lost records of \(source) that are counted, which only a load that is "
        + "published at once can put right: polyrhythm load full")
  }

  static let forgotten = LoadError(
    .ledger,
    "The load was not published: a record asks for more of the past than was read again; a full load "
      + "(polyrhythm load full) reads all of it; please report this")

  public var description: String { message }

  /// `.temporaryFailure` where the same load may succeed later.
  public var exitCode: ExitCode {
    switch code {
    case .busy, .lakeBehind, .locked, .stopped, .overtaken: .temporaryFailure
    case .auditFailed, .nothingToDo: .dataError
    case .ledger: .software
    }
  }
}
