/// Why bytes are not one of our sketches.
public enum SketchError: Error, Equatable, CustomStringConvertible {
  /// Fewer bytes than the header has.
  case truncated(count: Int)
  /// A schema version other than 1: the version that was found.
  case version(Int)
  /// Another log2m, regwidth, expthresh or sparseon: the parameter byte and the cutoff byte that were
  /// found.
  case parameters(UInt8, UInt8)
  /// The data does not fit the header: what is wrong with the data.
  case malformed(String)

  /// What was found, what was expected, and what to do.
  public var description: String {
    switch self {
    case .truncated(let count):
      "distinct sketch of \(count) bytes, which is less than its header; the column is damaged"
    case .version(let version):
      "distinct sketch of schema version \(version), only 1 is known; store it as hll(12,5,-1,1)"
    case .parameters(let parameters, let cutoff):
      "distinct sketch with log2m \(parameters & 0x1f), regwidth \(parameters >> 5 + 1), "
        + "cutoff byte \(cutoff); expected hll(12,5,-1,1), rebuild the column with these parameters"
    case .malformed(let what):
      "damaged distinct sketch (\(what)); rebuild the row that it came from"
    }
  }
}
