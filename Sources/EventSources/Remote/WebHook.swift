import Support

/// Posts JSON documents to one address, from a thread of its own, so that nobody waits for the other side. A document
/// that cannot be delivered is tried again a few times and then given up with one warning.
public final class WebHook: Sendable {
  /// How often a document is posted at most.
  static let attempts = 4
  /// Seconds before the second attempt; each further pause is four times as long.
  static let firstPause = 1.0
  /// Seconds for one attempt.
  static let patience = 10
  /// Documents that wait at most; what comes on top of these is given up at once.
  private static let waitingMax = 16

  /// The address as warnings name it: without its path, which may hold a secret.
  private let name: String
  private let queue = BoundedQueue<String>(limit: waitingMax)
  private let waiting = SharedCounter()
  private let ended = StopToken()
  private let warn: @Sendable (String) -> Void
  private let worker: Worker<Void>

  /// - Parameters:
  ///   - url: `http://…` or `https://…`.
  ///   - warn: gets one line for each document that was given up, from any thread.
  /// - Throws: `SourceError` (`.configuration`) where the address is none, `.io` where libcurl cannot be started.
  public init(_ url: String, warn: @escaping @Sendable (String) -> Void) throws(SourceError) {
    name = try Self.requireAddress(url)
    self.warn = warn
    // Only the thread below uses the connection. Nothing stops a request before `patience` does, so that the last
    // document is delivered where the process ends.
    nonisolated(unsafe) let connection = try HTTPConnection(nil, stop: StopToken())
    worker = Worker("web-hook") { [queue, waiting, ended, name] in
      var isHopeless = false
      while let document = queue.take() {
        let reason =
          isHopeless && ended.isRequested
          ? "it did not take the one before"
          : Self.deliver(document, to: url, by: connection, ended)
        isHopeless = reason != nil
        if let reason { warn("The web hook at \(name) did not take a message: \(reason)") }
        waiting.add(-1)
      }
    }
  }

  /// Checks an address.
  /// - Returns: its scheme and host.
  /// - Throws: `SourceError` (`.configuration`) where it is no address of HTTP.
  @discardableResult
  public static func requireAddress(_ url: String) throws(SourceError) -> String {
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, ["http:", "https:"].contains(parts[0]), parts[1].isEmpty,
      let host = parts[2].split(separator: "@").last, !url.contains(where: \.isWhitespace)
    else {
      throw SourceError(
        .configuration,
        "A web hook's address is http://HOST/… or https://HOST/…, which this one is not")
    }
    return "\(parts[0])//\(host)"
  }

  /// Posts a document as soon as those before it are delivered or given up. Returns at once.
  public func post(_ json: String) {
    guard waiting.add(1) <= Self.waitingMax else {
      waiting.add(-1)
      return warn("The web hook at \(name) did not take a message: \(Self.waitingMax) are waiting")
    }
    _ = queue.put(json)
  }

  /// Returns when all documents are delivered or given up, after two attempts at most: there are no pauses any more,
  /// and those behind a document that was not taken are given up.
  public func finish() {
    ended.request()
    queue.close()
    _ = try? worker.wait()
  }

  /// - Returns: why the document was not taken; nil where it was.
  private static func deliver(
    _ document: String, to url: String, by connection: HTTPConnection, _ ended: StopToken
  ) -> String? {
    let request = HTTPConnection.Request(
      method: "POST", url: url, headers: ["Content-Type: application/json", "Expect:"],
      body: document, timeout: patience)
    var pause = firstPause
    for attempt in 1... {
      let response = connection.send(request)
      if response.failure == nil, (200...299).contains(response.status) { return nil }
      let reason = response.failure?.reason ?? "HTTP status \(response.status)"
      let isTransient =
        response.failure?.isTransient
        ?? ([408, 429].contains(response.status) || response.status >= 500)
      if !isTransient || attempt == attempts || ended.isRequested {
        return "\(reason) (attempt \(attempt) of \(attempts))"
      }
      ended.wait(seconds: pause)
      pause *= 4
    }
    return nil
  }
}
