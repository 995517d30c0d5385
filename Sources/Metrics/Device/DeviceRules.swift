/// The rules by which `Device` reads a user agent, all of them.
///
/// A rule fits where any token of `anyOf`, every token of `allOf` and no token of `noneOf` occurs in
/// the lower-cased user agent. In each table the first rule that fits decides, so the particular
/// stands before the general: a browser that also claims to be Chrome comes before Chrome.
enum DeviceRules {
  struct Rule: Sendable {
    var name: String
    /// Lower case.
    var anyOf: [String]
    var allOf: [String] = []
    var noneOf: [String] = []

    init(_ name: String, _ anyOf: [String], allOf: [String] = [], noneOf: [String] = []) {
      self.name = name
      self.anyOf = anyOf
      self.allOf = allOf
      self.noneOf = noneOf
    }
  }

  static let unknown = "unknown"

  /// Bytes. A longer first word is not taken for the name of an app.
  static let productNameMax = 32

  /// Order: bots pose as browsers of any kind; televisions and consoles run Android, Linux and
  /// Windows; a tablet has the tokens of its system's phones; any other device is a phone or a desktop.
  static let deviceTypes = [
    Rule(
      "bot",
      [
        "bot/", "bot;", "bot)", "googlebot", "bingbot", "+http", "crawler", "spider", "slurp",
        "facebookexternalhit", "headlesschrome", "phantomjs", "curl/", "wget/", "python-requests",
        "python-urllib", "aiohttp", "go-http-client", "libwww-perl", "scrapy",
      ]),
    Rule("console", ["playstation", "xbox", "nintendo"]),
    Rule(
      "tv",
      [
        "smart-tv", "smarttv", "smart tv", "appletv", "apple tv", "tvos", "googletv", "google tv",
        "android tv", "hbbtv", "web0s", "netcast", "roku", "crkey", "bravia", "viera", "; aft",
      ]),
    Rule("tablet", ["ipad", "playbook", "kindle", "silk-accelerated"]),
    Rule("tablet", ["tablet"], noneOf: ["tablet pc"]),
    // Browsers of Android phones say "Mobile", those of tablets do not. Apps say neither.
    Rule("tablet", ["android"], allOf: ["mozilla/"], noneOf: ["mobile"]),
    Rule(
      "mobile",
      [
        "iphone", "ipod", "android", "windows phone", "iemobile", "blackberry", "bb10",
        "opera mini",
        "mobile", "tizen",
      ]),
    Rule("desktop", ["windows", "macintosh", "mac os x", "cros ", "linux", "x11"]),
  ]

  /// Order: Microsoft's phones name Android and iOS; Apple's phones name macOS; Android and ChromeOS
  /// name Linux.
  static let systems = [
    Rule("Windows Phone", ["windows phone", "iemobile"]),
    Rule("tvOS", ["appletv", "apple tv", "tvos"]),
    Rule("iPadOS", ["ipad"]),
    Rule("iOS", ["iphone", "ipod", "ios/", "ios "]),
    Rule("Android", ["android", "dalvik", "silk-accelerated"]),
    Rule("Windows", ["windows"]),
    Rule("ChromeOS", ["cros "]),
    Rule("macOS", ["macintosh", "mac os x", "macos"]),
    Rule("PlayStation", ["playstation"]),
    Rule("Nintendo", ["nintendo"]),
    Rule("Tizen", ["tizen"]),
    Rule("webOS", ["web0s"]),
    Rule("Roku", ["roku"]),
    Rule("BlackBerry", ["blackberry", "bb10", "playbook"]),
    Rule("Linux", ["linux", "x11", "ubuntu"]),
  ]

  /// Order: browsers built on Chrome, then Chrome, then browsers that name Safari only, then Safari.
  static let browsers = [
    Rule("Edge", ["edg/", "edge/", "edga/", "edgios/"]),
    Rule("Opera", ["opr/", "opera", "opios/", "opt/"]),
    Rule("Samsung Internet", ["samsungbrowser/"]),
    Rule("Vivaldi", ["vivaldi/"]),
    Rule("Yandex Browser", ["yabrowser/"]),
    Rule("UC Browser", ["ucbrowser/"]),
    Rule("Silk", ["silk/", "silk-accelerated"]),
    Rule("Spotify", ["spotify/"]),
    Rule("Internet Explorer", ["msie ", "trident/", "iemobile/"]),
    Rule("Firefox", ["firefox/", "fxios/"], noneOf: ["seamonkey/"]),
    Rule("Chrome", ["crios/"]),
    Rule("Chrome", ["chrome/", "chromium/", "headlesschrome/"]),
    Rule("Android Browser", ["android"], allOf: ["version/", "safari/"]),
    Rule("Safari", ["safari/"]),
    // An app that shows a page in the system's web view has the engine but no browser's name.
    Rule("WebView", ["applewebkit/"]),
  ]
}
