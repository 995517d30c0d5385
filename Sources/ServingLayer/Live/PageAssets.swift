import Glibc
import Support

/// The files of the live page, read once at the start. A client can fetch what is in this list and nothing else: the
/// path of a request never reaches the file system.
struct PageAssets: Sendable {
  /// By request path.
  let files: [String: StoredAnswer]
  /// A line for the log for each file that was not found.
  let missing: [String]

  /// Where Debian's libjs-chart.js and its relatives put Chart.js.
  static let chartLibraryPlaces = [
    "/usr/share/javascript/chart.js/chart.min.js",
    "/usr/share/javascript/chart.js/Chart.min.js",
    "/usr/share/nodejs/chart.js/dist/chart.min.js",
    "/usr/share/polyrhythm/page/chart.js",
  ]

  private static let own = [
    (Route.page.path, "index.html", "text/html; charset=utf-8"),
    ("/assets/app.js", "app.js", "text/javascript; charset=utf-8"),
    ("/assets/charts.js", "charts.js", "text/javascript; charset=utf-8"),
    ("/assets/style.css", "style.css", "text/css; charset=utf-8"),
  ]

  /// Finds the page's folder: `POLYRHYTHM_PAGE`, else `Sources/ServingLayer/Page` in a folder above
  /// the executable or the working directory, else `/usr/share/polyrhythm/page`.
  init() {
    self.init(folder: Self.folder(), chartLibraryPlaces: Self.chartLibraryPlaces)
  }

  /// - Parameters:
  ///   - folder: of the page's own files; nil where there is none.
  ///   - chartLibraryPlaces: paths of which the first that can be read is served as Chart.js.
  init(folder: String?, chartLibraryPlaces: [String]) {
    var files: [String: StoredAnswer] = [:]
    var missing: [String] = []
    for (path, name, contentType) in Self.own {
      if let folder, let bytes = Self.read(folder + "/" + name) {
        files[path] = Self.file(contentType, bytes)
      } else {
        missing.append(
          "The page's \(name) was not found; set POLYRHYTHM_PAGE to the folder that has it")
      }
    }
    if let bytes = chartLibraryPlaces.lazy.compactMap(Self.read).first {
      files["/assets/chart.js"] = Self.file("text/javascript; charset=utf-8", bytes)
    } else {
      missing.append(
        "Chart.js was not found in \(chartLibraryPlaces.joined(separator: ", ")); "
          + "the page shows no charts until libjs-chart.js is installed")
    }
    self.files = files
    self.missing = missing
  }

  private static func file(_ contentType: String, _ bytes: [UInt8]) -> StoredAnswer {
    StoredAnswer(contentType, AnswerBytes(bytes), caching: "no-cache")
  }

  private static func folder() -> String? {
    ProgramFiles.find(
      variable: "POLYRHYTHM_PAGE", inTree: "Sources/ServingLayer/Page", installed: "page",
      marker: "index.html")
  }

  private static func read(_ path: String) -> [UInt8]? { try? FileBytes.read(path).get() }
}

/// Reads small files whole.
enum FileBytes {
  struct Unreadable: Error {
    /// What the system says.
    var reason: String
  }

  static func read(_ path: String) -> Result<[UInt8], Unreadable> {
    guard let file = fopen(path, "rb") else {
      return .failure(Unreadable(reason: String(cString: strerror(errno))))
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    if ferror(file) != 0 { return .failure(Unreadable(reason: String(cString: strerror(errno)))) }
    return .success(bytes)
  }
}
