import Foundation

/// A listener for HTTP on 127.0.0.1 that keeps what is posted to it, in a Python process that ends with this object.
public final class HookListener {
  /// Where to post to.
  public let url: String
  private let process = Process()
  private let input = Pipe()
  private let file: String

  /// - Parameters:
  ///   - directory: for the file with what was posted.
  ///   - statuses: the answers, in order; the last one goes on.
  public init(in directory: String, answering statuses: [Int]) throws {
    file = "\(directory)/posted-\(UUID().uuidString)"
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", Self.program, file, statuses.map(String.init).joined(separator: ","),
    ]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
      line.append(byte)
    }
    url = "http://127.0.0.1:\(String(decoding: line, as: UTF8.self))/secret/path"
  }

  deinit { process.terminate() }

  /// The documents that were posted so far.
  public var posted: [[String: Any]] {
    let text = FileManager.default.contents(atPath: file).map {
      String(decoding: $0, as: UTF8.self)
    }
    return (text ?? "").split(separator: "\n").map {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) ?? [:]
    }
  }

  private static let program = """
    import http.server, os, sys, threading
    statuses = [int(word) for word in sys.argv[2].split(',')]
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            if self.path != '/secret/path' or self.headers['Content-Type'] != 'application/json':
                body = b'{}'
            with open(sys.argv[1], 'ab') as file:
                file.write(body + b'\\n')
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header('Content-Length', '0')
            self.end_headers()
        def log_message(self, *words):
            pass
    def end_with_the_test():
        sys.stdin.read()
        os._exit(0)
    threading.Thread(target=end_with_the_test, daemon=True).start()
    server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
}
