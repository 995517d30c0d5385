import Glibc

/// Finds the directories that come with the program: SQL, the page.
public enum ProgramFiles {
  /// Looks where the environment says; else, from the executable's directory and from the working
  /// directory upwards, in a source tree and in an installation (`PREFIX/share/polyrhythm`); else in
  /// `/usr/share/polyrhythm`.
  /// - Parameters:
  ///   - variable: an environment variable that names the directory itself; taken as it is.
  ///   - inTree: its path in the source tree.
  ///   - installed: its name under `share/polyrhythm`.
  ///   - marker: a path in it that must be there.
  /// - Returns: the directory, or nil where there is none.
  public static func find(
    variable: String, inTree: String, installed: String, marker: String
  ) -> String? {
    if let given = getenv(variable), given.pointee != 0 { return String(cString: given) }
    for start in ["/proc/self/exe", "."] {
      guard let resolved = realpath(start, nil) else { continue }
      defer { free(resolved) }
      var place = String(cString: resolved)
      while !place.isEmpty {
        for candidate in ["\(place)/\(inTree)", "\(place)/share/polyrhythm/\(installed)"]
        where access("\(candidate)/\(marker)", R_OK) == 0 {
          return candidate
        }
        place = String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])
      }
    }
    let last = "/usr/share/polyrhythm/\(installed)"
    return access("\(last)/\(marker)", R_OK) == 0 ? last : nil
  }
}
