import Synchronization

/// Answers by their questions: those of the latest version of the warehouse, and those of a moment before, which are given while the
/// next ones are made, so that nobody waits for what many ask for.
final class AnswerCache: Sendable {
  /// An answer, and what is known of how it came to be.
  struct Made {
    var answer: StoredAnswer
    /// Of the answer's snapshot.
    var commit: Commit
    /// A time before the snapshot was taken.
    var began: ContinuousClock.Instant
    var took: Duration
    /// The end of the minute that it is of; nil where it changes with commits alone.
    var goodUntil: ContinuousClock.Instant?
    /// Whether it is being made again, or waits for that.
    var isAwaited = false

    /// For how long it may be given after it was last known to be the newest: so long that making it again and again takes a part of
    /// one processor.
    var patience: Duration {
      min(max(took * 20, AnswerCache.leastPatience), AnswerCache.greatestPatience)
    }

    /// What an answer may lag: more than its patience where it waits for others to be made again, as all of them together take no
    /// more than a part of the processors.
    fileprivate var lagLimit: Duration { isAwaited ? AnswerCache.greatestPatience : patience }
  }

  /// An answer that may be given without a look at the database.
  struct AtHand {
    var answer: StoredAnswer
    /// When it is given no longer, where it is time to make it again. Whoever gets this has to see to that.
    var renewBy: ContinuousClock.Instant?
  }

  static let leastPatience = Duration.seconds(1)
  /// No longer than the page takes to say that it is behind.
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

  /// The answer of a version, which `watch` has given, as long as its minute is not over.
  func answer(
    to question: String, version: String, now: ContinuousClock.Instant = .now
  ) -> StoredAnswer? {
    state.withLock { state in
      guard let made = state.answers[question], made.commit.version == version,
        made.goodUntil.map({ now < $0 }) ?? true
      else { return nil }
      return made.answer
    }
  }

  /// The answer of now or of a moment before, of the loads that are published now. None while the database is away: then an error says
  /// more.
  ///
  /// - Parameter isReady: whether an answer can be given at once.
  func atHand(
    _ question: String, now: ContinuousClock.Instant = .now,
    where isReady: (StoredAnswer) -> Bool = { _ in true }
  ) -> AtHand? {
    guard let shown = watch.commit, !watch.isLost else { return nil }
    return state.withLock { state in
      guard let made = state.answers[question], made.commit.published == shown.published,
        isReady(made.answer)
      else { return nil }
      let newest = newestAt(made)
      let lag = now - newest
      guard lag <= made.lagLimit else { return nil }
      guard !made.isAwaited, lag >= made.patience / 2 else { return AtHand(answer: made.answer) }
      state.answers[question]?.isAwaited = true
      return AtHand(answer: made.answer, renewBy: newest + made.patience)
    }
  }

  /// Says that an answer was made again, or could not be.
  func endRenewal(of question: String) {
    state.withLock { $0.answers[question]?.isAwaited = false }
  }

  /// The answer that is kept, of whatever version.
  func kept(_ question: String) -> StoredAnswer? {
    state.withLock { $0.answers[question]?.answer }
  }

  /// Whether there is an answer that may be given again once a look at the database has shown that nothing has changed.
  func mayAnswer(_ question: String) -> Bool {
    guard let version = watch.version else { return false }
    return answer(to: question, version: version) != nil
  }

  /// Answers that nobody will be given any more.
  func forgetWhatIsOver(now: ContinuousClock.Instant = .now) {
    let shown = watch.commit
    state.withLock { state in drop(from: &state, shown, now) }
  }

  /// Keeps an answer, unless a later one is kept, or it could not be given any more.
  func keep(_ made: Made, to question: String) {
    let (shown, now) = (watch.commit, ContinuousClock.now)
    guard !isOver(made, after: shown, now: now) else { return }
    state.withLock { state in
      if state.version != shown?.version {
        state.version = shown?.version
        drop(from: &state, shown, now)
      }
      let isKept = made.answer.size <= limit / 4
      if let old = state.answers[question] {
        // Of two that are made at the same time the older one may come later.
        guard old.began <= made.began else { return }
        state.size -= old.answer.size
        // What is too large takes the place of what it is newer than, so that nobody is shown that again.
        if !isKept { state.questions.removeAll { $0 == question } }
      } else if isKept {
        state.questions.append(question)
      }
      state.answers[question] = isKept ? made : nil
      guard isKept else { return }
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

  /// When the answer was last known to be what the database says.
  private func newestAt(_ made: Made) -> ContinuousClock.Instant {
    let seenAt = max(made.began, watch.lastSeen(made.commit.version) ?? made.began)
    return made.goodUntil.map { min(seenAt, $0) } ?? seenAt
  }

  /// Whether nobody will be given it any more. Answers stay for longer than most may be given, so that an older one that comes late is
  /// not taken for the newest.
  private func isOver(
    _ made: Made, after shown: Commit?, now: ContinuousClock.Instant
  ) -> Bool {
    guard let shown else { return true }
    if made.commit.version == shown.version {
      return made.goodUntil.map { now - $0 > Self.greatestPatience } ?? false
    }
    return made.commit.published != shown.published
      || now - newestAt(made) > Self.greatestPatience
  }

  private func drop(
    from state: inout State, _ shown: Commit?, _ now: ContinuousClock.Instant
  ) {
    var questions: [String] = []
    for question in state.questions {
      guard let made = state.answers[question] else { continue }
      guard isOver(made, after: shown, now: now) else {
        questions.append(question)
        continue
      }
      state.answers[question] = nil
      state.size -= made.answer.size
    }
    state.questions = questions
  }
}
