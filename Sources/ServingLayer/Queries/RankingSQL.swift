import Metrics

/// The part of a statement that finds the members of a top list, and the rows of these members alone.
extension QuerySQL {
  /// What the parts of a ranking have in common.
  private struct Names {
    var key: String
    /// The dimension table as `layers` has it.
    var dimension: String
    /// The label of a line, of a row of the dimension table.
    var label: String
    /// What rows of the dimension table have to be, after another condition.
    var filter: String
    /// Whether a member's names are not its own; nil where they always are.
    var isNamedLater: String?

    /// What the running totals have a member under: its line's label, or its key where its names are not its own.
    var kept: String {
      isNamedLater.map { "case when \($0) then \(key) else \(label) end" } ?? label
    }

    /// The label of the line that a row of running totals, `total`, counts for.
    var labelOfTotal: String {
      guard isNamedLater != nil else { return "label" }
      return "case when label = \(key) then (select \(label) from \(dimension)"
        + " where \(key) = total.\(key)) else label end"
    }

    /// A further select of the labels of groups of one member.
    func ownGroups(where condition: String) -> String {
      isNamedLater.map {
        " union all select \(key) from \(dimension) where \($0) and \(condition)"
      } ?? ""
    }

    func members(_ columns: String, where condition: String) -> String {
      QuerySQL.members(columns, of: dimension, by: key, where: condition)
    }
  }

  /// The tables `recent`, `recent_line`, `line`, `best`, `bar`, `found`, `verdict` and `chosen`, in this order. `recent` has the speed
  /// layer's rows, which are read once, added up by key. `chosen` has the keys of all members of
  /// every line that can be in the list, or none where `verdict` says that this was not decided.
  mutating func choice(_ ranking: Ranking) -> String {
    guard let (dimension, key) = ranking.table.rollup.dimensionTable else { return "" }
    let filters = plan.query.filters.compactMap { condition($0) }
    let names = Names(
      key: key, dimension: "layers.\(dimension)",
      label: "layers.label(\(ranking.lines.map { "\($0)::text" }.joined(separator: ", ")))",
      filter: filters.isEmpty ? "" : " and " + filters.joined(separator: " and "),
      isNamedLater: ranking.table.rollup.namedLater.map { "\(dimension).\($0)" })
    let recent = recentSums(of: ranking.table.rollup)
    let most = listens(of: ranking.around, ranking, names)
    // Any lines as many as the list may have will do: what the least of them has at least, the last one of the list has too.
    let least =
      ranking.within == ranking.around
      ? "select most as listens from best"
      : """
      select coalesce(sum(part.listens), 0) as listens
        from best
        left join (
          \(listens(of: ranking.within, ranking, names, among: "best"))
        ) as part using (label)
        group by best.label
      """
    let tuple = ranking.lines.indices.map { "g\($0)" }.joined(separator: ", ")
    let columns = ranking.lines.enumerated().map { "\($1) as g\($0)" }.joined(separator: ", ")
    let member = "\(key), \(names.label) as label, \(names.kept) as kept, \(columns)"
    let contenders =
      "(select least from bar) > 0"
      + " and \(names.label) in (select label from line where most >= (select least from bar))\(names.filter)"
    let wanted = bind(String(ranking.wanted))
    // A label may stand for two lines only by a collision of hashes. Then nothing is decided.
    return """
      recent as materialized (
        \(recent)
      ),
      recent_line as materialized (
        select \(names.label) as label, listens from recent left join \(names.dimension) using (\(key)) where true\(names.filter)
      ),
      line as materialized (
        select label, coalesce(sum(listens), 0) as most
        from (
          \(most)
        ) as part
        group by label
      ),
      best as materialized (
        select label, most from line order by most desc limit \(wanted)::bigint
      ),
      bar as (
        select case when count(*) = \(wanted)::bigint then min(listens) else 0 end as least
        from (
          \(least)
        ) as lines
      ),
      found as materialized (
        \(names.members(member, where: contenders))
        union all
        \(names.members(member, where: "(select least from bar) = 0\(names.filter)"))
        limit \(ranking.maximumMembers + 1)
      ),
      verdict as materialized (
        select count(*) <= \(ranking.maximumMembers)
          and count(*) filter (where kept <> label) <= \(ranking.maximumMembersByDay)
          and count(distinct label) = count(distinct row(\(tuple))) as is_decided
        from found
      ),
      chosen as materialized (
        select \(key) from found where (select is_decided from verdict)
      )
      """
  }

  /// Selects of the listens of some days, each row with the label of its line.
  /// - Parameter lines: a table with the labels of the lines that are looked at; nil looks at all.
  private mutating func listens(
    of days: RungPiece, _ ranking: Ranking, _ names: Names, among lines: String? = nil
  ) -> String {
    let isOfLine = lines.map { "\(names.label) in (select label from \($0))" } ?? "true"
    let members = names.members(names.key, where: isOfLine)
    // Groups have rows under the labels of their lines, and under the keys of members whose names are not their own.
    let groups =
      lines.map { "select label from \($0)" + names.ownGroups(where: isOfLine) } ?? members
    let join = " left join \(names.dimension) using (\(names.key))"
    var parts: [String] = []
    for quarters in ranking.quarters {
      guard let listens = Self.listens(Ranking.places(of: days, in: quarters)) else { continue }
      let (first, last) = (bind(quarters.first.isoDate), bind(quarters.last.isoDate))
      let columns = "label, \(names.key), \(listens) as listens"
      let table = "batch.\(ranking.table.name)"
      let key = ranking.table.key
      let totals =
        lines == nil
        ? "select \(columns) from \(table) where quarter >= \(first)::date and quarter <= \(last)::date"
        : "select part.* from generate_series(\(first)::timestamp, \(last)::timestamp, '3 months') as start"
          + " cross join (\(ranking.table.groups == nil ? members : groups)) as member"
          + " cross join lateral (select \(columns) from \(table)"
          + " where quarter = start::date and \(key) = member.\(key) offset 0) as part"
      parts.append(
        ranking.isByName
          ? "select \(names.labelOfTotal) as label, listens from (\(totals)) as total"
          : "select \(names.label) as label, listens from (\(totals)) as total\(join) where true\(names.filter)"
      )
    }
    // The speed layer's are exact: minutes know no days.
    parts.append("select label, listens from recent_line")
    return parts.joined(separator: "\n    union all\n    ")
  }

  /// What a row of running totals has of the days between two places in its quarter; nil where that is nothing.
  private static func listens(_ places: (from: Int64?, to: Int64?)) -> String? {
    let all = "listens[array_upper(listens, 1)]"
    func sum(_ place: Int64?) -> String? {
      guard let place else { return all }
      guard place > 0 else { return nil }
      return
        "case when \(place) >= array_upper(listens, 1) then \(all) else coalesce(listens[\(place)], 0) end"
    }
    guard places.from != nil, let to = sum(places.to) else { return nil }
    return sum(places.from).map { "\(to) - \($0)" } ?? to
  }

  private static func isChosen(_ key: String) -> String {
    "\(key) in (select \(key) from chosen)"
  }

  /// The speed layer's rows, added up by key, with what lines are told by alone: the rest is wanted of the chosen members alone.
  private mutating func recentSums(of rollup: Rollup) -> String {
    let whole = part
    part = .lines
    defer { part = whole }
    return addedUp(recentRows(of: rollup).map { CountedRows(sql: $0, isLoaded: false) })
  }

  /// The rows of the chosen members, added up by key.
  ///
  /// - Parameter isOwn: whether they are of the range that `recent` is of.
  mutating func chosenSums(of ranking: Ranking, isOwn: Bool) -> String {
    let rollup = ranking.table.rollup
    let (key, sums) = (keyColumns, sums)
    let loaded = addedUp(
      loadedRows(of: ranking).map { CountedRows(sql: $0, isLoaded: true) })
    guard isOwn else {
      let rows = recentRows(of: rollup, where: Self.isChosen(key))
      return loaded + "\n  union all\n  "
        + addedUp(rows.map { CountedRows(sql: $0, isLoaded: false) })
    }
    part = .lines
    let ofLines = self.sums
    part = .rest
    defer { part = .everything }
    let rest = self.sums
    let columns = sums.map { "\(ofLines.contains($0) ? "recent" : "rest").\($0.name), " }.joined()
    var recent = "select \(key), \(columns)is_loaded from recent"
    if !rest.isEmpty {
      let values = rest.map { "\($0.value) as \($0.name)" }.joined(separator: ", ")
      let rows = recentRows(of: rollup, where: Self.isChosen(key))
        .joined(separator: "\n  union all\n  ")
      recent +=
        " left join (select \(key), \(values) from (\(rows)) as part"
        + " group by \(key)) as rest using (\(key))"
    }
    return loaded + "\n  union all\n  " + recent + " where \(Self.isChosen(key))"
  }

  /// The loaded rows of the chosen members: hours and days one by one by their key, minutes by their time.
  private mutating func loadedRows(of ranking: Ranking) -> [String] {
    let rollup = ranking.table.rollup
    guard let key = rollup.dimensionTable?.key else { return [] }
    let isChosen = Self.isChosen(key)
    var rows: [String] = []
    var stretches: [String] = []
    for piece in plan.pieces {
      let rung = piece.rung
      let type = Self.type(rung)
      let (from, to) = (bind(Self.text(piece.from, rung)), bind(Self.text(piece.to, rung)))
      if rung == .minute {
        // An hour of minutes has few rows.
        rows.append(
          "select \(Self.oneBucket)\(source(by: "minute"))is_loaded from layers.minute_\(rollup.name) where is_loaded"
            + " and minute >= \(from)::\(type) and minute < \(to)::\(type) and \(isChosen)")
        if plan.isOfFacts(piece) {
          stretches.append("ts >= \(from)::\(type) and ts < \(to)::\(type)")
        }
        continue
      }
      let lookup: (members: String, key: String, from: String) =
        if rung == .day, let groups = ranking.table.groups {
          (
            "(select distinct kept as label from found where (select is_decided from verdict))",
            "label",
            Self.rows(of: groups)
          )
        } else { ("chosen", key, "layers.\(rollup.table(rung).name)") }
      rows.append(
        "select part.* from (select start::\(type) from generate_series(\(from)::\(type),"
          + " \(to)::\(type) - interval '1 \(rung.rawValue)', '1 \(rung.rawValue)') as start) as span"
          + " cross join \(lookup.members) as member cross join lateral (select \(Self.oneBucket)\(source(by: rung.column, rung))is_loaded"
          + " from \(lookup.from) where is_loaded and \(rung.column) = span.start"
          + " and \(lookup.key) = member.\(lookup.key) offset 0) as part"
      )
    }
    if !stretches.isEmpty {
      let days = isOfDays(plan.pieces.filter(plan.isOfFacts).map { ($0.from, $0.to) })
      // Minutes that are given up are in the facts. The view is read once, as the planner looks at all partitions each time.
      rows.append(
        "select \(Self.oneBucket)\(source(by: "ts"))is_loaded from layers.past_minute_\(rollup.name) where \(isChosen)"
          + " and is_loaded and (\(stretches.joined(separator: " or ")))\(days)")
    }
    return rows
  }
}
