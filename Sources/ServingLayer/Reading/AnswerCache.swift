import Synchronization

/// Answers by their questions, of the latest version of the warehouse alone.
final class AnswerCache: Sendable {
  private struct State {
    /// Of all answers.
    var version: String?
    var answers: [String: StoredAnswer] = [:]
    /// The questions, those that came first before those that came later.
    var questions: [String] = []
    var size = 0
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
    state.withLock { $0.version == version ? $0.answers[question] : nil }
  }

  /// Whether there is an answer that may be given again once a look at the database has shown that nothing has changed.
  func mayAnswer(_ question: String) -> Bool {
    guard let version = watch.version else { return false }
    return answer(to: question, version: version) != nil
  }

  /// Keeps an answer, unless something newer has been shown since its snapshot.
  ///
  /// - Parameter version: of the answer's snapshot.
  func keep(_ answer: StoredAnswer, to question: String, version: String) {
    guard version == watch.version, answer.size <= limit / 4 else { return }
    state.withLock { state in
      if state.version != version { state = State(version: version) }
      guard state.answers.updateValue(answer, forKey: question) == nil else { return }
      state.questions.append(question)
      state.size += answer.size
      var dropped = 0
      while state.size > limit, dropped < state.questions.count {
        if let old = state.answers.removeValue(forKey: state.questions[dropped]) {
          state.size -= old.size
        }
        dropped += 1
      }
      state.questions.removeFirst(dropped)
    }
  }
}
