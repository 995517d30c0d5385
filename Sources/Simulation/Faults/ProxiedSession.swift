import Glibc
import Synchronization

/// One connection through a `ServerProxy`.
final class ProxiedSession: Sendable {
  private struct Ends {
    var client: Int32
    var server: Int32
    var isClosed = false
  }

  private let ends: Mutex<Ends>

  init(client: Int32, server: Int32) { ends = Mutex(Ends(client: client, server: server)) }

  /// Shuts both connections down, whereupon the thread that runs `pump` closes them.
  func shutDown() {
    ends.withLock { ends in
      guard !ends.isClosed else { return }
      shutdown(ends.client, Int32(SHUT_RDWR))
      shutdown(ends.server, Int32(SHUT_RDWR))
    }
  }

  /// Forwards bytes in both directions until either end is closed.
  func pump(countingWith proxy: ServerProxy) {
    let (client, server) = ends.withLock { ($0.client, $0.server) }
    var messages = MessageBoundaries()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    pumping: while true {
      var polled = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0),
        pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { break }
      if polled[1].revents != 0 {
        guard let count = Self.receive(server, &buffer), Self.send(client, buffer[..<count]) else {
          break
        }
      }
      guard polled[0].revents != 0 else { continue }
      guard let count = Self.receive(client, &buffer) else { break }
      var from = 0
      for start in messages.statements(in: buffer[..<count]) {
        guard let trap = proxy.countStatement() else { continue }
        var answer: [UInt8] = []
        if trap.afterAnswer {
          guard Self.send(server, buffer[from..<count]) else { break pumping }
          from = count
          answer = Self.answer(server)
        } else {
          guard Self.send(server, buffer[from..<start]) else { break pumping }
          from = start
        }
        if case .cut = trap.action() {
          proxy.cut()
          break pumping
        }
        guard Self.send(client, answer[...]) else { break pumping }
      }
      guard Self.send(server, buffer[from..<count]) else { break }
    }
    ends.withLock { ends in
      ends.isClosed = true
      close(ends.client)
      close(ends.server)
    }
  }

  /// The server's answer up to the point at which the server waits for the next statement or for the data of a
  /// COPY.
  private static func answer(_ server: Int32) -> [UInt8] {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var polled = [pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
      guard poll(&polled, 1, 15_000) > 0, let count = receive(server, &buffer) else {
        return answer
      }
      answer += buffer[..<count]
      if answer.suffix(6).starts(with: [UInt8(ascii: "Z"), 0, 0, 0, 5]) { return answer }
      if answer.first == UInt8(ascii: "G") { return answer }
    }
  }

  private static func receive(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int? {
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count > 0 { return count }
      guard count < 0, errno == EINTR else { return nil }
    }
  }

  private static func send(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.send(
          descriptor, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
        if count > 0 { done += count } else if errno != EINTR { return false }
      }
      return true
    }
  }
}

/// Finds the beginnings of messages in the bytes that a client sends, whatever the pieces in which they come.
struct MessageBoundaries {
  /// Bytes of the present message's header so far. The header of a session's first message is only 4 bytes
  /// long, as it has no type.
  private var header: [UInt8] = []
  private var isFirst = true
  /// Bytes of the present message that are still to come.
  private var missing = 0

  /// Indexes into `bytes` of the messages that run a statement: simple queries (`Q`) and executions (`E`).
  mutating func statements(in bytes: ArraySlice<UInt8>) -> [Int] {
    var found: [Int] = []
    var at = bytes.startIndex
    while at < bytes.endIndex {
      if missing > 0 {
        let count = min(missing, bytes.endIndex - at)
        missing -= count
        at += count
        continue
      }
      let length = isFirst ? 4 : 5
      if header.isEmpty, !isFirst,
        bytes[at] == UInt8(ascii: "Q") || bytes[at] == UInt8(ascii: "E")
      {
        found.append(at)
      }
      header.append(bytes[at])
      at += 1
      guard header.count == length else { continue }
      let size = header.suffix(4).reduce(0) { $0 << 8 | Int($1) }
      missing = max(0, size - 4)
      isFirst = false
      header.removeAll(keepingCapacity: true)
    }
    return found
  }
}
