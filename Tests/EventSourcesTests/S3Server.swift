import Foundation
import Synchronization

@testable import EventSources

/// A server for S3 on a socket of 127.0.0.1: the one of moto, in a Python process of its own that ends with
/// this process. It refuses a request whose signature is not the one that botocore computes for the bytes
/// that came over the wire, and it can be told to fail.
final class S3Server: Sendable {
  static let shared = Result { try S3Server() }

  let endpoint: String
  private let process: Process
  private let channel: Mutex<(FileHandle, FileHandle)>

  var settings: S3Settings {
    S3Settings(accessKey: "the-key", secretKey: "the/secret+", endpoint: endpoint)
  }

  private init() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [try Self.python(), "-c", Self.program]
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    self.process = process
    let port = try Self.line(stdout.fileHandleForReading)
    guard Int(port) != nil else { throw Python.Missing(description: "moto did not start: \(port)") }
    endpoint = "http://127.0.0.1:\(port)"
    // Where the machine has a proxy, requests to this server must not go through it.
    setenv("no_proxy", "127.0.0.1", 1)
    channel = Mutex((stdin.fileHandleForWriting, stdout.fileHandleForReading))
  }

  private static func python() throws -> String {
    for candidate in ["\(Python.repository)/.build/test-python/bin/python3", "python3"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [candidate, "-c", "import moto.server, boto3"]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      if process.terminationStatus == 0 { return candidate }
    }
    throw Python.Missing(
      description: "the Python package moto[server] is missing; scripts/deps.sh --test installs it")
  }

  private static func line(_ handle: FileHandle) throws -> String {
    var bytes: [UInt8] = []
    while let byte = try handle.read(upToCount: 1)?.first, byte != 0x0A { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Sends one command to the Python program below, and returns its answer.
  private func command(_ words: [Any]) throws -> Any {
    let request = try JSONSerialization.data(withJSONObject: words)
    let answer = try channel.withLock { channel in
      try channel.0.write(contentsOf: request + [0x0A])
      return try Self.line(channel.1)
    }
    return try JSONSerialization.jsonObject(with: Data(answer.utf8), options: .fragmentsAllowed)
  }

  /// A new bucket with these objects.
  func bucket(_ objects: [String: String]) throws -> String {
    let name = "bucket-\(UUID().uuidString.lowercased())"
    _ = try command(["bucket", name])
    for (key, body) in objects { try put(name, key, body) }
    return name
  }

  func put(_ bucket: String, _ key: String, _ body: String) throws {
    _ = try command(["put", bucket, key, body])
  }

  /// The bucket's objects: content by key.
  func objects(_ bucket: String) throws -> [String: String] {
    try command(["objects", bucket]) as? [String: String] ?? [:]
  }

  /// Makes the server answer the next `count` requests of the method below the bucket with this status. Status
  /// 0 breaks the connection off in the middle of the answer.
  func fail(_ bucket: String, _ method: String, count: Int, status: Int) throws {
    _ = try command(["fail", bucket, method, count, status])
  }

  /// Methods and paths of the requests to the bucket so far.
  func requests(_ bucket: String) throws -> [String] {
    try command(["requests", bucket]) as? [String] ?? []
  }

  private static let program = #"""
    import collections, json, logging, os, re, sys, threading
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import s3_backends
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    moto = DomainDispatcherApplication(create_backend_app)
    store = s3_backends["123456789012"]["aws"]
    failures, requests, lock = collections.Counter(), [], threading.Lock()

    def refusal(environ, raw):
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        for plain in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(plain): headers[plain.replace("_", "-").lower()] = environ[plain]
        found = re.match(r"AWS4-HMAC-SHA256 ?Credential=([^/]+)/\d+/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)", headers.get("authorization", ""))
        if not found: return "AccessDenied"
        if found[1] != "the-key": return "InvalidAccessKeyId"
        signed = {name: headers.get(name, "") for name in found[3].split(";")}
        unsigned = [n for n in headers if n.startswith("x-amz-") and n not in signed]
        if unsigned or "host" not in signed: return "AccessDenied"
        request = AWSRequest(environ["REQUEST_METHOD"], "http://" + headers["host"] + raw, headers=signed)
        request.context["timestamp"] = headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials("the-key", "the/secret+"), "s3", found[2])
        wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return None if wanted == found[4] else "SignatureDoesNotMatch"

    def app(environ, start_response):
        raw = environ.get("RAW_URI") or environ["REQUEST_URI"]
        method, bucket = environ["REQUEST_METHOD"], raw.split("?")[0].split("/")[1]
        def error(status, code):
            body = ("<?xml version='1.0'?><Error><Code>%s</Code><Message>no</Message></Error>" % code).encode()
            start_response("%d no" % status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [b"" if method == "HEAD" else body]
        with lock:
            requests.append((bucket, method + " " + raw))
            status = next((s for (b, m, s), n in failures.items() if (b, m) == (bucket, method) and n > 0), None)
            if status is not None: failures[(bucket, method, status)] -= 1
        code = refusal(environ, raw)
        if code: return error(403, code)
        if status == 0:
            start_response("200 OK", [("Content-Length", "1000")])
            return [b"cut"]
        if status is not None: return error(status, "SlowDown" if status == 503 else "InternalError")
        return moto(environ, start_response)

    def command(verb, bucket, *rest):
        if verb == "bucket": store.create_bucket(bucket, "us-east-1")
        elif verb == "put": store.put_object(bucket, rest[0], rest[1].encode())
        elif verb == "objects": return {k: o.value.decode() for k, o in store.buckets[bucket].keys.items()}
        elif verb == "fail":
            with lock: failures[(bucket, rest[0], rest[2])] = rest[1]
        elif verb == "requests":
            with lock: return [r for b, r in requests if b == bucket]

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        print(json.dumps(command(*json.loads(line))), flush=True)
    os._exit(0)
    """#
}
