import Dispatch
import Glibc
import Support
import Synchronization

/// Does the work for answers: on the threads of each lane, behind a queue with a bound, once for all who ask the same at the same
/// time, and no longer than somebody waits for it.
final class Dispatcher: Sendable {
  /// Work under way or waiting, and who waits for it.
  private struct Job {
    var work: Work
    var exchanges: [Exchange]
    let cancellation = Cancellation()
    let arrivedAt = ContinuousClock.now
    var hasStarted = false
    /// What had been shown when the work began.
    var version: String?
  }

  private struct State {
    var jobs: [Int: Job] = [:]
    var lastJob = 0
    /// The jobs by what they answer.
    var questions: [String: Int] = [:]
    var queues: [Lane: [Int]] = [:]
    var isClosed = false
    /// Answers that are being sent in pieces.
    var streams: [ObjectIdentifier: Stream] = [:]
  }

  private struct Stream {
    var pipe: AnswerPipe
    /// Open as long as the stream is here.
    var socket: CInt
    var cancellation: Cancellation
  }

  private let router: Router
  private let budget = RenewalBudget()
  /// How late an answer is made again for the sake of the budget.
  private static let longestPause = Duration.seconds(4)
  private let state = Mutex(State())
  /// Signalled for each job in a queue.
  private let signals: [Lane: DispatchSemaphore]
  private let workers = Mutex<[Worker<Void>]>([])
  /// Where PostgreSQL is asked to cancel, as that may take seconds.
  private let cancelling = DispatchQueue(label: "polyrhythm.cancel")

  /// - Parameter threads: of each lane.
  init(router: Router, threads: [Lane: Int]) {
    self.router = router
    signals = Dictionary(
      uniqueKeysWithValues: Lane.allCases.map { ($0, DispatchSemaphore(value: 0)) })
    let started = Lane.allCases.flatMap { lane in
      (0..<max(1, threads[lane] ?? 1)).map { _ in
        Worker("serve \(lane)") { [weak self] in
          while let self, self.serve(lane) {}
        }
      }
    }
    workers.withLock { $0 = started }
    router.statistics.observe(queues: { [weak self] in self?.queueLengths ?? [:] })
  }

  /// Requests that wait in front of the threads of each lane.
  private var queueLengths: [Lane: Int] {
    state.withLock { state in
      Dictionary(
        uniqueKeysWithValues: Lane.allCases.map { ($0, state.queues[$0]?.count ?? 0) })
    }
  }

  // MARK: Requests

  private enum Admission {
    case taken
    case queued(Lane)
    case refused(RequestError)
  }

  /// Takes a suspended exchange, which gets its answer from a thread of the work's lane.
  func submit(_ exchange: Exchange, _ work: Work) {
    let shown = router.cache?.watch.version
    let admission = state.withLock { state -> Admission in
      guard !state.isClosed else { return .refused(.stopping) }
      if let id = state.questions[work.question], let job = state.jobs[id],
        // Work that began before something newer was shown has an older answer, and answers that are made again may wait.
        job.hasStarted ? job.version == shown : job.work.lane != .renewal
      {
        state.jobs[id]?.exchanges.append(exchange)
        return .taken
      }
      return Self.queue(work, for: [exchange], in: &state)
        ? .queued(work.lane) : .refused(.busy)
    }
    switch admission {
    case .taken: break
    case .queued(let lane): signals[lane]?.signal()
    case .refused(let error): answer(exchange, error.response)
    }
  }

  /// Makes an answer again for which nobody waits, unless it is being made.
  func renew(_ work: Work) {
    let isQueued = state.withLock { state in
      !state.isClosed && state.questions[work.question] == nil
        && Self.queue(work, for: [], in: &state)
    }
    if isQueued {
      signals[work.lane]?.signal()
    } else {
      router.cache?.endRenewal(of: work.question)
    }
  }

  /// - Returns: false where the lane has as many waiting as it may.
  private static func queue(
    _ work: Work, for exchanges: [Exchange], in state: inout State
  ) -> Bool {
    guard state.queues[work.lane, default: []].count < work.lane.queueLimit else { return false }
    state.lastJob += 1
    state.jobs[state.lastJob] = Job(work: work, exchanges: exchanges)
    state.questions[work.question] = state.lastJob
    enqueue(state.lastJob, work, in: &state)
    return true
  }

  private static func enqueue(_ id: Int, _ work: Work, in state: inout State) {
    var queue = state.queues[work.lane, default: []]
    let place = work.dueAt.flatMap { due in
      queue.firstIndex { id in state.jobs[id]?.work.dueAt.map { due < $0 } ?? false }
    }
    queue.insert(id, at: place ?? queue.endIndex)
    state.queues[work.lane] = queue
  }

  private func answer(_ exchange: Exchange, _ response: Response) {
    exchange.complete(router.finish(response, exchange.request, since: exchange.arrivedAt))
  }

  // MARK: Work

  /// Does the next job of a lane.
  ///
  /// - Returns: false once the dispatcher has stopped.
  private func serve(_ lane: Lane) -> Bool {
    signals[lane]?.wait()
    if lane == .renewal { waitForBudget() }
    let began = ContinuousClock.now
    defer { if lane == .renewal { budget.spend(ContinuousClock.now - began) } }
    let shown = router.cache?.watch.version
    let (next, isClosed) = state.withLock { state -> ((Int, Job)?, Bool) in
      while let id = state.queues[lane]?.first {
        state.queues[lane]?.removeFirst()
        guard var job = state.jobs[id] else { continue }
        job.hasStarted = true
        job.version = shown
        state.jobs[id] = job
        return ((id, job), state.isClosed)
      }
      return (nil, state.isClosed)
    }
    guard let (id, job) = next else { return !isClosed }
    switch job.work.run(job.cancellation) {
    case .response(let response):
      for exchange in end(id) { answer(exchange, response) }
    case .stored(let stored):
      for exchange in end(id) { answer(exchange, stored.response(for: exchange.request)) }
    case .pieces(let make):
      let refusal = make(AnswerPipe()) { [self] in deliver($0, id, job.cancellation) }
      for exchange in end(id) {
        answer(exchange, refusal ?? RequestError.stopping.response)
      }
    case .work(let work):
      if !move(id, to: work) {
        for exchange in end(id) { answer(exchange, RequestError.busy.response) }
      }
    }
    return true
  }

  /// Waits until what has been made again is paid for, or what is to be made again next has waited for long: it would be given no more
  /// soon, and then those who ask for it would have it made all the same.
  private func waitForBudget() {
    while true {
      let due = state.withLock { state in
        state.isClosed
          ? nil : state.queues[.renewal]?.first.flatMap { state.jobs[$0]?.work.dueAt }
      }
      let wait = min(budget.wait(), .milliseconds(50))
      guard let due, wait > .zero, ContinuousClock.now - due < Self.longestPause else { return }
      usleep(UInt32(max(1, wait / .microseconds(1))))
    }
  }

  /// Sends the beginning of an answer that comes in pieces.
  ///
  /// - Returns: false where nobody waits for it any more.
  private func deliver(_ response: Response, _ id: Int, _ cancellation: Cancellation) -> Bool {
    guard case .pieces(let pipe) = response.body else { return false }
    let exchange = state.withLock { state -> Exchange? in
      guard !state.isClosed, let exchange = Self.remove(id, from: &state)?.exchanges.first
      else { return nil }
      state.streams[ObjectIdentifier(pipe)] = Stream(
        pipe: pipe, socket: exchange.socket, cancellation: cancellation)
      return exchange
    }
    if let exchange { answer(exchange, response) }
    return exchange != nil
  }

  /// Before the socket of an answer in pieces is closed, or used for the next answer.
  func forget(_ pipe: AnswerPipe) {
    let stream = state.withLock { $0.streams.removeValue(forKey: ObjectIdentifier(pipe)) }
    guard let stream, !pipe.isOver else { return }
    cancelling.async { stream.cancellation.request() }
  }

  /// Forgets a job.
  ///
  /// - Returns: who still waits for it.
  private func end(_ id: Int) -> [Exchange] {
    state.withLock { Self.remove(id, from: &$0)?.exchanges ?? [] }
  }

  /// Puts a job into the queue of its further work.
  private func move(_ id: Int, to work: Work) -> Bool {
    let isMoved = state.withLock { state in
      // Nobody waits for it any more.
      guard state.jobs[id] != nil else { return true }
      guard !state.isClosed, state.queues[work.lane, default: []].count < work.lane.queueLimit
      else { return false }
      state.jobs[id]?.work = work
      state.jobs[id]?.hasStarted = false
      state.queues[work.lane, default: []].append(id)
      return true
    }
    if isMoved { signals[work.lane]?.signal() }
    return isMoved
  }

  // MARK: Clients that go

  /// Lets go of clients that have hung up, cancels what nobody waits for any more, and refuses what has waited too long.
  func sweep() {
    let now = ContinuousClock.now
    let late = state.withLock { state in
      let ids = state.jobs.filter {
        !$0.value.hasStarted && now - $0.value.arrivedAt > $0.value.work.lane.patience
      }.keys
      return ids.flatMap { Self.remove($0, from: &state)?.exchanges ?? [] }
    }
    for exchange in late { answer(exchange, RequestError.busy.response) }
    sweepHangUps()
    sweepStreams()
  }

  /// Ends the answers in pieces whose clients have gone: libmicrohttpd does not look after suspended connections.
  private func sweepStreams() {
    let gone = state.withLock { state -> [Stream] in
      let streams = Array(state.streams.values)
      var polled = streams.map { pollfd(fd: $0.socket, events: Self.hangUp, revents: 0) }
      guard !polled.isEmpty, poll(&polled, nfds_t(polled.count), 0) > 0 else { return [] }
      return zip(streams, polled).filter { $1.revents != 0 }.map(\.0)
    }
    end(gone)
  }

  private func end(_ streams: [Stream]) {
    for stream in streams {
      let isOver = stream.pipe.isOver
      stream.pipe.abandon()
      if !isOver { cancelling.async { stream.cancellation.request() } }
    }
  }

  private static func remove(_ id: Int, from state: inout State) -> Job? {
    guard let job = state.jobs.removeValue(forKey: id) else { return nil }
    if state.questions[job.work.question] == id { state.questions[job.work.question] = nil }
    if !job.hasStarted { state.queues[job.work.lane]?.removeAll { $0 == id } }
    return job
  }

  private func sweepHangUps() {
    let (gone, cancelled) = state.withLock { state -> ([Exchange], [Cancellation]) in
      // An exchange of a job is suspended, so that its socket is open.
      var places: [(job: Int, exchange: Exchange)] = []
      var polled: [pollfd] = []
      for (id, job) in state.jobs {
        for exchange in job.exchanges {
          places.append((id, exchange))
          polled.append(pollfd(fd: exchange.socket, events: Self.hangUp, revents: 0))
        }
      }
      guard !polled.isEmpty, poll(&polled, nfds_t(polled.count), 0) > 0 else { return ([], []) }
      var gone: [Exchange] = []
      var cancelled: [Cancellation] = []
      for (place, entry) in zip(places, polled) where entry.revents != 0 {
        gone.append(place.exchange)
        state.jobs[place.job]?.exchanges.removeAll { $0 === place.exchange }
        guard state.jobs[place.job]?.exchanges.isEmpty == true,
          let job = Self.remove(place.job, from: &state)
        else { continue }
        cancelled.append(job.cancellation)
      }
      return (gone, cancelled)
    }
    for exchange in gone { exchange.complete(nil) }
    for cancellation in cancelled { cancelling.async { cancellation.request() } }
  }

  /// POLLRDHUP: the other end has closed, or will send no more.
  private static let hangUp: Int16 = 0x2000

  // MARK: The end

  /// Refuses what waits, gives what is under way `grace` seconds to be answered, and cancels the rest. No exchange is suspended
  /// afterwards.
  func stop(grace: Double) {
    let refused = state.withLock { state in
      state.isClosed = true
      let waiting = state.jobs.filter { !$0.value.hasStarted }
      for id in waiting.keys { state.jobs[id] = nil }
      return waiting.values.flatMap(\.exchanges)
    }
    for exchange in refused { answer(exchange, RequestError.stopping.response) }
    let threads = workers.withLock { $0 }
    for _ in threads { for signal in signals.values { signal.signal() } }
    let deadline = ContinuousClock.now + .seconds(grace)
    while state.withLock({ !$0.jobs.isEmpty || !$0.streams.isEmpty }),
      ContinuousClock.now < deadline
    { usleep(5_000) }
    for job in state.withLock({ Array($0.jobs.values) }) { job.cancellation.request() }
    end(state.withLock { Array($0.streams.values) })
    for thread in threads { _ = try? thread.wait() }
  }
}
