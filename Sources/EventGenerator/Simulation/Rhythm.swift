/// When people are on the site: a clock that runs at different speed by day and by night, and days
/// on which fewer sessions begin.
struct Rhythm {
  /// The strongest damping under which the warped clock runs forward all day: just below 1/2π.
  static let maxDamping = 0.159

  private let amplitude: Double
  private let weekendDamping: Double
  private let weekendLead: Int64
  private let weekendRamp: Int64

  private static let dayLength = Double(CivilTime.millisecondsPerDay)
  private static let lowPoint = 3.0 * 3_600_000

  init(damping: Double, weekendDamping: Double, offsetMinutes: Int, scaleMinutes: Int) {
    amplitude = damping * Self.dayLength
    self.weekendDamping = weekendDamping
    weekendLead = Int64(offsetMinutes) * 60_000
    weekendRamp = Int64(scaleMinutes) * 60_000
  }

  init(_ config: GeneratorConfig) {
    self.init(
      damping: config.damping, weekendDamping: config.weekendDamping,
      offsetMinutes: config.weekendDampingOffset, scaleMinutes: config.weekendDampingScale)
  }

  /// Wall time t (ms since 1970) of a time u of the even clock: t = u + d·D·sin(2π(u - 3 h)/D), where d is
  /// the damping and D is a day. Where the sine rises, around 3 am, wall time runs fast, and arrivals that
  /// are even on u are spread thin.
  func warp(_ even: Double) -> Double {
    even + amplitude * Elementary.sin(turns: phase(even))
  }

  /// The even clock's time at a wall time: the inverse of `warp`, to well below a millisecond.
  func unwarp(_ wall: Double) -> Double {
    guard amplitude > 0 else { return wall }
    var low = wall - amplitude
    var high = wall + amplitude
    var guess = wall
    // Newton's method, kept within a bracket that halves whenever a step would leave it.
    for _ in 0..<60 {
      let error = warp(guess) - wall
      if error.magnitude < 0.01 { break }
      if error > 0 { high = guess } else { low = guess }
      let slope = 1 + amplitude * 2 * .pi / Self.dayLength * Elementary.cos(turns: phase(guess))
      let step = guess - error / slope
      guess = step > low && step < high ? step : (low + high) / 2
    }
    return guess
  }

  /// The time since the day's low point, in turns (days), 0 to below 1.
  private func phase(_ time: Double) -> Double {
    let sinceLow = (time - Self.lowPoint) / Self.dayLength
    return sinceLow - sinceLow.rounded(.down)
  }

  /// The share of sessions that do not begin at this wall time because the day is free. The share goes from
  /// one day's value to the next day's in a straight line that begins `weekend-damping-offset` minutes
  /// before midnight and takes `weekend-damping-scale` minutes.
  func dropShare(at wall: Int64) -> Double {
    guard weekendDamping > 0 else { return 0 }
    let shifted = wall + weekendLead
    let day = CivilTime.day(of: shifted)
    let today = CivilTime.isFree(day: day) ? weekendDamping : 0
    let sinceRampBegan = shifted - day * CivilTime.millisecondsPerDay
    if sinceRampBegan >= weekendRamp { return today }
    let yesterday = CivilTime.isFree(day: day - 1) ? weekendDamping : 0
    return yesterday + (today - yesterday) * Double(sinceRampBegan) / Double(weekendRamp)
  }
}
