import EventLog
import StarSchema
import Warehouse

/// Compares the warehouse with the lake below the published cut: every record of the lake was counted, was
/// recognised as a redelivery, or is in quarantine; and there are as many facts as events were counted.
public struct LakeCheck {
  private let lake: any EventLog
  private let library: SQLLibrary

  /// - Parameter lake: the lake that the loads read.
  public init(lake: any EventLog, library: SQLLibrary) {
    self.lake = lake
    self.library = library
  }

  /// - Returns: one finding with all that does not agree; empty where everything does.
  /// - Throws: `EventLogError` where the lake cannot be read, `WarehouseError` where the server does not answer.
  public func run(_ connection: Connection) throws -> [Checks.Finding] {
    let rows = try connection.run(library.sql("batch/read_progress"))
    var inLake: Int64 = 0
    var dropped: Int64 = 0
    var examples: [String] = []
    for row in 0..<rows.count {
      let source = try rows.source(row)
      let next = try rows.int(row, 2)
      guard try lake.partitionCount(of: source.topic) > Int(source.partition) else {
        if next > 0 { examples.append("\(source): loaded up to offset \(next), none in the lake") }
        continue
      }
      let logEpoch = LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0)
      do {
        try lake.verify(source, committed: next, epoch: logEpoch)
      } catch {
        guard error.code == .diverged else { throw error }
        examples.append(error.message)
      }
      let start = try lake.startOffset(of: source)
      inLake += next - start
      dropped += start
    }
    let ledger = try connection.run(library.sql("batch/ledger"))
    let accounted = try ledger.int(0, 0)
    // Records that the lake has dropped since they were loaded (retention) are still in the loads' accounts.
    if !(inLake...inLake + dropped).contains(accounted) {
      examples.append(
        "\(inLake) offsets below the cut, \(accounted) accounted for by the loads, with and without records"
      )
    }
    for (name, counted, facts) in [
      ("listens", 1, 2), ("auths", 3, 4), ("page_views", 5, 6),
    ] {
      let expected = try ledger.int(0, counted)
      let found = try ledger.int(0, facts)
      if expected != found { examples.append("\(name): \(expected) counted, \(found) facts") }
    }
    guard !examples.isEmpty else { return [] }
    return [
      Checks.Finding(
        check: "lake", isError: true,
        rule: "counts equal the lake: accepted = counted + redelivered + quarantined",
        rows: examples.count, examples: examples)
    ]
  }
}
