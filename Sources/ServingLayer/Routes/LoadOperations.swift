/// Starts loads and takes them back, for whoever may. The server itself reads only: what it is given here is a program with rights
/// of its own.
public struct LoadOperations: Sendable {
  /// What can be asked for.
  public enum Operation: String, Sendable, CaseIterable {
    /// Loads everything from the lake's first record.
    case full
    /// Loads what came since the last load.
    case incremental
    /// Takes back the last published load.
    case rollback
  }

  /// What came of it.
  public enum Outcome: Sendable {
    /// It runs; the history of loads says how it ends.
    case started
    /// It has ended well; the line that it said.
    case done(String)
    /// It has failed; the line that it said.
    case failed(String)
    /// Another one that this server has started is running still.
    case busy
  }

  /// Begins an operation for somebody with this name. A load returns once it has begun, a rollback at its end.
  public var run: @Sendable (_ operation: Operation, _ name: String) -> Outcome

  /// The parameter is the property of the same name.
  public init(run: @escaping @Sendable (_ operation: Operation, _ name: String) -> Outcome) {
    self.run = run
  }
}

extension Router {
  /// The query parameter that says which load to start.
  static let kindParameter = "kind"

  /// What a POST asks for.
  func operation(_ route: Route, _ request: Request) throws -> RequestStep {
    let name = try access.operatorName(request, now: clock())
    guard let operations else {
      throw RequestError(
        "no_operations",
        "this server was not told where the lake is; start it with --data, or with --lake beside --database",
        status: 501)
    }
    let operation = try operation(of: route, request)
    // Not shared with others who ask the same: each is to be named in the history.
    let question = "\(request.method) \(operation.rawValue) \(name)"
    return .work(
      Work(question: question, lane: .heavy) { cancellation in
        do {
          let router = reading(.heavy, cancellation, SeenCommits())
          if let answer = try router.answerWhileALoadRuns() { return .response(answer) }
        } catch {
          return .response(refusal(error))
        }
        log("\(operation.rawValue): asked for by \(name)")
        return .response(answer(operations.run(operation, name), operation, name))
      })
  }

  /// The answer where a load runs, whoever has started it: what is asked for now would fail, after its answer was given.
  private func answerWhileALoadRuns() throws -> Response? {
    guard let load = try database.rows(queries.runningLoad).first, load.count == 4,
      let run = load[0], let kind = load[1]
    else { return nil }
    return RequestError(
      "load_running",
      "load \(run) (\(kind)) is running since \(load[2] ?? "?") (\(load[3] ?? "unknown")); try again when it is done; see "
        + Route.loads.path,
      status: 409
    ).response
  }

  private func operation(
    of route: Route, _ request: Request
  ) throws(RequestError) -> LoadOperations.Operation {
    if route == .rollback { return .rollback }
    let kinds = [LoadOperations.Operation.incremental, .full]
    let asked = request.values(Self.kindParameter)
    guard let kind = asked.first else { return .incremental }
    guard asked.count == 1, let operation = kinds.first(where: { $0.rawValue == kind }) else {
      throw .parameter(
        Self.kindParameter, found: asked.joined(separator: ", "),
        accepted: kinds.map(\.rawValue).joined(separator: " or "))
    }
    return operation
  }

  private func answer(
    _ outcome: LoadOperations.Outcome, _ operation: LoadOperations.Operation, _ name: String
  ) -> Response {
    func document(_ status: String, _ message: String?) -> String {
      var json = JSONWriter()
      json.object {
        $0.member("status", status)
        $0.member("operation", operation.rawValue)
        $0.member("requested_by", name)
        $0.member("message", message)
      }
      return json.text
    }
    switch outcome {
    case .started:
      var response = Response.json(document("started", nil), status: 202)
      response.headers.append(("Location", Route.loads.path))
      return response
    case .done(let line): return .json(document("done", line))
    case .failed(let line): return RequestError("operation_failed", line, status: 409).response
    case .busy:
      return RequestError(
        "load_running",
        "a load that this server has started is running still; see \(Route.loads.path)",
        status: 409
      ).response
    }
  }
}
