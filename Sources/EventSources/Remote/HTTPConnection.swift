import CCurl
import Glibc
import Support

/// One HTTP connection, to S3 or to a web hook, used for one request after the other. Calls block.
final class HTTPConnection {
  struct Request {
    var method = "GET"
    var url: String
    /// `Name: value`.
    var headers: [String] = []
    /// What a POST sends; nil for the other methods.
    var body: String?
    /// Seconds for all of the request; nil where only a transfer that stands still is given up.
    var timeout: Int?
    /// The file that gets the body of a 2xx answer; nil to keep the body in memory.
    var output: UnsafeMutablePointer<FILE>?
  }

  struct Response {
    /// The HTTP status; 0 where there was no answer.
    var status = 0
    /// By name in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    /// Why there was no complete answer; nil where there was one.
    var failure: Failure?
  }

  struct Failure {
    var reason: String
    /// True where the same request may succeed later.
    var isTransient: Bool
  }

  private let handle: UnsafeMutableRawPointer
  private let settings: S3Settings?
  private let stop: StopToken

  /// Seconds that setting up a connection may take.
  private static let connectTimeout = 10
  /// Seconds without a byte after which a transfer is given up. A copy within S3 gets `copyTimeout`, as S3
  /// may answer only after it has copied.
  private static let stallTimeout = 30
  private static let copyTimeout = 300
  /// The most bytes of an answer that is kept in memory.
  private static let largestBody = 64 << 20

  private static let isReady = curl_initialize() == CURLE_OK

  /// - Parameter settings: with which requests are signed; nil where they are not.
  init(_ settings: S3Settings?, stop: StopToken) throws(SourceError) {
    guard Self.isReady, let handle = curl_easy_init() else {
      throw SourceError(.io, "libcurl cannot be started")
    }
    self.handle = handle
    self.settings = settings
    self.stop = stop
  }

  deinit { curl_easy_cleanup(handle) }

  /// The state that libcurl's callbacks work on during a request.
  private final class Exchange {
    var response = Response()
    let output: UnsafeMutablePointer<FILE>?
    let stop: StopToken
    var writeError: Int32 = 0

    init(output: UnsafeMutablePointer<FILE>?, stop: StopToken) {
      self.output = output
      self.stop = stop
    }

    func header(_ line: String) {
      if line.hasPrefix("HTTP/") {
        // Where there are several answers, such as a 100 Continue before the real one, the last counts.
        let words = line.split(separator: " ")
        response.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        response.headers = [:]
        return
      }
      guard let colon = line.firstIndex(of: ":") else { return }
      let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
      response.headers[line[..<colon].lowercased()] =
        String(value.reversed().drop(while: \.isWhitespace).reversed())
    }

    /// - Returns: how many of the bytes were kept; fewer than given make libcurl end the transfer.
    func body(_ bytes: UnsafeRawBufferPointer) -> Int {
      if let output, (200...299).contains(response.status) {
        let written = fwrite(bytes.baseAddress, 1, bytes.count, output)
        if written < bytes.count { writeError = errno }
        return written
      }
      guard response.body.count + bytes.count <= HTTPConnection.largestBody else { return 0 }
      response.body += bytes
      return bytes.count
    }
  }

  /// Sends the request, signed (AWS Signature Version 4) where there are settings, and takes the answer.
  func send(_ request: Request) -> Response {
    let exchange = Exchange(output: request.output, stop: stop)
    curl_easy_reset(handle)
    var headers: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(headers) }
    for header in request.headers { headers = curl_slist_append(headers, header) }
    var words = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let code = words.withUnsafeMutableBufferPointer { words -> CURLcode in
      curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words.baseAddress)
      set(request, headers)
      // Unretained is safe here: the exchange outlives the call, and libcurl drops it at the next reset.
      let context = Unmanaged.passUnretained(exchange).toOpaque()
      curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
      curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
      curl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
      let code = curl_easy_perform(handle)
      curl_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
      return code
    }
    if code != CURLE_OK {
      exchange.response.failure = failure(code, words, exchange)
    }
    return exchange.response
  }

  private func set(_ request: Request, _ headers: UnsafeMutablePointer<curl_slist>?) {
    curl_set_string(handle, CURLOPT_URL, request.url)
    curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    curl_set_string(handle, CURLOPT_USERAGENT, "polyrhythm")
    curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
    curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, Self.connectTimeout)
    curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
    let patience = request.method == "PUT" ? Self.copyTimeout : Self.stallTimeout
    curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, patience)
    if let timeout = request.timeout { curl_set_long(handle, CURLOPT_TIMEOUT, timeout) }
    if let settings {
      curl_set_string(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(settings.region):s3")
      curl_set_string(handle, CURLOPT_USERNAME, settings.accessKey)
      curl_set_string(handle, CURLOPT_PASSWORD, settings.secretKey)
    }
    curl_set_headers(handle, headers)
    switch request.method {
    case "GET": break
    case "HEAD": curl_set_long(handle, CURLOPT_NOBODY, 1)
    case "PUT":
      // All PUTs of an import are copies on the server's side, without a body.
      curl_set_long(handle, CURLOPT_UPLOAD, 1)
      curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, 0)
    case "POST":
      let body = request.body ?? ""
      curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.utf8.count)
      curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, body)
    default: curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
    }
    curl_set_bytes_callback(handle, CURLOPT_READFUNCTION) { _, _, _, _ in 0 }
    curl_set_bytes_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let raw = UnsafeRawBufferPointer(start: bytes, count: size * count)
      exchange.header(String(decoding: raw, as: UTF8.self))
      return size * count
    }
    curl_set_bytes_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      return exchange.body(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
    curl_set_progress_callback(handle) { context, _, _, _, _ in
      guard let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      return exchange.stop.isRequested ? 1 : 0
    }
  }

  private func failure(_ code: CURLcode, _ words: [CChar], _ exchange: Exchange) -> Failure {
    if code == CURLE_WRITE_ERROR {
      let reason =
        exchange.writeError == 0 ? "too large" : String(cString: strerror(exchange.writeError))
      return Failure(reason: "the answer cannot be kept: \(reason)", isTransient: false)
    }
    let text = words.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    let lasting = [
      CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION,
      CURLE_SSL_CACERT_BADFILE, CURLE_ABORTED_BY_CALLBACK, CURLE_NOT_BUILT_IN,
    ]
    return Failure(reason: reason, isTransient: !lasting.contains(code))
  }
}
