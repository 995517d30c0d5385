import Foundation

/// Threads that do parts of one thing side by side while their owner waits for all of them. Unlike `Dispatch`, it may have many
/// more threads than there are processors: for work that waits for disks.
public final class Crew: Sendable {
  /// How many parts run at the same time, the owner's own among them.
  public let width: Int
  private let post = Post()

  /// What the threads share with their owner; all but `condition` is used with it locked.
  private final class Post: @unchecked Sendable {
    let condition = NSCondition()
    var body: ((Int) -> Void)?
    /// Grows with each call of `run`.
    var round = 0
    /// Threads that are not done with the present round.
    var left = 0
    var isOver = false

    func serve(_ number: Int) {
      var last = 0
      condition.lock()
      while true {
        while round == last, !isOver { condition.wait() }
        guard !isOver, let body else { break }
        last = round
        condition.unlock()
        body(number)
        condition.lock()
        left -= 1
        if left == 0 { condition.broadcast() }
      }
      condition.unlock()
    }
  }

  /// - Parameter name: of the threads, for debuggers.
  public init(_ name: String, width: Int) {
    self.width = max(1, width)
    for number in 1..<self.width {
      let thread = Thread { [post] in post.serve(number) }
      thread.name = name
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  deinit {
    post.condition.lock()
    post.isOver = true
    post.condition.broadcast()
    post.condition.unlock()
  }

  /// Calls `body` once with each number below `width`, at the same time, and returns when all calls have. Not to be called
  /// from two threads, nor by `body`.
  ///
  /// What `body` touches for one number it must touch for no other: the compiler cannot see that in an index.
  public func run(_ body: (Int) -> Void) {
    guard width > 1 else { return body(0) }
    withoutActuallyEscaping(body) { body in
      post.condition.lock()
      post.body = body
      post.left = width - 1
      post.round += 1
      post.condition.broadcast()
      post.condition.unlock()
      body(0)
      post.condition.lock()
      while post.left > 0 { post.condition.wait() }
      post.body = nil
      post.condition.unlock()
    }
  }
}
