import Metrics
import Warehouse

extension Router {
  /// How a question is answered: from the kept answers where nothing has been committed since, else by the lane that its
  /// cost asks for.
  func question(_ request: Request) throws -> RequestStep {
    let now = clock()
    let query = try Query(request.query, now: now)
    let question = Self.question(request, query, now: now)
    if let cache, let version = cache.watch.freshVersion,
      let answer = cache.answer(to: question, version: version), answer.isReady(for: request)
    {
      return .answer(answer.response(for: request))
    }
    let plan = try QueryPlan(query)
    // The rest is worked out by others who ask the same too, so that it must not depend on who asks.
    let asked = Request(path: request.path, query: request.query)
    let inFull = Work(question: question, lane: QueryCost(plan).isHeavy ? .heavy : .question) {
      answered(asked, plan, question, now: now, $0)
    }
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

  /// Asks the database what has been committed; what it says is noted on the way.
  private func look(_ cancellation: Cancellation) throws(WarehouseError) {
    _ = try reading(.probe, cancellation, SeenCommits()).database.answers([])
  }

  private func answered(
    _ request: Request, _ plan: QueryPlan, _ question: String, now: Instant,
    _ cancellation: Cancellation
  ) -> Work.Outcome {
    do {
      let seen = SeenCommits()
      let router = reading(.question, cancellation, seen)
      try router.refuseCostly(plan)
      let response = try router.query(request, now: now)
      let answer = StoredAnswer(response)
      if let cache, let version = seen.version {
        cache.keep(answer, to: question, version: version)
      }
      return .stored(answer)
    } catch {
      return .response(refusal(error))
    }
  }

  /// The database is asked when its data begins only for a question that would cost too much if there were data all along.
  private func refuseCostly(_ plan: QueryPlan) throws {
    guard QueryCost(plan).rows > QueryCost.limit else { return }
    guard let first = try database.rows(queries.firstDay).first?[0].flatMap({ Int64($0) }) else {
      return
    }
    let cost = QueryCost(plan, dataBegins: Instant(milliseconds: first))
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
