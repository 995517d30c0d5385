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
  }

  private let router: Router
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
        // Work that began before something newer was shown has an older answer.
        !job.hasStarted || job.version == shown
      {
        state.jobs[id]?.exchanges.append(exchange)
        return .taken
      }
      guard state.queues[work.lane, default: []].count < work.lane.queueLimit else {
        return .refused(.busy)
      }
      state.lastJob += 1
      state.jobs[state.lastJob] = Job(work: work, exchanges: [exchange])
      state.questions[work.question] = state.lastJob
      state.queues[work.lane, default: []].append(state.lastJob)
      return .queued(work.lane)
    }
    switch admission {
    case .taken: break
    case .queued(let lane): signals[lane]?.signal()
    case .refused(let error): answer(exchange, error.response)
    }
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
    case .work(let work):
      if !move(id, to: work) {
        for exchange in end(id) { answer(exchange, RequestError.busy.response) }
      }
    }
    return true
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
    while state.withLock({ !$0.jobs.isEmpty }), ContinuousClock.now < deadline { usleep(5_000) }
    for job in state.withLock({ Array($0.jobs.values) }) { job.cancellation.request() }
    for thread in threads { _ = try? thread.wait() }
  }
}
