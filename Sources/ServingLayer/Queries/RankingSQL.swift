import Metrics

/// The part of a statement that finds the members of a top list, and the rows of these members alone.
extension QuerySQL {
  /// What is known of a ranking's rows in the statement.
  private struct Names {
    var key: String
    var dimension: String
    /// The label of a line, of a row of the dimension table.
    var label: String
    var filter: String
    /// Whether the range has parts of days, so that the most is not the least.
    var isRagged: Bool
  }

  /// The tables `line`, `best`, `bar`, `found`, `verdict` and `chosen`, in this order. `chosen` has the keys of all members of
  /// every line that can be in the list, or none where `verdict` says that this was not decided.
  mutating func choice(_ ranking: Ranking) -> String {
    guard let (dimension, key) = ranking.table.rollup.dimensionTable else { return "" }
    let filters = plan.query.filters.compactMap { condition($0) }
    let names = Names(
      key: key, dimension: "warehouse.\(dimension)",
      label: "layers.label(\(ranking.lines.map { "\($0)::text" }.joined(separator: ", ")))",
      filter: filters.isEmpty ? "" : " and " + filters.joined(separator: " and "),
      isRagged: ranking.within != ranking.around)
    let totals = ranking.quarters.map { self.totals(ranking, $0, names) }
    let parts = (totals + [recent(ranking, names)]).joined(separator: "\n    union all\n    ")
    let most = names.isRagged ? "sum(most)" : "sum(least)"
    let tuple = ranking.lines.indices.map { "g\($0)" }.joined(separator: ", ")
    let columns = ranking.lines.enumerated().map { "\($1) as g\($0)" }.joined(separator: ", ")
    let select =
      "select \(key), \(names.label) as label, \(columns) from \(names.dimension) where"
    let wanted = bind(String(ranking.wanted))
    // A label may stand for two lines only by a collision of hashes. Then nothing is decided.
    return """
      line as materialized (
        select label, coalesce(sum(least), 0) as least, coalesce(\(most), 0) as most
        from (
          \(parts)
        ) as part
        group by label
      ),
      best as (select least from line order by least desc limit \(wanted)::bigint),
      bar as (
        select case when count(*) = \(wanted)::bigint then min(least) else 0 end as least from best
      ),
      found as materialized (
        \(select) (select least from bar) > 0
          and \(names.label) in (select label from line where most >= (select least from bar))\(names.filter)
        union all
        \(select) (select least from bar) = 0\(names.filter)
        limit \(ranking.maximumMembers + 1)
      ),
      verdict as materialized (
        select count(*) <= \(ranking.maximumMembers)
          and count(distinct label) = count(distinct row(\(tuple))) as is_decided
        from found
      ),
      chosen as materialized (
        select \(key) from found where (select is_decided from verdict)
      )
      """
  }

  /// The loaded listens of some quarters, a row for each member.
  private mutating func totals(
    _ ranking: Ranking, _ quarters: Ranking.Quarters, _ names: Names
  ) -> String {
    let first = bind(quarters.first.isoDate)
    let last = bind(quarters.last.isoDate)
    let least = Self.listens(Ranking.places(of: ranking.within, in: quarters))
    let most = Self.listens(Ranking.places(of: ranking.around, in: quarters))
    let sums = "\(least) as least" + (names.isRagged ? ", \(most) as most" : "")
    let from =
      "from batch.\(ranking.table.name) where quarter >= \(first)::date and quarter <= \(last)::date"
    if ranking.isByName { return "select label, \(sums) \(from)" }
    let filter = names.filter.isEmpty ? "" : " where true\(names.filter)"
    return
      "select \(names.label) as label, least\(names.isRagged ? ", most" : "")"
      + " from (select \(names.key), \(sums) \(from)) as total"
      + " left join \(names.dimension) using (\(names.key))\(filter)"
  }

  /// What a row of running totals has of the days between two places in its quarter.
  private static func listens(_ places: (from: Int64?, to: Int64?)) -> String {
    let all = "listens[array_upper(listens, 1)]"
    func sum(_ place: Int64?) -> String? {
      guard let place else { return all }
      guard place > 0 else { return nil }
      return
        "case when \(place) >= array_upper(listens, 1) then \(all) else coalesce(listens[\(place)], 0) end"
    }
    // Before the days that are asked for nothing is; behind them all is, which is twice the same.
    guard places.from != nil, let to = sum(places.to) else { return "0" }
    return sum(places.from).map { "\(to) - \($0)" } ?? to
  }

  /// The listens that only the speed layer has, by the day: what is within parts of days counts for the most.
  private mutating func recent(_ ranking: Ranking, _ names: Names) -> String {
    let (from, to) = (bind(ranking.around.from.isoDate), bind(ranking.around.to.isoDate))
    var sums = "listens as least"
    if names.isRagged {
      let (first, end) = (bind(ranking.within.from.isoDate), bind(ranking.within.to.isoDate))
      sums =
        "case when day >= \(first)::date and day < \(end)::date then listens end as least, listens as most"
    }
    return
      "select \(names.label) as label, \(sums) from layers.\(ranking.table.rollup.table(.day).name)"
      + " left join \(names.dimension) using (\(names.key))"
      + " where not is_loaded and day >= \(from)::date and day < \(to)::date\(names.filter)"
  }

  /// The rows of the chosen members: those that are loaded one by one by their key, and the others, which have no index.
  mutating func chosenRows(of ranking: Ranking) -> [String] {
    let rollup = ranking.table.rollup
    let key = ranking.table.key
    return plan.pieces.flatMap { piece -> [String] in
      let rung = piece.rung
      let table = rollup.table(rung).name
      let type = Self.type(rung)
      let (from, to) = (bind(Self.text(piece.from, rung)), bind(Self.text(piece.to, rung)))
      let time = "\(rung.column) >= \(from)::\(type) and \(rung.column) < \(to)::\(type)"
      let isChosen = "\(key) in (select \(key) from chosen)"
      guard rung != .minute else {
        // An hour of minutes has few rows, and those that are given up are in the facts.
        let past = rollup.keepsAllMinutes ? [] : [("past_\(table)", "ts")]
        return ([(table, rung.column)] + past).map { view, time in
          "select \(source)is_loaded from layers.\(view)"
            + " where \(time) >= \(from)::\(type) and \(time) < \(to)::\(type) and \(isChosen)"
        }
      }
      return [
        "select part.* from (select start::\(type) from generate_series(\(from)::\(type),"
          + " \(to)::\(type) - interval '1 \(rung.rawValue)', '1 \(rung.rawValue)') as start) as span"
          + " cross join chosen cross join lateral (select \(source)is_loaded from layers.\(table)"
          + " where is_loaded and \(rung.column) = span.start and \(key) = chosen.\(key) offset 0) as part",
        "select \(source)is_loaded from layers.\(table) where not is_loaded and \(time) and \(isChosen)",
      ]
    }
  }
}
