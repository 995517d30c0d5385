import Metrics
import Warehouse

extension Router {
  /// How a question is answered: from the kept answers where there is one of now or of a moment before, else by the lane that
  /// its cost asks for.
  func question(_ request: Request) throws -> RequestStep {
    let now = clock()
    let query = try Query(request.query, now: now)
    if query.isWhole {
      // Refuses what does not go together before anything waits.
      _ = try QueryPlan(query)
      return whole(request, query)
    }
    let question = Self.question(request, query)
    // The rest is worked out by others who ask the same too, so that it must not depend on who asks.
    let asked = Request(path: request.path, query: request.query)
    return try kept(question, request, lane(of: query), isOfMinute: true) { router in
      // Of when it is made: it may be made again in another minute than this one.
      try router.answer(try Query(asked.query, now: router.clock()), asked)
    }
  }

  private func lane(of query: Query) throws -> Lane {
    QueryCost(try QueryPlan(query)).lane
  }

  /// Makes an answer of status 200; asks the database of the router that it gets.
  typealias Answering = @Sendable (Router) throws -> Response

  /// The answer that is kept, of now or of a moment before, else a new one, which is kept.
  ///
  /// - Parameters:
  ///   - question: the same text for requests that have the same answer.
  ///   - lane: asked for where no answer is at hand.
  ///   - isOfMinute: whether the answer may be another one in the next minute.
  func kept(
    _ question: String, _ request: Request,
    _ lane: @autoclosure () throws -> Lane, isOfMinute: Bool = false,
    _ answer: @escaping Answering
  ) throws -> RequestStep {
    // RFC 9111, 5.2.1.4: whoever says so gets no answer that has not been asked for anew.
    let isAnew = request.headers["cache-control"]?.contains("no-cache") == true
    let make: @Sendable (Cancellation) -> Work.Outcome = {
      answered(question, $0, isOfMinute: isOfMinute, answer)
    }
    if !isAnew, let step = atHand(question, request, make) { return step }
    let lane = try lane()
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

  /// The answer that is kept, where it is one of a moment before at most.
  private func atHand(
    _ question: String, _ request: Request,
    _ make: @escaping @Sendable (Cancellation) -> Work.Outcome
  ) -> RequestStep? {
    guard let cache,
      let atHand = cache.atHand(question, where: { $0.isReady(for: request) })
    else { return nil }
    let response = atHand.answer.response(for: request)
    guard let renewBy = atHand.renewBy else { return .answer(response) }
    return .lagging(
      response,
      renewal: Work(question: question, lane: .renewal, dueAt: renewBy) {
        renewed(question, cache, $0, make)
      })
  }

  /// Makes an answer again, where anything has been committed since, or its minute is over.
  private func renewed(
    _ question: String, _ cache: AnswerCache, _ cancellation: Cancellation,
    _ make: (Cancellation) -> Work.Outcome
  ) -> Work.Outcome {
    defer { cache.endRenewal(of: question) }
    do {
      if cache.watch.freshVersion == nil { try look(cancellation) }
    } catch {
      return .response(refusal(error))
    }
    if let version = cache.watch.version,
      let answer = cache.answer(to: question, version: version)
    {
      return .stored(answer)
    }
    return make(cancellation)
  }

  /// Asks the database what has been committed; what it says is noted on the way.
  private func look(_ cancellation: Cancellation) throws(WarehouseError) {
    _ = try reading(.probe, cancellation, SeenCommits()).database.answers([])
  }

  private func answered(
    _ question: String, _ cancellation: Cancellation, isOfMinute: Bool, _ make: Answering
  ) -> Work.Outcome {
    do {
      let seen = SeenCommits()
      let began = ContinuousClock.now
      let rest = Instant.minute - clock().milliseconds % Instant.minute
      let goodUntil = isOfMinute ? began + .milliseconds(rest) : nil
      let answer = StoredAnswer(try make(reading(.question, cancellation, seen)))
      if let cache, let commit = seen.commit {
        let took = ContinuousClock.now - began
        // Whoever asks next does not wait for that either.
        if let old = cache.kept(question) { answer.compress(as: old) }
        cache.keep(
          AnswerCache.Made(
            answer: answer, commit: commit, began: began, took: took, goodUntil: goodUntil),
          to: question)
      }
      return .stored(answer)
    } catch {
      return .response(refusal(error))
    }
  }

  /// The plan of a query that does not cost too much, with what it has to know of the present.
  func plan(_ query: Query) throws -> QueryPlan {
    let plan = try QueryPlan(query)
    try refuseCostly(plan)
    let settled =
      plan.readsSettled && plan.source != .facts ? try database.time(QuerySQL.settledBefore) : nil
    var known: Instant?
    if query.comparison != nil, query.to > query.askedAt ?? query.to {
      let latest = try database.time(queries.latestMinute)
      known = latest.map { Instant(milliseconds: $0.milliseconds + Instant.minute) }
    }
    return settled == nil && known == nil
      ? plan : try QueryPlan(query, settledBefore: settled, knownUntil: known)
  }

  /// The database is asked when its data begins only for a question that would cost too much if there were data all along.
  func refuseCostly(_ plan: QueryPlan) throws {
    guard QueryCost(plan).rows > QueryCost.limit else { return }
    guard let first = try database.time(queries.firstDay) else { return }
    let cost = QueryCost(plan, dataBegins: first)
    if cost.rows > QueryCost.limit { throw cost.refusal(plan.query) }
  }

  /// The same text for requests that have the same answer as long as nothing is committed and no minute ends: parameters in a fixed
  /// order, and the range as it is, or as it moves.
  private static func question(_ request: Request, _ query: Query) -> String {
    let ends = [QueryParameter.from.name, QueryParameter.to.name]
    // Names have no control characters, and the order of one name's values may matter.
    let parameters = request.query.enumerated().filter {
      $0.element.name != AccessControl.parameter && !ends.contains($0.element.name)
        && !$0.element.value.isEmpty
    }.sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
    let times = zip(ends, [query.from, query.to]).map { name, time in
      let text = request.query.first { $0.name == name && !$0.value.isEmpty }?.value
      // A range by the second is another one each second.
      let moves = query.granularity != .second && text.map(Instant.isRelative) ?? true
      return moves ? text ?? "" : "\(time.milliseconds)"
    }
    var text = times.joined(separator: "\n")
    for (_, parameter) in parameters {
      text += "\n\(parameter.name)\n\(parameter.value.utf8.count)\n\(parameter.value)"
    }
    return text
  }
}
