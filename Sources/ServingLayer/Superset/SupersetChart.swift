import Metrics

/// One chart of Superset.
struct SupersetChart: Sendable {
  /// How the chart is drawn.
  enum Look: Sendable {
    /// A line for each value of `by`, or each metric, over time.
    case lines
    /// Bars over time, those of `by` on top of each other.
    case columns
    /// Bars beside each other, the longest first, one for each value of `by`; a second of `by` stacks them.
    case ranking
    case pie
    case number
    /// Bars side by side over the hours of the day, which `by` names, in their order.
    case hoursOfDay
    /// A table with a row for each value of `by`, those with the most of the first metric first.
    case comparison
    /// The first of `by` to the right, the second upwards.
    case heatMap
    /// States of the USA.
    case states
    /// Rows as they are, of the columns of `by`, those with the most of the last first.
    case rows
  }

  /// Which time a chart is of, where its dashboard's filter does not say.
  enum Range: String, Sendable {
    case hour = "DATEADD(DATETIME(\"now\"), -1, hour) : now"
    case day = "DATEADD(DATETIME(\"now\"), -24, hour) : now"
    case today = "DATETRUNC(DATETIME(\"now\"), day) : now"
    case fortnight = "DATEADD(DATETIME(\"now\"), -14, day) : now"
    case ever = "No filter"
  }

  /// A number of a chart.
  enum Value: Sendable {
    /// A measure of the catalogue, as the dataset has it.
    case measure(String)
    /// An expression of the chart's own, with its label and in what it is measured.
    case sql(String, String, Measure.Unit)
    /// The same of an aggregate of rates: over the windows whose plays have settled, so that a line ends there.
    static func rate(_ label: String, _ aggregate: String, _ unit: Measure.Unit) -> Value {
      .sql(label, "\(aggregate) \(SupersetDataset.settled)", unit)
    }

    /// How the chart refers to it.
    var reference: BundleValue {
      switch self {
      case .measure(let name): .text(name)
      case .sql(let label, let expression, _):
        [
          "expressionType": "SQL", "sqlExpression": .text(expression), "label": .text(label),
          "hasCustomLabel": true, "optionName": .text("metric_\(NameUUID.of(label + expression))"),
        ]
      }
    }

    var format: String {
      switch self {
      case .measure(let name): SupersetDataset.format(Measure.named(name)?.unit ?? .count)
      case .sql(_, _, let unit): SupersetDataset.format(unit)
      }
    }
  }

  var title: String
  /// Where the chart is a reference's: which one.
  var origin: String = ""
  var dataset: SupersetDataset
  var look: Look
  var range: Range
  /// The grain of time in ISO 8601; nil where the rows' own windows are shown.
  var grain: String?
  var by: [String] = []
  var values: [Value] = []
  /// A condition in SQL on the dataset's columns.
  var only: String?
  /// How many rows, or of lines how many, those with the most.
  var limit: Int?
  /// Seconds that an answer is kept; nil for what Superset is set to.
  var keptFor: Int?
  /// In twelfths of the dashboard's width.
  var width = 6

  private var slug: String {
    title.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
  }
  var path: String { "charts/\(slug).yaml" }
  var uuid: String { NameUUID.of("https://polyrhythm/superset/\(path)") }

  var file: BundleValue {
    [
      "slice_name": .text(title), "description": .text(origin), "certified_by": nil,
      "certification_details": nil, "viz_type": .text(kind),
      "params": BundleValue.object([.init(name: "viz_type", value: .text(kind))])
        .with(look.isOverTime ? overTime : [:]).with(own)
        .with(["adhoc_filters": .list(conditions), "extra_form_data": [:]]),
      "query_context": nil, "cache_timeout": keptFor.map { .int($0) } ?? nil,
      "uuid": .text(uuid), "version": "1.0.0", "dataset_uuid": .text(dataset.uuid),
    ]
  }

  private var kind: String {
    switch look {
    case .lines: "echarts_timeseries_line"
    case .columns, .ranking, .hoursOfDay: "echarts_timeseries_bar"
    case .pie: "pie"
    case .number: "big_number_total"
    case .heatMap: "heatmap_v2"
    case .states: "country_map"
    case .rows, .comparison: "table"
    }
  }

  private var conditions: [BundleValue] {
    var found: [BundleValue] = []
    if let time = dataset.time {
      found.append([
        "clause": "WHERE", "expressionType": "SIMPLE", "subject": .text(time),
        "operator": "TEMPORAL_RANGE", "comparator": .text(range.rawValue),
        "filterOptionName": .text("filter_\(NameUUID.of(title + time))"),
      ])
    }
    if let only {
      found.append([
        "clause": "WHERE", "expressionType": "SQL", "sqlExpression": .text(only),
        "filterOptionName": .text("filter_\(NameUUID.of(title + only))"),
      ])
    }
    return found
  }

  private var format: String { values.first?.format ?? ",d" }
  private var references: [BundleValue] { values.map(\.reference) }

  private var overTime: BundleValue {
    [
      "x_axis": dataset.time.map { .text($0) } ?? nil,
      "time_grain_sqla": grain.map { .text($0) } ?? nil, "x_axis_sort_asc": true,
      "metrics": .list(references), "groupby": .texts(by), "order_desc": true,
      "row_limit": 10_000, "limit": limit.map { .int($0) } ?? nil, "truncate_metric": true,
      "show_empty_columns": true, "x_axis_time_format": "smart_date", "rich_tooltip": true,
      "y_axis_format": .text(format), "y_axis_bounds": [nil, nil],
      "show_legend": .bool(values.count > 1 || !by.isEmpty), "legendType": "scroll",
      "legendOrientation": "top", "color_scheme": "supersetColors", "sort_series_type": "sum",
      "comparison_type": "values", "annotation_layers": [], "markerEnabled": false,
      "seriesType": "line", "only_total": true, "x_axis_title_margin": 15,
      "y_axis_title_margin": 15, "y_axis_title_position": "Left",
    ]
  }

  /// What only this look has.
  private var own: BundleValue {
    switch look {
    case .lines: [:]
    case .columns: ["stack": by.isEmpty ? nil : "Stack"]
    case .ranking:
      overTime.with([
        "x_axis": by.first.map { .text($0) } ?? nil, "xAxisForceCategorical": true,
        "groupby": .texts(Array(by.dropFirst())), "orientation": "horizontal",
        "row_limit": .int(limit ?? 10_000), "limit": nil, "time_grain_sqla": nil,
        "x_axis_sort": by.count == 1 ? .text(sortLabel) : nil, "x_axis_sort_asc": true,
        "stack": by.count > 1 ? "Stack" : nil,
        "show_legend": .bool(values.count > 1 || by.count > 1),
      ])
    case .hoursOfDay:
      overTime.with([
        "x_axis": by.first.map { .text($0) } ?? nil, "xAxisForceCategorical": true,
        "groupby": [], "time_grain_sqla": nil, "x_axis_sort": by.first.map { .text($0) } ?? nil,
        "x_axis_sort_asc": true, "show_legend": false,
      ])
    case .pie:
      [
        "groupby": .texts(by), "metric": references.first ?? nil, "row_limit": 100,
        "sort_by_metric": true, "donut": true, "label_type": "percent", "show_labels": true,
        "show_legend": true, "legendType": "scroll", "legendOrientation": "top",
        "outerRadius": 70, "innerRadius": 40, "number_format": .text(format),
        "color_scheme": "supersetColors",
      ]
    case .number:
      [
        "metric": references.first ?? nil, "y_axis_format": .text(format),
        "header_font_size": 0.4, "subheader_font_size": 0.15,
      ]
    case .heatMap:
      [
        "x_axis": by.first.map { .text($0) } ?? nil, "groupby": by.last.map { .text($0) } ?? nil,
        "metric": references.first ?? nil, "row_limit": 50_000, "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_asc", "normalize_across": "heatmap", "legend_type": "continuous",
        "linear_color_scheme": "superset_seq_1", "xscale_interval": -1, "yscale_interval": -1,
        "left_margin": "auto", "bottom_margin": "auto", "value_bounds": [nil, nil],
        "y_axis_format": .text(format), "show_legend": true, "show_percentage": false,
      ]
    case .states:
      [
        "select_country": "usa", "entity": by.first.map { .text($0) } ?? nil,
        "metric": references.first ?? nil, "number_format": .text(format),
        "linear_color_scheme": "superset_seq_1",
      ]
    case .comparison:
      [
        "query_mode": "aggregate", "groupby": .texts(by), "metrics": .list(references),
        "row_limit": .int(limit ?? 100), "order_desc": true, "show_cell_bars": true,
        "column_config": .object(
          values.compactMap { value in
            guard case .sql(let label, _, _) = value else { return nil }
            return .init(name: label, value: ["d3NumberFormat": .text(value.format)])
          }),
      ]
    case .rows:
      [
        "query_mode": "raw", "all_columns": .texts(by), "row_limit": .int(limit ?? 100),
        "order_by_cols": .list(by.last.map { [.text("[\"\($0)\", false]")] } ?? []),
        "server_page_length": 25, "table_timestamp_format": "smart_date",
        "show_cell_bars": true,
      ]
    }
  }

  private var sortLabel: String {
    switch values.first {
    case .measure(let name): name
    case .sql(let label, _, _): label
    case nil: ""
    }
  }
}

extension SupersetChart.Look {
  var isOverTime: Bool {
    switch self {
    case .lines, .columns: true
    default: false
    }
  }
}
