import EventLog
import Feed
import Foundation
import Metrics
import Support
import Warehouse

/// What a load would read and touch, in words. Nothing is changed by asking.
public struct LoadPlan {
  /// One line a fact about the load that would be.
  public let lines: [String]

  /// How many partitions are told one by one.
  private static let told = 24

  init(
    _ kind: BatchLoader.Kind, cut: Cut, _ starts: [KernelFeed.Start], in lake: any EventLog,
    _ configuration: BatchLoader.Configuration, published: (build: Int64, load: Int64?)
  ) throws {
    func records(_ start: KernelFeed.Start) -> Int64 { max(0, (start.end ?? 0) - start.from) }
    let all = starts.reduce(0) { $0 + records($1) }
    var lines = [
      "load \(kind.rawValue) would read \(Int(all).grouped) records of \(lake.url), "
        + "up to what is committed now"
    ]
    for start in starts.prefix(Self.told) where records(start) > 0 {
      lines.append(
        "  \(start.source): \(Int(records(start)).grouped), from offset \(start.from) up to \(start.end ?? 0)"
      )
    }
    if starts.count > Self.told {
      lines.append("  and \(starts.count - Self.told) more partitions")
    }
    if cut.reserved > 0 {
      lines.append(
        "\(cut.reserved) partitions have records that no speed worker has counted; the load would count them "
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
    switch kind {
    case .incremental: lines.append("it would add to \(state)")
    case .full where configuration.days != nil:
      lines.append("it would put these days in the place of those of \(state)")
    case .full: lines.append("it would make a build of its own, in the place of \(state)")
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
    var cut = try CutMaker(
      connection: control, library: library, lake: lake, run: 0, toleratesLoss: true,
      farBehind: configuration.farBehind, reserves: !configuration.isShadow, stop: StopToken()
    ).preview()
    if configuration.days == nil { cut.passed = try passed(kind, cut, control) }
    let starts =
      configuration.days == nil
      ? try self.starts(kind, cut, control)
      : try LakeRecomputation.starts(lake, control, library)
    let published = try control.run(library.sql("batch/published_build"))
    return try LoadPlan(
      kind, cut: cut, starts, in: lake, configuration,
      published: (try published.int(0, 0), try published.intOrNull(0, 1)))
  }
}
