import Dispatch

/// Calls `body` once for each of the numbers below `count`, at the same time, and returns when all calls have: their
/// results in order, or the error of the first of them that threw.
///
/// The calls run on several threads while the caller waits, so what `body` touches for one number it must touch for no
/// other. That is the caller's promise, as the compiler cannot see it in an index.
func concurrently<Value>(_ count: Int, _ body: (Int) throws -> Value) throws -> [Value] {
  guard count > 1 else { return try (0..<count).map(body) }
  var results = [Result<Value, any Error>?](repeating: nil, count: count)
  withoutActuallyEscaping(body) { body in
    results.withUnsafeMutableBufferPointer { places in
      nonisolated(unsafe) let places = places
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: count) { number in
        places[number] = Result { try body(number) }
      }
    }
  }
  return try results.map { try $0!.get() }
}
