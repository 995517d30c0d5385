import Glibc
import Support

/// The TCP ports that a cluster tries: the one it had last time, then free ones from a place that
/// depends on its path, so that clusters do not all want the same.
struct PortChoice {
  private var candidates: [UInt16]

  /// Below Linux's ephemeral range, which starts at 32768, and above the well-known crowd.
  private static let range: Range<UInt16> = 20_000..<30_000

  init(_ place: ClusterPlace) {
    let kept = FileSystem.text(place.portFile).flatMap { UInt16($0.filter(\.isNumber)) }
    let hash = Int(ClusterFiles.shortName(of: place.root).suffix(6), radix: 16) ?? 0
    let offset = hash % Self.range.count
    let start = Self.range.lowerBound + UInt16(offset)
    candidates =
      [kept].compactMap { $0 } + Array(start..<Self.range.upperBound)
      + Array(Self.range.lowerBound..<start)
  }

  /// The next port that nobody listens on at this moment.
  mutating func next(triesMax: Int) throws(WarehouseError) -> UInt16 {
    for _ in 0..<triesMax where !candidates.isEmpty {
      let port = candidates.removeFirst()
      if Self.isFree(port) { return port }
    }
    throw WarehouseError(
      .cluster,
      "Found no free TCP port on 127.0.0.1 for PostgreSQL in \(triesMax) tries: "
        + "see what listens there (ss -ltn)", isRetriable: true)
  }

  /// Whether a server could bind the port. With SO_REUSEADDR, as PostgreSQL does it: what is left
  /// of closed connections is no obstacle.
  static func isFree(_ port: UInt16) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var on: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
