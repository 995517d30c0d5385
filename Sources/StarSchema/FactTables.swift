import EventModel

extension Topic {
  /// The fact table of the topic's events, with its schema.
  public var factTable: String {
    switch self {
    case .listen: "warehouse.fact_listen"
    case .auth: "warehouse.fact_auth"
    case .pageView: "warehouse.fact_page_view"
    }
  }
}
