/// What a server has to refuse before it makes anything of a request (RFC 9112), as a proxy in front may have read it otherwise.
enum MessageRules {
  /// - Parameter version: as the request line has it.
  /// - Returns: the refusal, after which the connection is to be closed; nil where nothing is wrong.
  static func refusal(of request: Request, version: String) -> RequestError? {
    let host = request.headers["host"]
    // Section 3.2. Several are one with commas, which no name of a host has.
    if version == "HTTP/1.1", host == nil {
      return RequestError("bad_request", "Host: found none, accepted: one, in HTTP/1.1")
    }
    if host?.contains(",") == true {
      return RequestError("bad_request", "Host: found several, accepted: one")
    }
    // Section 6.1: whoever goes by the one and whoever goes by the other see different requests behind this one.
    if request.headers["transfer-encoding"] != nil, request.headers["content-length"] != nil {
      return RequestError(
        "bad_request", "body: found Transfer-Encoding and Content-Length, accepted: one of them")
    }
    return nil
  }
}
