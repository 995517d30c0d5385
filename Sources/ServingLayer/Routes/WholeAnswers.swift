import Synchronization
import Warehouse

/// Answers of as many rows as there are, which are sent while they are read.
extension Router {
  /// Numbers the questions, as two clients cannot be sent the same pieces.
  private static let asked = Mutex(0)

  func whole(_ request: Request, _ query: Query) -> RequestStep {
    let number = Self.asked.withLock { count in
      count += 1
      return count
    }
    let coding = ContentCoding(accepted: request.headers["accept-encoding"], of: [.gzip])
    return .work(
      Work(question: "whole \(number)", lane: .stream) { cancellation in
        .pieces { pipe, deliver in
          let seen = SeenCommits()
          let pouring = Pouring(
            router: reading(.stream, cancellation, seen), query: query, isGzip: coding != nil,
            pipe: pipe, deliver: deliver)
          return pouring.run()
        }
      })
  }
}

/// The work for one answer that is sent in pieces.
private final class Pouring {
  private let router: Router
  private let query: Query
  private let pipe: AnswerPipe
  private let deliver: (Response) -> Bool
  private var writer: WholeAnswer
  private var gzip: GzipPieces?
  private var hasBegun = false

  init(
    router: Router, query: Query, isGzip: Bool, pipe: AnswerPipe,
    deliver: @escaping (Response) -> Bool
  ) {
    self.router = router
    self.query = query
    self.pipe = pipe
    self.deliver = deliver
    writer = WholeAnswer(query.format)
    gzip = isGzip ? GzipPieces() : nil
  }

  /// - Returns: the refusal, where the answer has not begun.
  func run() -> Response? {
    do {
      var plan = try router.plan(query)
      if try !pour(plan) {
        router.logClocks(of: query)
        plan = plan.byMinutes
        _ = try pour(plan)
      }
      return nil
    } catch {
      let refusal = router.refusal(error)
      // Whoever has had a part of it sees that there is no end.
      pipe.finish(isWhole: false)
      return hasBegun ? nil : refusal
    }
  }

  /// - Returns: false where the database has other clocks than the plan relies on; nothing has been sent then.
  private func pour(_ plan: QueryPlan) throws -> Bool {
    var agrees = true
    do throws(WarehouseError) {
      try router.database.pieces(of: QuerySQL.statement(for: plan)) { rows in
        let piece = QueryAnswer(plan, rows.rows)
        agrees = agrees && piece.agrees
        return agrees && send(piece)
      }
    } catch {
      throw router.explained(error, query)
    }
    guard agrees else { return false }
    if !pipe.isOver, put(writer.tail), gzip.map({ pipe.put($0.end) }) ?? true {
      pipe.finish(isWhole: true)
    }
    return true
  }

  private func send(_ piece: QueryAnswer) -> Bool {
    if !hasBegun {
      var headers = router.headers(of: piece)
      headers += [("Cache-Control", "no-store"), ("Vary", "Accept-Encoding")]
      if gzip != nil { headers.append(("Content-Encoding", ContentCoding.gzip.rawValue)) }
      hasBegun = true
      guard deliver(Response(status: 200, headers: headers, body: .pieces(pipe))) else {
        return false
      }
      if let gzip, !pipe.put(gzip.header) { return false }
      guard put(writer.head(piece)) else { return false }
    }
    return put(writer.rows(piece))
  }

  private func put(_ text: String) -> Bool {
    guard !text.isEmpty else { return true }
    let bytes = AnswerBytes(text)
    guard gzip != nil else { return pipe.put(bytes) }
    guard let compressed = gzip?.piece(of: bytes) else { return false }
    return pipe.put(compressed)
  }
}
