import Glibc

/// What this process is called where others wait for it: `process 4711 on host`.
public enum ProcessName {
  /// Made once; a host without a name is `an unknown host`.
  public static let own: String = {
    var name = [CChar](repeating: 0, count: 256)
    let host =
      gethostname(&name, name.count - 1) == 0
      ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      : "an unknown host"
    return "process \(getpid()) on \(host)"
  }()
}
