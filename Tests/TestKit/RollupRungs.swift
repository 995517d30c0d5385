import Warehouse

extension Connection {
  /// Makes the hours, days and running totals of a batch rollup anew from its minutes, as a load would have published them.
  /// - Parameters:
  ///   - rollup: the rollup's name within the names of its tables.
  ///   - keys: its key columns beside the time.
  public func sumRungs(
    of rollup: String, keys: [String], counters: [String], sketches: [String]
  ) throws(WarehouseError) {
    for (finer, rung, time) in [
      ("minute", "hour", "layers.hour_of(minute)"), ("hour", "day", "layers.day_of(hour)"),
    ] {
      let sums =
        counters.map { "nullif(sum(\($0)), 0)" } + sketches.map { "hll_union_agg(\($0))" }
      try script(
        """
        delete from batch.\(rung)_\(rollup);
        insert into batch.\(rung)_\(rollup)
          (\(([rung] + keys + counters + sketches).joined(separator: ", ")))
        select \(([time] + keys + sums).joined(separator: ", "))
        from batch.\(finer)_\(rollup)
        group by \(([time] + keys).joined(separator: ", "))
        """)
    }
    guard let names = ["song": "title, artist", "user": "user_id::text"][rollup] else { return }
    try script(
      """
      delete from batch.quarter_\(rollup);
      insert into batch.quarter_\(rollup) (quarter, \(rollup)_key, label, load_run_id, listens)
      select
        layers.quarter_of(day), \(rollup)_key, layers.label(\(names)), 0,
        layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
      from batch.day_\(rollup)
      left join warehouse.dim_\(rollup) using (\(rollup)_key)
      where listens > 0
      group by 1, 2, 3
      """)
  }
}
