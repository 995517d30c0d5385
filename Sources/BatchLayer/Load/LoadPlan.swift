import EventLog
import Feed
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// What a load would read and touch, in words. Nothing is changed by asking.
public struct LoadPlan {
  /// One line a fact about the load that would be.
  public let lines: [String]

  /// How many partitions are told one by one.
  private static let told = 24

  /// Days that would be made anew, and how many facts of each table are published of them.
  struct Days {
    var days: ClosedRange<CalendarDay>
    var facts: [(table: String, count: Int64)]
  }

  init(
    _ kind: BatchLoader.Kind, reserved: Int, _ starts: [KernelFeed.Start], in lake: any EventLog,
    published: (build: Int64, load: Int64?), days: Days?
  ) throws {
    func records(_ start: KernelFeed.Start) -> Int64 { max(0, (start.end ?? 0) - start.from) }
    let all = starts.reduce(0) { $0 + records($1) }
    var lines = [
      "load \(kind.rawValue) would read \(Int(all).grouped) records of \(lake.url), "
        + (days == nil ? "up to what is committed now" : "up to what is published")
    ]
    let inOrder = starts.sorted { $0.source < $1.source }
    for start in inOrder.prefix(Self.told) where records(start) > 0 {
      lines.append(
        "  \(start.source): \(Int(records(start)).grouped), from offset \(start.from) up to \(start.end ?? 0)"
      )
    }
    if starts.count > Self.told {
      lines.append("  and \(starts.count - Self.told) more partitions")
    }
    if reserved > 0 {
      lines.append(
        "\(reserved) partitions have records that no speed worker has counted; the load would count them "
          + "in their place")
    }
    if let first = try EventTimeEstimate.earliest(in: lake, starts),
      let last = try EventTimeEstimate.farthest(in: lake, starts)
    {
      lines.append("event time: about \(ISOTime.text(first)) to \(ISOTime.text(last))")
    }
    let state =
      published.load.map { "build \(published.build), published by load \($0)" }
      ?? "nothing, as nothing was published yet"
    switch (kind, days) {
    case (.incremental, _): lines.append("it would add to \(state)")
    case (.full, let days?):
      lines.append(
        "it would put the days from \(days.days.lowerBound.text) to \(days.days.upperBound.text) in the place of "
          + "those of \(state), which have "
          + days.facts.map { "\($1.grouped) rows of \($0)" }.joined(separator: ", "))
    case (.full, nil):
      lines.append("it would make a build of its own, in the place of \(state)")
    }
    self.lines = lines
  }
}

extension BatchLoader {
  /// Says what a load would read and touch if it began now.
  /// - Throws: what `load` throws before it reads; `.locked` where the speed layer's epoch was in use.
  public func plan(_ kind: Kind) throws -> LoadPlan {
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load",
      idleTransactionSeconds: Self.idleLimit)
    let isFirst = try isFirst(control)
    if configuration.days != nil, isFirst { throw LoadError.nothingPublished }
    let kind = kind == .incremental && isFirst ? .full : kind
    let row = try control.run(library.sql("batch/published_build"))
    let published = (build: try row.int(0, 0), load: try row.intOrNull(0, 1))
    if let days = configuration.days {
      return try LoadPlan(
        kind, reserved: 0, LakeRecomputation.starts(lake, control, library), in: lake,
        published: published, days: facts(of: days, published.build, control))
    }
    var cut = try CutMaker(
      connection: control, library: library, lake: lake, run: 0, toleratesLoss: true,
      farBehind: configuration.farBehind, reserves: !configuration.isShadow, stop: StopToken()
    ).preview()
    cut.passed = try passed(kind, cut, control)
    return try LoadPlan(
      kind, reserved: cut.reserved, self.starts(kind, cut, control), in: lake,
      published: published, days: nil)
  }

  private func facts(
    of days: ClosedRange<Int32>, _ build: Int64, _ control: Connection
  ) throws -> LoadPlan.Days {
    let days = CalendarDay(number: days.lowerBound)...CalendarDay(number: days.upperBound)
    let first = Int64(days.lowerBound.number) * KnownFacts.dayMs
    let end = Int64(days.upperBound.next.number) * KnownFacts.dayMs
    let counts = try FactTable.allCases.map { fact in
      (
        fact.name,
        try BuildTables(build: build).places(fact).count(
          control, library, from: .timestamp(milliseconds: first),
          to: .timestamp(milliseconds: end))
      )
    }
    return LoadPlan.Days(days: days, facts: counts)
  }
}
