import TestKit
import Testing
import Warehouse

@testable import Metrics

/// The server must find that sketches made here equal those that it makes itself.
@Suite struct SketchServerTests {
  private static let database = Result { try TestDatabase.make(migrated: false) }
  /// Sizes on both sides of each change of representation: single, explicit, sparse, full.
  private static let sizes = [0, 1, 2, 3, 127, 128, 319, 320, 321, 1000, 1204, 1600, 6000, 40_000]

  private func sketch(_ values: ClosedRange<Int64>?) -> DistinctSketch {
    var sketch = DistinctSketch()
    if let values { for value in values { sketch.insert(hash: Murmur3.hash64(value)) } }
    return sketch
  }

  @Test func copiedSketchesEqualTheServersOverTheSameValues() throws {
    let connection = try Self.database.get().connect()
    try connection.script("create temporary table ours (n bigint, sketch hll(12, 5, -1, 1))")
    let buffer = CopyBuffer()
    for size in Self.sizes {
      buffer.startRow(columns: 2)
      buffer.int64(Int64(size))
      sketch(size == 0 ? nil : 1...Int64(size)).withSerialized { buffer.bytes($0) }
    }
    _ = try connection.copy(into: "ours", columns: ["n", "sketch"], from: buffer)
    let rows = try connection.run(
      """
      select n, sketch = theirs as equal, hll_send(sketch) = hll_send(theirs) as same_bytes, # sketch
      from ours, lateral (
        select coalesce(
          hll_add_agg(hll_hash_bigint(x), 12, 5, -1, 1), hll_empty(12, 5, -1, 1)) as theirs
        from generate_series(1, n) x) s
      order by n
      """)
    #expect(rows.count == Self.sizes.count)
    for (row, size) in Self.sizes.enumerated() {
      let ours = sketch(size == 0 ? nil : 1...Int64(size))
      #expect(try rows.bool(row, 1), "\(size) values")
      #expect(try rows.bool(row, 2), "\(size) values")
      let cardinality = try rows.double(row, 3)
      #expect(abs(cardinality - ours.estimate) <= 1e-9 * cardinality, "\(size) values")
    }
  }

  @Test func theServersUnionsAreTheUnionsMadeHere() throws {
    let connection = try Self.database.get().connect()
    try connection.script("create temporary table halves (n bigint, sketch hll(12, 5, -1, 1))")
    let buffer = CopyBuffer()
    for size in Self.sizes.dropFirst(2) {
      let middle = Int64(size) / 2
      for range in [1...middle + 1, middle...Int64(size)] {
        buffer.startRow(columns: 2)
        buffer.int64(Int64(size))
        sketch(range).withSerialized { buffer.bytes($0) }
      }
    }
    _ = try connection.copy(into: "halves", columns: ["n", "sketch"], from: buffer)
    let rows = try connection.run(
      "select n, hll_send(hll_union_agg(sketch)) from halves group by n order by n")
    #expect(rows.count == Self.sizes.count - 2)
    for row in 0..<rows.count {
      let size = try rows.int(row, 0)
      let middle = size / 2
      let union = sketch(1...middle + 1).union(sketch(middle...size))
      #expect(try rows.bytes(row, 1) == union.serialized, "\(size) values")
    }
  }

  @Test(arguments: [0, 1, -1, 42, .max, .min, 1_767_225_600_000] as [Int64])
  func theHashOfAnIntegerIsTheServers(value: Int64) throws {
    let rows = try Self.database.get().connect().run(
      "select hll_hash_bigint($1)::text::bigint", [.int(value)])
    #expect(try rows.int(0, 0) == Int64(bitPattern: Murmur3.hash64(value)))
  }

  @Test func aKeyCanBeMadeInSQLAsDocumented() throws {
    let rows = try Self.database.get().connect().run(
      "select hll_hash_bytea('\\x060000006375726c2f38')::text::bigint")
    var hasher = KeyHasher()
    let key = hasher.device(Sample(agent: "curl/8").event)
    #expect(try rows.int(0, 0) == key)
  }
}
