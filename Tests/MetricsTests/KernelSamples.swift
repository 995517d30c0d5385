import EventModel
import Foundation
import Synchronization

/// An event as a plain value, which the oracle computes with and the kernel is fed with.
struct Sample {
  var topic = Topic.listen
  var ts: Int64 = 0
  var user: Int64?
  var session: Int64 = 1
  var item: Int64 = 0
  var level = "free"
  var gender = ""
  var firstName = ""
  var lastName = ""
  var registration: Int64?
  var city = ""
  var state = ""
  var zip = ""
  var country = ""
  var agent = ""
  var auth = ""
  var artist = ""
  var song = ""
  var duration: Double?
  var success: Bool?
  var page = ""
  var method = ""
  var status: Int32?
  /// The event's keys once they have been worked out, since that takes most of the oracle's time.
  var known: TwinKey?

  /// The same event with slices over memory that lives as long as the process.
  var event: Event {
    var event = Event(topic: topic)
    event.ts = ts
    event.userId = user
    event.sessionId = session
    event.itemInSession = item
    event.level = Vocabulary.slice(level)
    event.gender = Vocabulary.slice(gender)
    event.firstName = Vocabulary.slice(firstName)
    event.lastName = Vocabulary.slice(lastName)
    event.registration = registration
    event.city = Vocabulary.slice(city)
    event.state = Vocabulary.slice(state)
    event.zip = Vocabulary.slice(zip)
    event.country = Vocabulary.slice(country)
    event.userAgent = Vocabulary.slice(agent)
    event.auth = Vocabulary.slice(auth)
    event.artist = Vocabulary.slice(artist)
    event.song = Vocabulary.slice(song)
    event.duration = duration
    event.success = success
    event.page = Vocabulary.slice(page)
    event.method = Vocabulary.slice(method)
    event.status = status
    return event
  }
}

/// The bytes of texts, which are never freed, as test vocabularies are small.
enum Vocabulary {
  private static let addresses = Mutex<[String: UInt]>([:])

  static func slice(_ text: String) -> ByteSlice {
    if text.isEmpty { return .empty }
    let count = text.utf8.count
    let address = addresses.withLock { known in
      if let address = known[text] { return address }
      let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
      _ = bytes.initialize(from: text.utf8)
      let address = UInt(bitPattern: bytes.baseAddress!)
      known[text] = address
      return address
    }
    return ByteSlice(start: UnsafePointer(bitPattern: address), count: count)
  }
}

/// The three topics of one partition number, each in offset order. An offset is an index times
/// `offsetStride` plus 7, as offsets need neither begin at 0 nor be dense.
struct SampleLog {
  static let offsetStride: Int64 = 3
  var topics: [[Sample]] = [[], [], []]

  static func offset(_ index: Int) -> Int64 { Int64(index) * offsetStride + 7 }
  /// The index of the first record at or after an offset.
  static func index(_ offset: Int64) -> Int {
    max(0, Int((offset - 7 + offsetStride - 1) / offsetStride))
  }

  subscript(topic: Topic) -> [Sample] {
    get { topics[Int(topic.rawValue)] }
    set { topics[Int(topic.rawValue)] = newValue }
  }

  var counts: [Int] { topics.map(\.count) }

  /// The first records of each topic.
  func prefix(_ counts: [Int]) -> SampleLog {
    SampleLog(topics: zip(topics, counts).map { Array($0.prefix($1)) })
  }
}

/// The seeds for a property test: a fixed few, or the one in POLYRHYTHM_SEED.
func kernelSeeds(_ count: Int) -> [UInt64] {
  if let text = ProcessInfo.processInfo.environment["POLYRHYTHM_SEED"], let seed = UInt64(text) {
    return [seed]
  }
  return Array(1...UInt64(count))
}

extension SketchSeed {
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Double) -> Bool {
    Double(next() % 1_000_000) < percent * 10_000
  }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}

/// A random stream over vocabularies so small that everything collides: sessions of several users
/// under one number, equal timestamps, redeliveries, events out of order and out of the window.
struct SampleStream {
  var random: SketchSeed
  var latenessMs: Int64
  /// True for records more than a day ahead, some of a site that has gone on and some of wild clocks.
  var leaps = true
  /// True for pauses of up to three hours.
  var pauses = true
  private var clock: Int64 = 1_767_225_600_000
  private let tick: Int64
  private let step: Int

  init(seed: UInt64, latenessMs: Int64, leaps: Bool = true) {
    random = SketchSeed(state: seed)
    self.latenessMs = latenessMs
    self.leaps = leaps
    tick = random.pick([1, 1000, 15_000])
    step = random.pick([2000, 20_000, 120_000])
  }

  mutating func log(_ count: Int) -> SampleLog {
    var log = SampleLog()
    for _ in 0..<count {
      let topic = random.pick([Topic.listen, .listen, .listen, .pageView, .pageView, .auth])
      var sample = random.chance(8) ? again(log[topic]) ?? sample(topic) : sample(topic)
      sample.known = TwinKey(sample)
      log[topic].append(sample)
    }
    return log
  }

  /// A redelivery of a recent event, now and then with other content.
  private mutating func again(_ earlier: [Sample]) -> Sample? {
    guard !earlier.isEmpty else { return nil }
    var sample = earlier[max(0, earlier.count - 1 - random.below(20))]
    sample.known = nil
    if random.chance(20) {
      sample.song = random.pick(["a", "b", ""])
      sample.duration = random.pick([61, 5000, nil])
    }
    return sample
  }

  private mutating func time() -> Int64 {
    clock += Int64(random.below(step))
    if pauses && random.chance(1) { clock += Int64(random.below(3 * 3_600_000)) }
    var ts = clock
    if leaps && random.chance(0.7) { clock += 86_400_000 + Int64(random.below(90_000_000)) }
    switch random.below(100) {
    case 0..<60: break
    case 60..<85: ts -= Int64(random.below(60_000))
    case 85..<95: ts -= Int64(random.below(Int(latenessMs) + 1))
    case 95..<98: ts -= latenessMs + Int64(random.below(Int(latenessMs) * 2 + 60_000))
    case 98: ts -= latenessMs
    default:
      if leaps {
        ts += random.pick([86_400_000, 86_400_001, 100_000_000, 400_000, 18_000_000, 50_000_000])
      }
    }
    return ts / tick * tick
  }

  private mutating func sample(_ topic: Topic) -> Sample {
    var sample = Sample(topic: topic)
    sample.ts = time()
    sample.user = random.pick([1, 1, 2, 3, nil])
    sample.session = Int64(random.pick([1, 1, 1, 2, 3]))
    sample.item = Int64(random.below(4))
    sample.level = random.pick(["free", "paid"])
    if sample.user != nil {
      sample.gender = random.pick(["F", "F", "M", ""])
      sample.firstName = random.pick(["Ann", "Bo"])
      sample.lastName = "Lee"
      sample.registration = random.pick([nil, 1_700_000_000_000])
    }
    sample.city = random.pick(["Rome", "Rome", ""])
    sample.state = random.pick(["NY", ""])
    sample.country = random.pick(["", "US", "IT"])
    sample.agent = random.pick(["", "Mozilla/5.0 (X11; Linux x86_64)", "curl/8"])
    sample.auth = random.pick(["Logged In", "Guest"])
    switch topic {
    case .auth: sample.success = random.chance(70)
    case .listen: song(&sample)
    case .pageView:
      sample.page = random.pick([
        "Thumbs Up", "Thumbs Up", "Thumbs Down", "Add to Playlist", "Share", "Add Friend",
        "Roll Advert", "Home", "NextSong",
      ])
      sample.method = random.pick(["GET", "PUT", ""])
      sample.status = random.pick([200, 200, 307, 400, 404, 0, nil])
      if random.chance(25) { song(&sample) }
    }
    return sample
  }

  private mutating func song(_ sample: inout Sample) {
    sample.artist = random.pick(["x", "y", "y", ""])
    sample.song = random.pick(["a", "b", "c", ""])
    sample.duration = random.pick([10, 30, 33.3, 45, 200, 200, 240.126, 4000, nil, 0, 0.0003])
  }
}
