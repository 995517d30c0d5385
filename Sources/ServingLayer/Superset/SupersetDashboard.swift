/// A dashboard of Superset: charts in rows, and what they can be narrowed down by.
struct SupersetDashboard: Sendable {
  var section: String
  var charts: [SupersetChart]
  /// Columns with the dataset that their values are offered from. A filter holds for each chart whose dataset has a column of
  /// that name.
  var filters: [(dataset: SupersetDataset, column: String)] = []

  var title: String { "Polyrhythm: \(section)" }
  var slug: String { "polyrhythm-\(section.lowercased())" }
  var path: String { "dashboards/\(slug).yaml" }
  var uuid: String { NameUUID.of("https://polyrhythm/superset/\(path)") }

  /// Seconds between two refreshes.
  static let refresh = 30
  private static let chartHeight = 50
  private static let numberHeight = 18
  private static let columns = 12

  static let all = [
    SupersetDashboard(section: "Overview", charts: SupersetCharts.overview),
    SupersetDashboard(
      section: "Engagement", charts: SupersetCharts.engagement,
      filters: [(.users, "subscription_type"), (.users, "gender")]),
    SupersetDashboard(
      section: "Content", charts: SupersetCharts.content,
      filters: [(.songs, "genre"), (.songs, "artist_name")]),
    SupersetDashboard(
      section: "Devices", charts: SupersetCharts.devices,
      filters: [(.deviceNames, "device_type"), (.deviceNames, "os"), (.deviceNames, "browser")]),
    SupersetDashboard(
      section: "Places", charts: SupersetCharts.places,
      filters: [(.placeNames, "country"), (.placeNames, "state"), (.placeNames, "city")]),
    SupersetDashboard(
      section: "Trends", charts: SupersetCharts.trends, filters: [(.songs, "genre")]),
  ]

  var file: BundleValue {
    [
      "dashboard_title": .text(title), "description": nil, "css": "", "slug": .text(slug),
      "certified_by": "", "certification_details": "", "published": true, "uuid": .text(uuid),
      "position": position,
      "metadata": [
        "refresh_frequency": .int(Self.refresh), "timed_refresh_immune_slices": [],
        "expanded_slices": [:], "default_filters": "{}", "color_scheme": "",
        "label_colors": [:], "cross_filters_enabled": true, "filter_bar_orientation": "HORIZONTAL",
        "native_filter_configuration": .list(nativeFilters),
      ],
      "version": "1.0.0",
    ]
  }

  /// Charts from left to right, and a new row where the next would not fit.
  private var rows: [[SupersetChart]] {
    charts.reduce(into: [[]]) { rows, chart in
      let taken = rows[rows.count - 1].reduce(0) { $0 + $1.width }
      if taken + chart.width > Self.columns { rows.append([]) }
      rows[rows.count - 1].append(chart)
    }
  }

  private var position: BundleValue {
    var members: [BundleValue.Member] = [
      .init(name: "DASHBOARD_VERSION_KEY", value: "v2"),
      .init(name: "ROOT_ID", value: ["id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]]),
      .init(
        name: "HEADER_ID",
        value: ["id": "HEADER_ID", "type": "HEADER", "meta": ["text": .text(title)]]),
      .init(
        name: "GRID_ID",
        value: [
          "id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"],
          "children": .texts(rows.indices.map { "ROW-\($0 + 1)" }),
        ]),
    ]
    for (index, row) in rows.enumerated() {
      let id = "ROW-\(index + 1)"
      members.append(
        .init(
          name: id,
          value: [
            "id": .text(id), "type": "ROW", "parents": ["ROOT_ID", "GRID_ID"],
            "children": .texts(row.map { "CHART-\($0.uuid)" }),
            "meta": ["background": "BACKGROUND_TRANSPARENT"],
          ]))
      for chart in row {
        members.append(
          .init(name: "CHART-\(chart.uuid)", value: Self.place(chart, row: id)))
      }
    }
    return .object(members)
  }

  private static func place(_ chart: SupersetChart, row: String) -> BundleValue {
    let height =
      switch chart.look {
      case .number: numberHeight
      default: chartHeight
      }
    return [
      "id": .text("CHART-\(chart.uuid)"), "type": "CHART", "children": [],
      "parents": ["ROOT_ID", "GRID_ID", .text(row)],
      "meta": [
        // Superset puts its own number of the chart here, which it finds by the UUID.
        "chartId": 0, "width": .int(chart.width), "height": .int(height),
        "sliceName": .text(chart.title), "uuid": .text(chart.uuid),
      ],
    ]
  }

  private var nativeFilters: [BundleValue] {
    let time = filter(
      "time_range", "Time range", "filter_time", [[:]], ["enableEmptyFilter": false])
    return [time]
      + filters.map { dataset, column in
        filter(
          column, SupersetDataset.label(column), "filter_select",
          [["column": ["name": .text(column)], "datasetUuid": .text(dataset.uuid)]],
          [
            "enableEmptyFilter": false, "defaultToFirstItem": false, "multiSelect": true,
            "searchAllOptions": true, "inverseSelection": false,
          ])
      }
  }

  private func filter(
    _ name: String, _ label: String, _ type: String, _ targets: [BundleValue],
    _ control: BundleValue
  ) -> BundleValue {
    [
      "id": .text("NATIVE_FILTER-\(NameUUID.of(slug + "/" + name))"), "type": "NATIVE_FILTER",
      "filterType": .text(type), "name": .text(label), "description": "",
      "targets": .list(targets), "controlValues": control, "cascadeParentIds": [],
      "defaultDataMask": ["extraFormData": [:], "filterState": [:], "ownState": [:]],
      "scope": ["rootPath": ["ROOT_ID"], "excluded": []],
    ]
  }
}
