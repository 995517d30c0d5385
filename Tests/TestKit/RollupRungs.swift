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
    let labels = [
      "song": "case when track_alone then song_key else layers.label(title, artist) end",
      "user": "layers.label(user_id::text)",
    ]
    guard let label = labels[rollup] else { return }
    try script(
      """
      delete from batch.quarter_\(rollup);
      insert into batch.quarter_\(rollup) (quarter, \(rollup)_key, label, load_run_id, listens)
      select
        layers.quarter_of(day), \(rollup)_key, \(label), 0,
        layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
      from batch.day_\(rollup)
      left join layers.dim_\(rollup) using (\(rollup)_key)
      where listens > 0
      group by 1, 2, 3
      """)
    if rollup == "song" { try sumArtists(counters, sketches) }
  }

  /// Folds the rows that were appended to an epoch of a rollup, as the speed layer's compactor does.
  /// - Parameters: as of `sumRungs`.
  public func fold(
    _ rollup: String, epoch: Int, keys: [String], counters: [String], sketches: [String]
  ) throws(WarehouseError) {
    let sql = try SQLLibrary().sql(
      "rollup/fold",
      [
        "table": "parts.speed_minute_\(rollup)_e\(epoch)",
        "hours": "parts.speed_hour_\(rollup)_e\(epoch)",
      ],
      lists: [
        "keys": ["minute"] + keys, "hour_keys": ["hour"] + keys, "counters": counters,
        "sketches": sketches,
      ])
    try run(sql, [.text("(0,0)"), .text("(1000000,0)")])
  }

  /// Makes the days and running totals of artists anew from the days of songs.
  private func sumArtists(_ counters: [String], _ sketches: [String]) throws(WarehouseError) {
    let columns = (counters + sketches).joined(separator: ", ")
    let sums =
      counters.map { "nullif(sum(\($0)), 0)" } + sketches.map { "hll_union_agg(\($0))" }
    try script(
      """
      delete from batch.day_artist;
      insert into batch.day_artist (day, label, song_key, load_run_id, \(columns))
      select
        day, case when track_alone then song_key else layers.label(artist) end, min(song_key), 0,
        \(sums.joined(separator: ", "))
      from batch.day_song
      left join layers.dim_song using (song_key)
      group by 1, 2;
      delete from batch.quarter_artist;
      insert into batch.quarter_artist (quarter, label, song_key, load_run_id, listens)
      select
        layers.quarter_of(day), label, min(song_key), 0,
        layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
      from batch.day_artist
      where listens > 0
      group by 1, 2
      """)
  }
}
