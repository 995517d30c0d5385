import Foundation
import Support

/// The requests of S3 that an import needs. After a transient failure (no answer, 429, 5xx) a request is
/// tried again, with growing pauses; a failure that lasts becomes a `SourceError` with bucket, key and status.
final class S3Client {
  private let settings: S3Settings
  private let stop: StopToken
  private let connection: HTTPConnection
  /// Seconds before the second try; each further pause is twice as long.
  private let firstPause: Double
  private static let attempts = 5
  /// The most objects on a page of a listing; S3's own limit is 1000.
  private let pageSize: Int

  init(
    _ settings: S3Settings, stop: StopToken, firstPause: Double = 0.5, pageSize: Int = 1000
  ) throws(SourceError) {
    self.settings = settings
    self.stop = stop
    self.firstPause = firstPause
    self.pageSize = pageSize
    connection = try HTTPConnection(settings, stop: stop)
  }

  // MARK: Requests

  /// The objects whose keys begin with the location's key, in order of their keys.
  func list(_ location: S3Location) throws(SourceError) -> [S3Object] {
    var objects: [S3Object] = []
    var token: String?
    repeat {
      // Signature Version 4 wants the parameters in order of their names.
      var query = token.map { "continuation-token=\(S3Settings.encoded($0))&" } ?? ""
      query += "encoding-type=url&list-type=2&max-keys=\(pageSize)"
      query += "&prefix=\(S3Settings.encoded(location.key))"
      let response = try send("GET", location, isBucket: true, query: query)
      let page = XMLText(String(decoding: response.body, as: UTF8.self))
      guard let result = page.first("ListBucketResult") else {
        throw SourceError(
          .unavailable, "\(location): the listing is not S3's; is AWS_ENDPOINT_URL right?")
      }
      for entry in result.all("Contents") {
        guard let key = entry.first("Key")?.value, let size = entry.first("Size")?.value else {
          continue
        }
        // encoding-type=url writes a blank as +, as forms do.
        let plain = key.replacing("+", with: " ")
        objects.append(
          S3Object(
            location: S3Location(
              bucket: location.bucket, key: plain.removingPercentEncoding ?? key),
            byteCount: Int64(size) ?? 0, etag: entry.first("ETag")?.value ?? ""))
      }
      let isTruncated = result.first("IsTruncated")?.value == "true"
      let next = result.first("NextContinuationToken")?.value
      guard !isTruncated || (next != nil && next != token) else {
        throw SourceError(.unavailable, "\(location): the listing breaks off; try again")
      }
      token = isTruncated ? next : nil
    } while token != nil
    return objects
  }

  /// Writes an object's content into a file.
  /// - Parameter prefix: only so many of its first bytes.
  func get(_ object: S3Object, into path: String, prefix: Int? = nil) throws(SourceError) {
    if object.byteCount == 0 {
      guard FileManager.default.createFile(atPath: path, contents: nil) else {
        throw SourceError(.io, "\(path): \(String(cString: strerror(errno)))")
      }
      return
    }
    var headers = prefix.map { ["range: bytes=0-\($0 - 1)"] } ?? []
    // Only the content that was listed is fetched; newer content of the same key comes with the next import.
    if !object.etag.isEmpty { headers.append("if-match: \(object.etag)") }
    let response = try send("GET", object.location, headers: headers, outputPath: path)
    if response.status == 412 { throw Self.changed(object) }
  }

  /// The tag of an object's content; nil where there is no object.
  func etag(of location: S3Location) throws(SourceError) -> String? {
    let response = try send("HEAD", location, accepting: [404])
    return response.status == 404 ? nil : response.headers["etag"] ?? ""
  }

  /// Copies an object on the server's side.
  /// - Throws: also where the object's content is no longer the one listed. This is checked after the copy and
  ///   not by S3 itself: for that the request would need the header `x-amz-copy-source-if-match`, and libcurl
  ///   before 8.0 sorts that header before `x-amz-copy-source` and so signs the request wrongly.
  func copy(_ object: S3Object, to target: S3Location) throws(SourceError) {
    let source =
      "/\(object.location.bucket)/" + S3Settings.encoded(object.location.key, keepsSlashes: true)
    let response = try send("PUT", target, headers: ["x-amz-copy-source: \(source)"])
    // S3 may send the status 200 first and find out later that the copy fails; the body then has an error.
    let body = XMLText(String(decoding: response.body, as: UTF8.self))
    if body.first("Error") != nil {
      throw failure("copying to", target, response)
    }
    guard try etag(of: object.location) == object.etag else { throw Self.changed(object) }
  }

  func delete(_ location: S3Location) throws(SourceError) {
    _ = try send("DELETE", location, accepting: [404])
  }

  private static func changed(_ object: S3Object) -> SourceError {
    SourceError(
      .unavailable,
      "\(object.location) was replaced while it was imported; import it again, what is in the log "
        + "already counts once")
  }

  // MARK: Sending

  /// SHA-256 of no bytes, as no request here has a body.
  private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  private func send(
    _ method: String, _ location: S3Location, isBucket: Bool = false, query: String = "",
    headers: [String] = [], outputPath: String? = nil, accepting accepted: [Int] = []
  ) throws(SourceError) -> HTTPConnection.Response {
    var request = HTTPConnection.Request(
      method: method,
      url: settings.url(
        bucket: location.bucket, key: isBucket ? "" : location.key, query: query))
    request.headers = ["x-amz-content-sha256: \(Self.emptyHash)"] + headers
    if let token = settings.sessionToken {
      request.headers.append("x-amz-security-token: \(token)")
    }
    var attempt = 1
    while true {
      let response = try sendOnce(request, outputPath)
      let isFinal = attempt == Self.attempts
      if let failure = response.failure {
        if stop.isRequested { throw SourceError(.stopped, "\(location): stopped") }
        if isFinal || !failure.isTransient {
          throw SourceError(
            .unavailable,
            "\(location): \(failure.reason) (\(server(location)), \(attempt) "
              + "\(attempt == 1 ? "try" : "tries")); check the network and AWS_ENDPOINT_URL")
        }
      } else if (200...299).contains(response.status) || response.status == 412
        || accepted.contains(response.status)
      {
        return response
      } else if isFinal || !(response.status == 429 || response.status >= 500) {
        throw failure(Self.verb(method), location, response)
      }
      stop.wait(seconds: firstPause * Double(1 << (attempt - 1)))
      if stop.isRequested { throw SourceError(.stopped, "\(location): stopped") }
      attempt += 1
    }
  }

  private func sendOnce(_ request: HTTPConnection.Request, _ outputPath: String?)
    throws(SourceError) -> HTTPConnection.Response
  {
    guard let outputPath else { return connection.send(request) }
    // Opening the file anew empties it, so that a second try does not append to what the first one left.
    guard let file = fopen(outputPath, "we") else {
      throw SourceError(.io, "\(outputPath): \(String(cString: strerror(errno)))")
    }
    var request = request
    request.output = file
    let response = connection.send(request)
    guard fclose(file) == 0 else {
      throw SourceError(
        .io,
        "\(outputPath): \(String(cString: strerror(errno))); TMPDIR can name another directory")
    }
    return response
  }

  private static func verb(_ method: String) -> String {
    switch method {
    case "PUT": "copying to"
    case "DELETE": "deleting"
    default: "reading"
    }
  }

  private func server(_ location: S3Location) -> String {
    settings.endpoint ?? "Amazon S3, region \(settings.region)"
  }

  /// The error for an answer, with what the person at the command line can do about it.
  private func failure(
    _ verb: String, _ location: S3Location, _ response: HTTPConnection.Response
  ) -> SourceError {
    let body = XMLText(String(decoding: response.body, as: UTF8.self))
    let code = body.first("Code")?.value ?? ""
    let words = body.first("Message")?.value ?? ""
    let said = [code, words].filter { !$0.isEmpty }.joined(separator: ": ")
    let place =
      "\(verb) \(location): HTTP \(response.status)" + (said.isEmpty ? "" : ", \(said)")
    if let region = response.headers["x-amz-bucket-region"] ?? body.first("Region")?.value,
      region != settings.region, [301, 307, 400, 403].contains(response.status)
    {
      return SourceError(
        .configuration, "\(place); the bucket is in another region: set AWS_REGION=\(region)")
    }
    switch (response.status, code) {
    case (404, "NoSuchBucket"):
      return SourceError(
        .notFound,
        "\(place); check the bucket's name \"\(location.bucket)\" and AWS_REGION (\(server(location)))"
      )
    case (404, _):
      return SourceError(.notFound, "\(place); the object is gone: list the bucket again")
    case (_, "InvalidAccessKeyId"), (_, "SignatureDoesNotMatch"), (_, "ExpiredToken"),
      (_, "InvalidToken"), (401, _):
      return SourceError(
        .denied,
        "\(place); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
    case (_, "RequestTimeTooSkewed"):
      return SourceError(.denied, "\(place); set this machine's clock")
    case (403, _):
      return SourceError(
        .denied,
        "\(place); the keys need s3:ListBucket and s3:GetObject, and for --archive s3:PutObject and "
          + "s3:DeleteObject")
    case (429, _), (500..., _):
      return SourceError(
        .unavailable, "\(place) after \(Self.attempts) tries; try again later")
    default:
      return SourceError(.unavailable, place)
    }
  }
}
