import Metrics
import Warehouse

extension Router {
  /// How a question is answered: from the kept answers where nothing has been committed since, else by the lane that its
  /// cost asks for.
  func question(_ request: Request) throws -> RequestStep {
    let now = clock()
    let query = try Query(request.query, now: now)
    if query.isWhole {
      // Refuses what does not go together before anything waits.
      _ = try QueryPlan(query)
      return whole(request, query)
    }
    let question = Self.question(request, query, now: now)
    // The rest is worked out by others who ask the same too, so that it must not depend on who asks.
    let asked = Request(path: request.path, query: request.query)
    return try kept(question, request, kind(of: query)) { router in
      try router.answer(query, asked)
    }
  }

  private func kind(of query: Query) throws -> Kind {
    let plan = try QueryPlan(query)
    return (QueryCost(plan).isHeavy ? .heavy : .question, plan.readsManyMembers)
  }

  /// Where an answer is made, and whether it may be given for a moment after a flush that it knows nothing of.
  typealias Kind = (lane: Lane, mayLag: Bool)

  /// Makes an answer of status 200; asks the database of the router that it gets.
  typealias Answering = @Sendable (Router) throws -> Response

  /// The answer that is kept, where nothing has been committed since, or of a costly one what it was a moment before, else a new one,
  /// which is kept.
  ///
  /// - Parameters:
  ///   - question: the same text for requests that have the same answer.
  ///   - kind: asked for where no answer is at hand.
  func kept(
    _ question: String, _ request: Request,
    _ kind: @autoclosure () throws -> Kind,
    _ answer: @escaping Answering
  ) throws -> RequestStep {
    // RFC 9111, 5.2.1.4: whoever says so gets no answer that has not been asked for anew.
    let isAnew = request.headers["cache-control"]?.contains("no-cache") == true
    if !isAnew, let step = atHand(question, request, answer) { return step }
    let (lane, mayLag) = try kind()
    let make: @Sendable (Cancellation) -> Work.Outcome = {
      answered(question, mayLag: mayLag, $0, answer)
    }
    if isAnew { return .work(Work(question: question + "\nanew", lane: lane, run: make)) }
    let inFull = Work(question: question, lane: lane, run: make)
    guard let cache, cache.mayAnswer(question) else { return .work(inFull) }
    return .work(
      Work(question: question, lane: .probe) { cancellation in
        do {
          if cache.watch.freshVersion == nil { try look(cancellation) }
        } catch {
          return .response(refusal(error))
        }
        if let version = cache.watch.freshVersion ?? cache.watch.version,
          let answer = cache.answer(to: question, version: version)
        {
          return .stored(answer)
        }
        return .work(inFull)
      })
  }

  /// The answer that is kept, where the database has been looked at just now; a costly one also for a moment after that.
  private func atHand(
    _ question: String, _ request: Request, _ answer: @escaping Answering
  ) -> RequestStep? {
    guard let cache else { return nil }
    if let version = cache.watch.freshVersion,
      let answer = cache.answer(to: question, version: version), answer.isReady(for: request)
    {
      return .answer(answer.response(for: request))
    }
    guard let (lagging, isDue) = cache.lagging(question), lagging.isReady(for: request)
    else { return nil }
    let response = lagging.response(for: request)
    guard isDue else { return .answer(response) }
    return .lagging(
      response,
      renewal: Work(question: question, lane: .renewal) {
        answered(question, mayLag: true, $0, answer)
      })
  }

  /// Asks the database what has been committed; what it says is noted on the way.
  private func look(_ cancellation: Cancellation) throws(WarehouseError) {
    _ = try reading(.probe, cancellation, SeenCommits()).database.answers([])
  }

  private func answered(
    _ question: String, mayLag: Bool, _ cancellation: Cancellation, _ make: Answering
  ) -> Work.Outcome {
    do {
      let seen = SeenCommits()
      let began = ContinuousClock.now
      let answer = StoredAnswer(try make(reading(.question, cancellation, seen)))
      if let cache, let commit = seen.commit {
        cache.keep(
          AnswerCache.Made(
            answer: answer, commit: commit, began: began, took: ContinuousClock.now - began,
            mayLag: mayLag), to: question)
      }
      return .stored(answer)
    } catch {
      return .response(refusal(error))
    }
  }

  /// The database is asked when its data begins only for a question that would cost too much if there were data all along.
  func refuseCostly(_ plan: QueryPlan) throws {
    guard QueryCost(plan).rows > QueryCost.limit else { return }
    guard let first = try database.time(queries.firstDay) else { return }
    let cost = QueryCost(plan, dataBegins: first)
    if cost.rows > QueryCost.limit { throw cost.refusal(plan.query) }
  }

  /// The same text for requests that have the same answer as long as nothing is committed: parameters in a fixed order, the
  /// range as it is, and the minute, so that an answer that depends on the time is made anew with the next one.
  private static func question(_ request: Request, _ query: Query, now: Instant) -> String {
    let dropped: Set<String> = [
      AccessControl.parameter, QueryParameter.from.name, QueryParameter.to.name,
    ]
    // Names have no control characters, and the order of one name's values may matter.
    let parameters = request.query.enumerated().filter {
      !dropped.contains($0.element.name) && !$0.element.value.isEmpty
    }.sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
    var text =
      "\(query.from.milliseconds)\n\(query.to.milliseconds)\n\(now.milliseconds / Instant.minute)"
    for (_, parameter) in parameters {
      text += "\n\(parameter.name)\n\(parameter.value.utf8.count)\n\(parameter.value)"
    }
    return text
  }
}
