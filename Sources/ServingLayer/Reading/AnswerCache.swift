import Synchronization

/// Answers by their questions: those of the latest version of the warehouse, and of costly ones those of a moment before, which are
/// given while the next ones are made.
final class AnswerCache: Sendable {
  /// An answer, and what is known of how it came to be.
  struct Made {
    var answer: StoredAnswer
    /// Of the answer's snapshot.
    var commit: Commit
    /// A time before the snapshot was taken.
    var began: ContinuousClock.Instant
    var took: Duration
    /// Whether it may be given for a while after flushes that it knows nothing of.
    var mayLag: Bool

    /// For how long after its snapshot: so long that making the answer again and again takes a part of one processor, and no longer
    /// than the page takes to say that it is behind.
    var patience: Duration {
      min(max(took * 20, AnswerCache.leastPatience), AnswerCache.greatestPatience)
    }

    /// Whether it may be given after what has been committed since.
    func mayBeGiven(after shown: Commit, now: ContinuousClock.Instant) -> Bool {
      mayLag && commit.published == shown.published && now - began <= patience
    }

    /// Whether nobody will be given it any more.
    func isOver(after shown: Commit?, now: ContinuousClock.Instant) -> Bool {
      guard let shown else { return true }
      return commit.version != shown.version && !mayBeGiven(after: shown, now: now)
    }
  }

  static let leastPatience = Duration.seconds(2)
  static let greatestPatience = Duration.seconds(10)

  private struct State {
    var answers: [String: Made] = [:]
    /// The questions, those that came first before those that came later.
    var questions: [String] = []
    var size = 0
    /// The latest one that answers which are over were dropped for.
    var version: String?
  }

  let watch: CommitWatch
  /// Bytes that all answers take together, about.
  private let limit: Int
  private let state = Mutex(State())

  init(watch: CommitWatch, limit: Int = 32 << 20) {
    self.watch = watch
    self.limit = limit
  }

  /// The answer of a version, which `watch` has given.
  func answer(to question: String, version: String) -> StoredAnswer? {
    state.withLock { state in
      guard let made = state.answers[question], made.commit.version == version else { return nil }
      return made.answer
    }
  }

  /// An answer of a moment before, of the loads that are published now, and whether it is time to make it again. None while the database
  /// is away: then an error says more.
  func lagging(
    _ question: String, now: ContinuousClock.Instant = .now
  ) -> (answer: StoredAnswer, isDue: Bool)? {
    guard let commit = watch.commit, !watch.isLost,
      let made = state.withLock({ $0.answers[question] }),
      made.mayBeGiven(after: commit, now: now)
    else { return nil }
    return (made.answer, now - made.began >= made.patience / 2)
  }

  /// Whether there is an answer that may be given again once a look at the database has shown that nothing has changed.
  func mayAnswer(_ question: String) -> Bool {
    guard let version = watch.version else { return false }
    return answer(to: question, version: version) != nil
  }

  /// Answers that nobody will be given any more.
  func forgetWhatIsOver(now: ContinuousClock.Instant = .now) {
    let shown = watch.commit
    state.withLock { state in Self.drop(from: &state) { $0.isOver(after: shown, now: now) } }
  }

  /// Keeps an answer, unless something newer has been shown since its snapshot. One that may lag is kept all the same.
  func keep(_ made: Made, to question: String) {
    let (shown, now) = (watch.commit, ContinuousClock.now)
    guard !made.isOver(after: shown, now: now), made.answer.size <= limit / 4 else { return }
    state.withLock { state in
      if state.version != shown?.version {
        state.version = shown?.version
        Self.drop(from: &state) { $0.isOver(after: shown, now: now) }
      }
      if let old = state.answers[question] {
        // Of two that are made at the same time the older one may come later.
        guard old.began <= made.began else { return }
        state.size -= old.answer.size
      } else {
        state.questions.append(question)
      }
      state.answers[question] = made
      state.size += made.answer.size
      var dropped = 0
      while state.size > limit, dropped < state.questions.count {
        if let old = state.answers.removeValue(forKey: state.questions[dropped]) {
          state.size -= old.answer.size
        }
        dropped += 1
      }
      state.questions.removeFirst(dropped)
    }
  }

  private static func drop(from state: inout State, where isOver: (Made) -> Bool) {
    var questions: [String] = []
    for question in state.questions {
      guard let made = state.answers[question] else { continue }
      guard isOver(made) else {
        questions.append(question)
        continue
      }
      state.answers[question] = nil
      state.size -= made.answer.size
    }
    state.questions = questions
  }
}
