import Metrics
import Testing

@testable import ServingLayer

@Suite struct QueryParsing {
  @Test func `defaults are the last hour by the minute, 1000 rows, UTC, JSON`() throws {
    let query = try parse("metrics=listens")
    #expect(query.from.iso8601 == "2026-11-20T11:00:00Z")
    #expect(query.to.iso8601 == "2026-11-20T12:01:00Z")
    #expect(query.granularity == .minute)
    #expect(query.limit == 1000)
    #expect(query.timeZone == "UTC")
    #expect(query.format == .json)
  }

  @Test(arguments: [
    ("from=-6h", "hour"), ("from=-5h", "minute"), ("from=-14d", "day"), ("from=-13d", "hour"),
    ("from=-1h&by=artist", "none"), ("from=-1h&by=artist&granularity=minute", "minute"),
  ])
  func `the default granularity follows the range, and is none with by`(
    text: String, expected: String
  ) throws {
    #expect(try parse("metrics=listens&" + text).granularity.rawValue == expected)
  }

  @Test(arguments: [
    ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"),
    ("2026-11-20T09:30:15.5Z", "2026-11-20T09:30:15.500Z"),
    ("2026-11-20", "2026-11-20T00:00:00Z"), ("2026-11-20T09:30", "2026-11-20T09:30:00Z"),
    ("2026-11-20T01:30:00+02:00", "2026-11-19T23:30:00Z"),
    ("2026-11-20T01:30:00 02:00", "2026-11-19T23:30:00Z"),
    ("2026-11-20T23:30:00-0130", "2026-11-21T01:00:00Z"),
    ("2024-02-29", "2024-02-29T00:00:00Z"), ("2000-03-01", "2000-03-01T00:00:00Z"),
    ("1600000000000", "2020-09-13T12:26:40Z"), ("now", "2026-11-20T12:00:30Z"),
    ("-15m", "2026-11-20T11:45:30Z"), ("now-1d", "2026-11-19T12:00:30Z"),
    ("-2w", "2026-11-06T12:00:30Z"), ("-90s", "2026-11-20T11:59:00Z"),
  ])
  func `a time is read as`(text: String, expected: String) {
    #expect(Instant.parse(text, now: now)?.iso8601 == expected)
  }

  @Test(arguments: [
    "", "yesterday", "2026", "1600000000", "2026-13-01", "2026-02-29", "2026-11-31",
    "2026-11-20T24:00",
    "2026-11-20T10:60", "2026-11-20T10:00:00X", "2026-11-20T10:00:00+25:00", "-5y", "--1h", "-1",
    "-h",
    "-99999999999999999999d", "2026-11-20Z", "2026-1-2", "2026-11-20T10:00:00.Z",
  ])
  func `a time is not guessed from`(text: String) {
    #expect(Instant.parse(text, now: now) == nil)
  }

  @Test func `the range widens to whole minutes`() throws {
    let query = try parse("metrics=listens&from=2026-11-20T09:30:59Z&to=2026-11-20T09:31:01Z")
    #expect(query.from.iso8601 == "2026-11-20T09:30:00Z")
    #expect(query.to.iso8601 == "2026-11-20T09:32:00Z")
  }

  @Test func `filters of one dimension are alternatives, and a value may hold a colon`() throws {
    let query = try parse("metrics=listens&filter=artist:A:B&filter=genre:jazz&filter=artist:C")
    #expect(
      query.filters == [
        Query.Filter(dimension: .artist, values: ["A:B", "C"]),
        Query.Filter(dimension: .genre, values: ["jazz"]),
      ])
  }

  @Test(arguments: [
    ("artist:Earth\\, Wind & Fire", ["Earth, Wind & Fire"]), ("artist:A,B", ["A", "B"]),
    ("artist:A,", ["A", ""]), ("artist:", [""]), ("artist:A\\\\,B", ["A\\", "B"]),
    ("artist:A\\B\\", ["A\\B\\"]), ("status:200,+404", ["200", "404"]),
    ("level:paid,free", ["paid", "free"]),
  ])
  func `commas in a filter part alternatives, and a backslash keeps them`(
    text: String, values: [String]
  ) throws {
    #expect(
      try parse("metrics=listens&filter=\(text)".replacing(" & ", with: " and ")).filters.map(
        \.values)
        == [values.map { $0.replacing(" & ", with: " and ") }])
  }

  /// Berlin's clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
  @Test(arguments: [
    ("2026-11-12", "Europe/Berlin", "2026-11-11T23:00:00Z"),
    ("2026-11-12T00:00", "Europe/Berlin", "2026-11-11T23:00:00Z"),
    ("2026-07-01T12:30:00", "America/New_York", "2026-07-01T16:30:00Z"),
    ("2026-11-12T00:00Z", "Europe/Berlin", "2026-11-12T00:00:00Z"),
    ("2026-11-12T00:00-01:00", "Europe/Berlin", "2026-11-12T01:00:00Z"),
    ("1600000000000", "Europe/Berlin", "2020-09-13T12:26:00Z"),
    ("-1d", "Europe/Berlin", "2026-11-19T12:00:00Z"),
    // Passed over, shown twice, and on either side.
    ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29T00:59:00Z"),
    ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
    ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
    ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
    ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"),
    ("2000-01-01", "Asia/Aden", "1999-12-31T21:00:00Z"),
  ])
  func `dates and times without a zone are those of tz`(
    text: String, zone: String, expected: String
  )
    throws
  {
    #expect(try parse("metrics=listens&tz=\(zone)&from=\(text)").from.iso8601 == expected)
  }

  /// Each rejection names the parameter, what was found, and what is accepted.
  @Test(arguments: [
    ("", "metrics: found \"\", accepted: one or more of listens, "),
    ("metrics=", "metrics: found \"\", accepted: one or more of listens, "),
    ("metrics=plays", "metrics: found \"plays\", accepted: each once of listens, "),
    ("metrics=listens,listens", "metrics: found \"listens\", accepted: each once of "),
    ("metrics=listens,", "metrics: found \"\", accepted: each once of "),
    (
      "metrics=listens&by=planet", "by: found \"planet\", accepted: at most 2, each once, of artist"
    ),
    ("metrics=listens&by=os,os", "by: found \"os\", accepted: at most 2, each once"),
    (
      "metrics=listens&by=os,browser,device_type",
      "by: found \"os,browser,device_type\", accepted: at"
    ),
    (
      "metrics=listens&granularity=fortnight",
      "granularity: found \"fortnight\", accepted: second, minute, hour"
    ),
    ("metrics=listens&from=soon", "from: found \"soon\", accepted: ISO 8601"),
    ("metrics=listens&to=1600000000", "to: found \"1600000000\", accepted: ISO 8601"),
    (
      "metrics=listens&from=1999-12-31",
      "from: found \"1999-12-31\", accepted: a time from the years 2000"
    ),
    (
      "metrics=listens&to=2100-01-02",
      "to: found \"2100-01-02\", accepted: a time from the years 2000"
    ),
    (
      "metrics=listens&from=now&to=now",
      "from: found \"2026-11-20T12:00:30Z\", accepted: a time before to"
    ),
    ("metrics=listens&tz=Mars", "tz: found \"Mars\", accepted: an IANA name"),
    ("metrics=listens&tz=FOO/BAR+3", "tz: found \"FOO/BAR+3\", accepted: an IANA name"),
    ("metrics=listens&tz=UTC'; drop", "tz: found \"UTC'; drop\", accepted: an IANA name"),
    ("metrics=listens&limit=0", "limit: found \"0\", accepted: 1 to 100000, or all"),
    ("metrics=listens&limit=100001", "limit: found \"100001\", accepted: 1 to 100000, or all"),
    ("metrics=listens&limit=ten", "limit: found \"ten\", accepted: 1 to 100000, or all"),
    ("metrics=listens&format=xml", "format: found \"xml\", accepted: json, csv"),
    ("metrics=listens&filter=paid", "filter: found \"paid\", accepted: dimension:value"),
    ("metrics=listens&filter=plan:paid", "filter: found \"plan:paid\", accepted: dimension:value"),
    (
      "metrics=page_views&filter=status:abc",
      "filter: found \"status:abc\", accepted: a whole number, or nothing for unknown"
    ),
    (
      "metrics=listens&filter=level:paid,gold",
      "filter: found \"level:gold\", accepted: free, paid, or nothing"
    ),
    ("metrics=listens&filter=layer:x", "filter: found \"layer:x\", accepted: batch, speed"),
    ("metrics=listens&filter=user:eve", "filter: found \"user:eve\", accepted: a whole number"),
    (
      "metrics=listens&filter=age_band:30",
      "filter: found \"age_band:30\", accepted: under 20, 20-29,"
    ),
    ("metrics=listens&offset=-1", "offset: found \"-1\", accepted: 0 to 10000000"),
    (
      "metrics=listens&tz=Etc/Nowhere&from=2026-11-01",
      "tz: found \"Etc/Nowhere\", accepted: an IANA"
    ),
    ("metrics=listens&filter=page:a\0b", "filter: found \"a NUL character\", accepted: text"),
    ("metrics=listens&limit=1&limit=2", "limit: found \"it more than once\", accepted: one limit"),
    ("metrics=listens&metric=skips", "parameter name: found \"metric\", accepted: metrics, by"),
    ("metrics=listens&compare=lastyear", "compare: found \"lastyear\", accepted: previous"),
  ])
  func `is refused`(text: String, message: String) {
    #expect {
      try parse(text)
    } throws: { error in
      guard let error = error as? RequestError else { return false }
      return error.status == 400 && error.message.hasPrefix(message)
        && !error.message.contains("\n")
    }
  }

  @Test func `too many filter values are refused with the limit`() {
    let text =
      "metrics=listens&filter=state:CA,OR" + String(repeating: "&filter=state:WA", count: 99)
    #expect {
      try parse(text)
    } throws: {
      ($0 as? RequestError)?.message == "filter: found \"101 values\", accepted: at most 100"
    }
  }
}

@Suite struct QueryPlanning {
  @Test(arguments: [
    ("metrics=listens", Rollup.totals), ("metrics=listens&by=level", .audience),
    ("metrics=page_views&by=level", .audience), ("metrics=page_views&by=page,level", .page),
    ("metrics=listens&by=song", .song), ("metrics=listens&by=city,region", .location),
    ("metrics=listens&filter=os:Linux", .device),
    ("metrics=listens&by=user&filter=level:paid", .user),
    ("metrics=listens&by=artist,layer", .song), ("metrics=active_users&by=gender", .audience),
  ])
  func `the cheapest rollup that has everything answers`(text: String, rollup: Rollup) throws {
    #expect(try QueryPlan(parse(text)).source == .rollup(rollup))
  }

  @Test(arguments: [
    "metrics=listens&by=artist,state", "metrics=listens&by=artist&filter=level:paid",
    "metrics=page_views,sessions&by=os,state&filter=page:Home", "metrics=songs&by=user,os",
    "metrics=listens&granularity=second", "metrics=like_rate&by=song&granularity=second",
  ])
  func `what no rollup has is answered by the facts`(text: String) throws {
    let plan = try QueryPlan(parse(text))
    #expect(plan.source == .facts && plan.pieces.isEmpty)
    #expect(plan.columns.last?.name == "covers_until")
  }

  @Test(arguments: [
    // An artist has no page views, and a page no plays.
    (
      "metrics=page_views&by=artist,state",
      "metrics: found page_views, which are not all kept by artist, state"
    ),
    (
      "metrics=listens&by=page,os",
      "metrics: found listens, which are not all kept by page, os, accepted: those within one of [page_views, errors, "
    ),
    (
      "metrics=listens&by=page,artist",
      "metrics: found listens, which are not all kept by page, artist, accepted: those within one of []"
    ),
    (
      "metrics=listens&by=artist,state&from=2026-01-01&to=2026-02-01T00:00:01Z",
      "from and to: found 32 days, accepted: at most 31 for artist, state together, which no rollup has"
    ),
    (
      "metrics=listens&granularity=second&from=2026-01-01&to=2026-06-01",
      "from and to: found 151 days, accepted: at most 31 for seconds, which no rollup has"
    ),
  ])
  func `what the facts cannot answer is refused`(text: String, message: String) {
    #expect {
      try QueryPlan(parse(text))
    } throws: {
      ($0 as? RequestError)?.message.hasPrefix(message) == true
    }
  }

  @Test func `a range of seconds widens to whole seconds`() throws {
    let query = try parse(
      "metrics=listens&granularity=second&from=2026-11-20T09:30:59.3Z&to=2026-11-20T09:31:01.2Z")
    #expect(query.from.iso8601 == "2026-11-20T09:30:59Z")
    #expect(query.to.iso8601 == "2026-11-20T09:31:02Z")
  }

  @Test func `metrics that the dimensions do not keep are refused with those that they keep`() {
    #expect {
      try QueryPlan(parse("metrics=listens,logins&by=artist"))
    } throws: { error in
      guard let message = (error as? RequestError)?.message else { return false }
      return message.hasPrefix("metrics: found listens, logins, which are not all kept by artist")
        && message.contains("avg_listen_time") && !message.contains("page_views")
    }
  }

  @Test func `a title comes with its artist, once`() throws {
    let names = try QueryPlan(parse("metrics=listens&by=song,artist")).columns.map(\.name)
    #expect(names == ["song", "artist", "listens", "source", "is_final", "is_partial"])
  }

  @Test func `no value of a request is in the text of the statement`() throws {
    let query = try parse(
      "metrics=listens&by=song&granularity=day&tz=Asia/Tokyo&limit=77&filter=artist:x'y")
    let statement = QuerySQL.statement(for: try QueryPlan(query))
    for value in ["x'y", "Asia/Tokyo", "77", "2026-11-20"] {
      #expect(!statement.sql.contains(value))
    }
    #expect(statement.parameters.contains("x'y") && statement.parameters.contains("Asia/Tokyo"))
  }
}
