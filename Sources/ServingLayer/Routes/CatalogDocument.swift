import Metrics

/// The answer of `/api/v1/catalog`: which metrics and dimensions there are, and which go together. It is written from the
/// definitions, so that it is always complete.
enum CatalogDocument {
  static let json: String = {
    var json = JSONWriter()
    json.object { json in
      json.list("metrics") { json in
        for measure in Measure.all {
          json.object { json in
            json.member("name", measure.name)
            json.member("unit", measure.unit.rawValue)
            json.member("meaning", measure.meaning)
            json.member("kind", kind(measure.rule))
            json.member("settled_plays_only", measure.isOfEndedPlays)
            json.member(
              "rollups", Rollup.allCases.filter { $0.keeps(measure) }.map { $0.table(.minute).name }
            )
          }
        }
      }
      json.list("dimensions") { json in
        for dimension in Dimension.allCases {
          json.object { json in
            json.member("name", dimension.rawValue)
            json.member("meaning", dimension.meaning)
            if let values = dimension.fixedValues { json.member("values", values) }
            json.member(
              "rollups",
              Rollup.allCases.filter { dimension.columns(in: $0) != nil }.map {
                $0.table(.minute).name
              })
          }
        }
      }
      json.member("granularities", Granularity.allCases.map(\.rawValue))
      json.member("comparisons", Comparison.allCases.map(\.rawValue))
      json.list("rollups") { json in
        for rollup in Rollup.allCases {
          json.object { json in
            json.member("name", rollup.table(.minute).name)
            json.member("dimensions", Dimension.all(in: rollup).map(\.rawValue))
            json.member("metrics", Measure.all.filter(rollup.keeps).map(\.name))
          }
        }
      }
      json.member("limits") { json in
        json.member("dimensions", Query.maximumDimensions)
        json.member("rows", Query.maximumLimit)
        json.member("offset", Query.maximumOffset)
        json.member("top", Query.maximumTop)
        json.member("filter_values", Query.maximumFilterValues)
        json.member("fact_days", Int(Query.maximumFactDays))
      }
    }
    return json.text
  }()

  private static func kind(_ rule: Measure.Rule) -> String {
    switch rule {
    case .sum: "sum"
    case .cardinality: "distinct"
    case .ratio: "ratio"
    }
  }
}
