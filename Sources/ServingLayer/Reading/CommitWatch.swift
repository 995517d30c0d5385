import Synchronization
import Warehouse

/// What a snapshot of the database sees as committed: one row of `committed.sql`.
struct Commit: Equatable, Sendable {
  /// Greater in a later snapshot.
  var number: Int64
  /// Changes whenever either layer has written; `WarehouseState.version` of the same snapshot.
  var version: String
  /// Changes whenever a load is published or taken back, but not with a flush.
  var published: String
  /// When the minutes begin that rollups have; what happened before is in the facts.
  var minutesFrom: Instant

  /// nil where the row is not one of `committed.sql`.
  init?(_ row: [String?]?) {
    guard let row, row.count == 4, let number = row[0].flatMap({ Int64($0) }), let version = row[1],
      let published = row[2], let minutesFrom = row[3].flatMap({ Int64($0) })
    else { return nil }
    self.number = number
    self.version = version
    self.published = published
    self.minutesFrom = Instant(milliseconds: minutesFrom)
  }
}

/// The latest commit that any answer of this process has shown. Answers that are kept may be given again only while it is
/// theirs, or for the moment that `AnswerCache` says.
final class CommitWatch: Sendable {
  private struct State {
    var commit: Commit?
    /// When the snapshot that showed the commit began, or a later snapshot with the same version.
    var seenAt: ContinuousClock.Instant
    /// When the commit was noted.
    var notedAt: ContinuousClock.Instant
    /// When the database did not answer a look last; nil where it always has.
    var lostAt: ContinuousClock.Instant?
    /// Versions that are over, the latest one last, with the last snapshot that showed each.
    var passed: [(version: String, seenAt: ContinuousClock.Instant)] = []
  }

  /// How long a look at the database counts for those who ask after it.
  static let freshness = Duration.milliseconds(100)
  /// Versions that are over and still known, at most.
  private static let passedKept = 100

  private let state: Mutex<State>

  init() {
    let now = ContinuousClock.now
    state = Mutex(State(seenAt: now - .seconds(3600), notedAt: now))
  }

  /// The version that was shown last; nil before the first.
  var version: String? { state.withLock { $0.commit?.version } }

  /// The latest commit that was shown; nil before the first.
  var commit: Commit? { state.withLock { $0.commit } }

  /// The version, where the database has been looked at just now.
  var freshVersion: String? {
    let now = ContinuousClock.now
    return state.withLock { now - $0.seenAt <= Self.freshness ? $0.commit?.version : nil }
  }

  /// When a version was the latest one last, as far as any snapshot has shown it; nil where that is long ago.
  func lastSeen(_ version: String) -> ContinuousClock.Instant? {
    state.withLock { state in
      if state.commit?.version == version { return state.seenAt }
      return state.passed.last { $0.version == version }?.seenAt
    }
  }

  /// Whether the database did not answer when it was looked at last.
  var isLost: Bool { state.withLock { state in state.lostAt.map { $0 > state.seenAt } ?? false } }

  /// Says that the database does not answer, so that nobody knows what has been committed.
  func lose() { state.withLock { $0.lostAt = .now } }

  /// Says what a snapshot saw, before anybody is shown it.
  ///
  /// - Parameter began: a time before the snapshot was taken.
  func note(_ commit: Commit, began: ContinuousClock.Instant) {
    state.withLock { state in
      // A lower number in a snapshot that was taken after the greater one was known is of another server, to which
      // the database has moved.
      if let known = state.commit, commit.number < known.number, began <= state.notedAt { return }
      if commit.version != state.commit?.version {
        state.notedAt = ContinuousClock.now
        if let old = state.commit { state.passed.append((old.version, state.seenAt)) }
        if state.passed.count > Self.passedKept { state.passed.removeFirst() }
      }
      state.commit = commit
      state.seenAt = max(state.seenAt, began)
    }
  }
}

/// The commits that the snapshots of one answer have seen, in their order.
final class SeenCommits: Sendable {
  private let commits = Mutex<[Commit]>([])

  func add(_ commit: Commit) {
    commits.withLock { commits in
      if commits.last?.version != commit.version { commits.append(commit) }
    }
  }

  /// The first commit, as an answer knows of no other for certain; nil where there was none.
  var commit: Commit? { commits.withLock { $0.first } }
}

/// A database whose every snapshot tells the watch what it has seen.
struct WatchedDatabase: Database {
  private var inner: any Database
  private let watch: CommitWatch
  private let committed: String
  private var seen: SeenCommits?

  /// - Parameter committed: the text of `committed.sql`.
  init(_ inner: any Database, watch: CommitWatch, committed: String) {
    self.inner = inner
    self.watch = watch
    self.committed = committed
  }

  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer] {
    let began = ContinuousClock.now
    let answers: [StatementAnswer]
    do throws(WarehouseError) {
      answers = try inner.answers([look] + statements)
    } catch {
      if error.code == .connection { watch.lose() }
      throw error
    }
    note(answers, began)
    return Array(answers.dropFirst())
  }

  func pieces(
    of statement: Statement, after others: [Statement], _ begin: ([StatementAnswer]) -> Void,
    _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError) {
    let began = ContinuousClock.now
    try inner.pieces(
      of: statement, after: [look] + others,
      { answers in
        note(answers, began)
        begin(Array(answers.dropFirst()))
      }, take)
  }

  private var look: Statement { Statement(sql: committed, parameters: []) }

  private func note(_ answers: [StatementAnswer], _ began: ContinuousClock.Instant) {
    guard let commit = Commit(answers.first?.rows.first) else { return }
    seen?.add(commit)
    watch.note(commit, began: began)
  }

  func prepare(_ connections: Int, for statements: [Statement]) throws(WarehouseError) {
    try inner.prepare(connections, for: statements + [look])
  }

  var usage: DatabaseUsage? { inner.usage }

  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database {
    var bound = self
    bound.inner = inner.bound(to: cancellation, seen: seen)
    bound.seen = seen
    return bound
  }
}
