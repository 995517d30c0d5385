/// The threads that work on an answer. Each lane has its own, so that nobody waits behind questions of another kind.
enum Lane: CaseIterable, Sendable {
  /// Probes, and looks whether a kept answer still holds: milliseconds each.
  case probe
  /// Questions that are answered at once.
  case question
  /// Questions that take longer than most, as lists of songs do: of these, few at a time, so that each is soon done.
  case list
  /// Questions that read much.
  case heavy
  /// Answers that are made again while those of a moment before are given, as far as `RenewalBudget` goes.
  case renewal
  /// Answers of any size, which go to the client while they are read, as fast as it takes them.
  case stream

  /// What may wait in front of the threads; more is refused.
  var queueLimit: Int {
    switch self {
    case .probe: 4096
    case .question, .list: 256
    case .heavy, .stream: 32
    case .renewal: 1024
    }
  }

  /// For how long it may wait; then it is refused.
  var patience: Duration {
    switch self {
    case .probe: .seconds(5)
    case .question, .list: .seconds(10)
    case .heavy, .renewal, .stream: .seconds(60)
    }
  }
}

/// What is to be done for an answer on a thread that may wait.
struct Work: Sendable {
  /// What is asked. Others may ask the same at the same time, and then get the same answer.
  var question: String
  var lane: Lane
  /// Of work in the same lane, that with an earlier time comes first; nil comes in the order in which it was asked for.
  var dueAt: ContinuousClock.Instant?
  var run: @Sendable (Cancellation) -> Outcome

  enum Outcome: Sendable {
    case response(Response)
    case stored(StoredAnswer)
    /// More is to be done, perhaps in another lane.
    case work(Work)
    /// An answer that is sent while it is made. The work gives its beginning to the closure, which says whether anybody is there
    /// to get it, and returns a refusal where it has not come as far as that.
    case pieces(@Sendable (AnswerPipe, _ deliver: @escaping (Response) -> Bool) -> Response?)
  }
}

/// How a request goes on once its headers are read.
enum RequestStep: Sendable {
  case answer(Response)
  case work(Work)
  /// An answer that may be one of a moment before, and the work that makes it again.
  case lagging(Response, renewal: Work)
}
