import Metrics
import Testing

@Suite struct DeviceTests {
  @Test(arguments: [
    (
      "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/36.0.1985.143 Safari/537.36", "desktop", "Windows", "Chrome"
    ),
    (
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.77.4 (KHTML, like Gecko) "
        + "Version/7.0.5 Safari/537.77.4", "desktop", "macOS", "Safari"
    ),
    (
      "Mozilla/5.0 (Windows NT 6.3; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
      "desktop", "Windows", "Firefox"
    ),
    (
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
      "desktop", "Linux", "Firefox"
    ),
    (
      "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0; Tablet PC 2.0)",
      "desktop", "Windows", "Internet Explorer"
    ),
    (
      "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
      "desktop", "Windows", "Internet Explorer"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like "
        + "Gecko) Version/7.0 Mobile/11D257 Safari/9537.53", "mobile", "iOS", "Safari"
    ),
    (
      "Mozilla/5.0 (iPad; CPU OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like Gecko) "
        + "Version/7.0 Mobile/11D257 Safari/9537.53", "tablet", "iPadOS", "Safari"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        + "Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1", "mobile", "iOS", "Chrome"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        + "Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "mobile", "iOS", "Firefox"
    ),
    (
      "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/126.0.0.0 Mobile Safari/537.36", "mobile", "Android", "Chrome"
    ),
    (
      "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/126.0.0.0 Safari/537.36", "tablet", "Android", "Chrome"
    ),
    (
      "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
      "mobile", "Android", "Samsung Internet"
    ),
    (
      "Mozilla/5.0 (Linux; U; Android 4.1.2; en-us; GT-I9300) AppleWebKit/534.30 (KHTML, like "
        + "Gecko) Version/4.0 Mobile Safari/534.30", "mobile", "Android", "Android Browser"
    ),
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.56", "desktop", "Windows", "Edge"
    ),
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0", "desktop", "Windows", "Opera"
    ),
    (
      "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/126.0.0.0 Safari/537.36", "desktop", "ChromeOS", "Chrome"
    ),
    (
      "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; rv:11.0; "
        + "IEMobile/11.0; NOKIA; Lumia 520) like iPhone OS 7_0_3 Mac OS X AppleWebKit/537 (KHTML, "
        + "like Gecko) Mobile Safari/537", "mobile", "Windows Phone", "Internet Explorer"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        + "Gecko) Mobile/15E148", "mobile", "iOS", "WebView"
    ),
    (
      "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Version/6.0 TV Safari/537.36", "tv", "Tizen", "Safari"
    ),
    (
      "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/79.0.3945.79 Safari/537.36 WebAppManager", "tv", "webOS", "Chrome"
    ),
    (
      "Mozilla/5.0 (Linux; Android 7.1.2; AFTMM Build/NS6265) AppleWebKit/537.36 (KHTML, like "
        + "Gecko) Silk/90.2 like Chrome/90.0.4430.210 Safari/537.36", "tv", "Android", "Silk"
    ),
    ("AppleTV11,1/11.1", "tv", "tvOS", "unknown"),
    (
      "Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        + "Version/13.0 Safari/605.1.15", "console", "PlayStation", "Safari"
    ),
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like "
        + "Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02", "console", "Windows", "Edge"
    ),
    (
      "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like "
        + "Gecko) Chrome/125.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; "
        + "+http://www.google.com/bot.html)", "bot", "Android", "Chrome"
    ),
    ("curl/8.5.0", "bot", "unknown", "curl"),
    ("python-requests/2.31.0", "bot", "unknown", "python-requests"),
    ("okhttp/4.9.0", "unknown", "unknown", "okhttp"),
    ("Spotify/8.9.44 iOS/17.5 (iPhone14,5)", "mobile", "iOS", "Spotify"),
    ("Spotify/8.9.44 Android/33 (SM-S911B)", "mobile", "Android", "Spotify"),
    (
      "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230805.001)",
      "mobile", "Android", "Dalvik"
    ),
  ])
  func readsTheUsualUserAgents(
    userAgent: String, deviceType: String, os: String, browser: String
  ) {
    let device = Device(deviceType: deviceType, os: os, browser: browser)
    #expect(Device(userAgent: userAgent) == device)
    // eventsim writes user agents with these quotes around them.
    #expect(Device(userAgent: "\"\(userAgent)\"") == device)
    #expect(Device(userAgent: " \\\"\(userAgent)\\\" \n") == device)
    if userAgent.hasPrefix("Mozilla/") {
      #expect(Device(userAgent: userAgent.uppercased()) == device)
    }
  }

  @Test(arguments: ["", "-", "\"\"", "\"", " ", "/", "Mozilla/5.0", "\u{1F3B5}/1.0", "?<x>/2"])
  func whatSaysNothingIsUnknown(userAgent: String) {
    #expect(Device(userAgent: userAgent) == .unknown)
  }

  @Test func aFirstWordThatIsNoNameIsNotTakenForOne() {
    #expect(Device(userAgent: String(repeating: "x", count: 33) + "/1").browser == "unknown")
    #expect(Device(userAgent: String(repeating: "x", count: 32) + "/1").browser != "unknown")
  }

  @Test func anyBytesWillDo() {
    for first in UInt8.min...UInt8.max {
      let bytes: [UInt8] = [first, 0xff, 0x00, 0x2f, 0x80]
      #expect(bytes.withUnsafeBufferPointer { Device(userAgent: $0) } == .unknown)
    }
  }
}
