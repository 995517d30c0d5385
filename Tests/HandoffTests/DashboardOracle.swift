/// What the queries of a dashboard must answer, said a second time over `serving`: by number, without their limits.
enum DashboardOracle {
  private static let hour = "minute >= now() - interval '1 hour'"
  private static let ended = "nullif(sum(completed + skipped + partial), 0)"

  /// The last hour of a rollup with the dimension that its key leads to. A row's own rates are means of what ended.
  private static func hour(_ rollup: String, by columns: String, _ values: String) -> String {
    """
    select \(columns), \(values)
    from (
      select
        *, nullif(completed + skipped + partial, 0)::float8 as ended,
        round(public.hll_cardinality(listeners)) as users
      from serving.minute_\(rollup)
      where \(hour)
    ) as r
    left join warehouse.dim_\(rollup) using (\(rollup)_key)
    group by \(columns)
    """
  }

  /// The last hour of each user, over the user's states.
  private static let users = """
    (select
      minute, user_id, sum(listened_ms) / \(ended) as listened, sum(skipped) / \(ended) as skipped
    from serving.minute_user
    left join warehouse.dim_user using (user_key)
    where \(hour)
    group by 1, 2) as u
    """

  private static func hours(_ values: String) -> String {
    "select \(values) from serving.hour_totals where hour >= now() - interval '24 hours'"
  }

  static let answers = [
    "1.1": """
    select minute, round(public.hll_cardinality(active_users))
    from serving.minute_totals where \(hour)
    """,
    "1.2": """
    select subscription_type, avg(listened) from \(users) join dashboard.users using (user_id) group by 1
    """,
    "1.3": "select minute, avg(skipped) from \(users) group by 1",
    "1.4": """
    select extract(hour from hour), user_id, sum(listens)
    from serving.hour_user left join warehouse.dim_user using (user_key)
    where hour >= now() - interval '24 hours' group by 1, 2
    """,
    "2.1": hour("song", by: "title", "sum(listens)"),
    "2.2": hour("song", by: "genre", "avg(skipped / ended)"),
    "2.3": hour("song", by: "minute", "avg(thumbs_up / nullif(listens, 0)::float8)"),
    "2.4": hour(
      "song", by: "artist",
      "sum(listens), avg(completed / ended), avg(thumbs_up / nullif(listens, 0)::float8)"),
    "3.1": hour("device", by: "device_type", "sum(listens)"),
    "3.2": hour("device", by: "device_type", "avg(listened_ms / ended)"),
    "3.3": hour("device", by: "os", "avg(completed / ended)"),
    "3.4": hour("device", by: "minute, device_type", "sum(listens)"),
    "4.1": hour("location", by: "country", "sum(listens)"),
    "4.2": hour("location", by: "region", "sum(users)"),
    "4.3": hour("location", by: "minute, city", "sum(listens)"),
    "5.1": hours("hour, listens"),
    "5.2": hours(
      "hour, round(public.hll_cardinality(listeners)), round(public.hll_cardinality(songs))"),
    "5.3": hours(
      "hour, skipped / nullif(completed + skipped + partial, 0)::float8, "
        + "thumbs_up / nullif(listens, 0)::float8"),
    "5.4": hours(
      "extract(hour from hour), avg(listened_ms / nullif(completed + skipped + partial, 0)::float8)"
    )
      + " group by 1",
  ]
}
