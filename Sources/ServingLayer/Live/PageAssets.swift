import Glibc
import Support

/// The files of the live page, read once at the start. A client can fetch what is in this list and nothing else: the
/// path of a request never reaches the file system.
struct PageAssets: Sendable {
  /// By request path.
  let files: [String: StoredAnswer]
  /// A line for the log for each file that was not found.
  let missing: [String]

  /// Of this installation: read once, and compressed once, however many servers a process has.
  static let installed = PageAssets()

  /// Where Debian's libjs-chart.js and its relatives put Chart.js.
  static let chartLibraryPlaces = [
    "/usr/share/javascript/chart.js/chart.min.js",
    "/usr/share/javascript/chart.js/Chart.min.js",
    "/usr/share/nodejs/chart.js/dist/chart.min.js",
    "/usr/share/polyrhythm/page/chart.js",
  ]

  /// What the page consists of, by the ending of the file's name; other files in its folder are not served.
  private static let contentTypes = [
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
  ]
  private static let start = "index.html"

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
    for name in folder.map(FileSystem.sortedNames(in:)) ?? [] {
      guard let folder, let contentType = Self.contentTypes[Self.ending(name)],
        let bytes = Self.read(folder + "/" + name)
      else { continue }
      let path = name == Self.start ? Route.page.path : "/assets/" + name
      files[path] = Self.file(contentType, Self.ending(name) == "html" ? bytes : Self.bare(bytes))
    }
    if files[Route.page.path] == nil {
      missing.append(
        "The page's \(Self.start) was not found; set POLYRHYTHM_PAGE to the folder that has it")
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

  /// A script or style without the comments that have a line of their own, and without what lines are indented by: a tenth of what
  /// goes over the wire is words for those who read the source. Lines keep their numbers.
  static func bare(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      if number > 0 { result.append(0x0A) }
      let text = line.drop { $0 == 0x20 }
      let isComment =
        text.starts(with: "//".utf8)
        || (text.starts(with: "/*".utf8) && text.suffix(2).elementsEqual("*/".utf8))
      if !isComment { result += text }
    }
    return result
  }

  private static func folder() -> String? {
    ProgramFiles.find(
      variable: "POLYRHYTHM_PAGE", inTree: "Sources/ServingLayer/Page", installed: "page",
      marker: start)
  }

  private static func ending(_ name: String) -> String {
    name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
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
