import Foundation

/// The files of this package, for tests of what may stand where.
public struct SourceTree {
  /// The package's directory.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The texts of all files below a folder of the package, by path from the package's directory.
  /// - Parameters:
  ///   - folder: such as `Sources/Metrics`.
  ///   - ending: of their names, such as `.swift`.
  /// - Throws: where the folder or a file cannot be read.
  public static func files(below folder: String, ending: String) throws -> [String: String] {
    let base = root.appendingPathComponent(folder)
    var texts: [String: String] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: base.path)
    where path.hasSuffix(ending) {
      texts["\(folder)/\(path)"] = try String(
        contentsOf: base.appendingPathComponent(path), encoding: .utf8)
    }
    return texts
  }
}
