import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// What `/metrics` says, and that Prometheus can read it.
@Suite struct MonitoringTests {
  /// A family as the text has it.
  private struct Family {
    var kind: String
    var samples: [(name: String, labels: String, value: Double)] = []
  }

  /// Reads the text format as strictly as Prometheus's own linter: each family is announced, then follow its samples, none twice.
  private func families(_ text: String) throws -> [String: Family] {
    var families: [String: Family] = [:]
    var current = ""
    var seen: Set<String> = []
    #expect(text.hasSuffix("\n"))
    for line in text.split(separator: "\n") {
      if let match = line.wholeMatch(of: /# HELP ([a-z_]+) (.+)/) {
        current = String(match.1)
        #expect(families[current] == nil, "\(current) comes twice")
      } else if let match = line.wholeMatch(
        of: /# TYPE ([a-z_]+) (counter|gauge|histogram|summary)/)
      {
        #expect(match.1 == current)
        families[current] = Family(kind: String(match.2))
      } else {
        let label = "[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\n\"])*\""
        let sample = try Regex("([a-z_]+)(\\{\(label)(?:,\(label))*\\})? ([-+0-9.eE]+)")
        let match = try #require(line.wholeMatch(of: sample), "\(line)")
        let name = String(try #require(match[1].substring))
        let labels = String(match[2].substring ?? "")
        #expect(seen.insert(name + labels).inserted, "\(line) comes twice")
        let kind = families[current]?.kind
        let suffixes = [
          "histogram": ["_bucket", "_sum", "_count"], "summary": ["_sum", "_count"],
        ]
        let names = suffixes[kind ?? ""]?.map { current + $0 } ?? [current]
        #expect(names.contains(name), "\(line) in \(current)")
        #expect((kind == "counter") == current.hasSuffix("_total"), "\(current)")
        families[current]?.samples.append(
          (name, labels, try #require(Double(match[3].substring ?? ""))))
      }
    }
    return families
  }

  private func served(_ fixture: Fixture) throws -> [String: Family] {
    var router = fixture.router
    router.pools = [("questions", router.database)]
    let response = router.route(Request(path: "/metrics"))
    #expect(response.status == 200)
    return try families(response.text)
  }

  /// A site of two partitions, whose layers and log have come to different places.
  private func busy() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at) values
        ('listen_events', 0, 90, 1, '', now()), ('listen_events', 1, 50, 1, '', now()),
        ('auth_events', 0, 7, 1, '', now());
      insert into batch.progress (topic, partition, next_offset, replay_from, replay_watermark) values
        ('listen_events', 0, 60, 1, '');
      insert into speed.log_end values
        ('listen_events', 0, 100, now()), ('listen_events', 1, 50, now()), ('auth_events', 0, 9, now());
      insert into speed.reached values
        ('listen_events', 0, (extract(epoch from now()) - 40) * 1000, (extract(epoch from now()) - 640) * 1000),
        ('listen_events', 1, (extract(epoch from now()) - 90) * 1000, (extract(epoch from now()) - 690) * 1000),
        ('auth_events', 0, (extract(epoch from now()) - 200000) * 1000, (extract(epoch from now()) - 200600) * 1000);
      insert into speed.work values (0, 4, 0.5, 10, 20, 30, 1, 2, 3), (1, 6, 0.25, 1, 2, 3, 0, 0, 1);
      insert into warehouse.load_run (kind, status, started_at, finished_at, events_read, late) values
        ('full', 'failed', '2026-11-19 00:00Z', '2026-11-19 00:01Z', null, null),
        ('full', 'published', '2026-11-20 00:00Z', '2026-11-20 00:01Z', 60, 5);
      update batch.published set load_run_id = 2
      """)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 00:00Z")
    return fixture
  }

  @Test func `Prometheus can read all of it`() throws {
    let fixture = try busy()
    _ = fixture.get("/api/v1/query", "metrics=listens")
    let families = try served(fixture)
    let histogram = try #require(families["polyrhythm_http_request_seconds"])
    let query = histogram.samples.filter { $0.labels.contains("/api/v1/query") }
    let buckets = query.filter { $0.name.hasSuffix("_bucket") }.map(\.value)
    #expect(buckets.count == Histogram.bounds.count + 1 && buckets == buckets.sorted())
    #expect(buckets.last == 1 && query.contains { $0.name.hasSuffix("_count") && $0.value == 1 })
    #expect(buckets[0] < 1 || query.contains { $0.name.hasSuffix("_sum") && $0.value < 0.001 })
  }

  @Test func `how far each layer is, in records and seconds, is told by partition`() throws {
    let families = try served(busy())
    func values(_ name: String) -> [String: Double] {
      Dictionary(
        uniqueKeysWithValues: (families[name]?.samples ?? []).map { ($0.labels, $0.value) })
    }
    let (first, second, third) = (
      "{topic=\"listen_events\",partition=\"0\"}", "{topic=\"listen_events\",partition=\"1\"}",
      "{topic=\"auth_events\",partition=\"0\"}"
    )
    #expect(values("polyrhythm_speed_records_total") == [first: 90, second: 50, third: 7])
    #expect(values("polyrhythm_batch_records_total") == [first: 60, second: 0, third: 0])
    #expect(values("polyrhythm_speed_lag_records") == [first: 10, second: 0, third: 2])
    #expect(values("polyrhythm_batch_lag_records") == [first: 40, second: 50, third: 9])
    // A partition whose records are all committed is not behind; of an import nobody can say by how much.
    let lag = values("polyrhythm_speed_partition_lag_seconds")
    #expect(lag[second] == 0 && lag[third] == nil)
    #expect((40..<100).contains(lag[first] ?? 0))
    #expect(values("polyrhythm_speed_watermark_timestamp_seconds").count == 3)
    let counted = values("polyrhythm_speed_events_total")
    #expect(counted["{topic=\"listen_events\"}"] == 11 && counted["{topic=\"auth_events\"}"] == 22)
    #expect(values("polyrhythm_speed_late_events_total") == ["": 1])
    #expect(values("polyrhythm_speed_redelivered_events_total") == ["": 2])
    #expect(values("polyrhythm_speed_quarantined_records_total") == ["": 4])
    let flushes = try #require(families["polyrhythm_speed_flush_seconds"]).samples
    #expect(flushes.map(\.value) == [0.75, 10])
    #expect(values("polyrhythm_loads_total")["{status=\"failed\"}"] == 1)
    #expect(values("polyrhythm_last_load_seconds") == ["": 60])
    #expect(values("polyrhythm_last_load_records")["{outcome=\"late\"}"] == 5)
    #expect(values("polyrhythm_last_published_age_seconds").count == 1)
  }

  @Test func `readiness goes by the last flush, and not by a mark that is minutes old`() throws {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at)
        values ('listen_events', 0, 90, 1, '', now());
      insert into speed.worker (process, backend_pid, lease_until) values ('1', 1, now() + interval '1 hour');
      insert into speed.watermark_mark (topic, partition, next_offset, greatest, farthest)
        select 'listen_events', 0, 5, t, t from (select (extract(epoch from now()) - 500) * 1000 as t) as mark
      """)
    var router = fixture.router
    router.readyLag = 300
    #expect(router.route(Request(path: "/readyz")).status == 503)
    try fixture.connection.run(
      "insert into speed.reached values ('listen_events', 0, (extract(epoch from now()) - 2) * 1000, 0)"
    )
    #expect(router.route(Request(path: "/readyz")).status == 200)
  }

  @Test
  func `a quiet site whose worker is caught up is ready, and one behind the log's end is not`()
    throws
  {
    let fixture = try Fixture()
    // A heartbeat a second ago, and the last event half an hour ago.
    try fixture.connection.script(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at, moved_at)
        values ('listen_events', 0, 90, 1, '', now() - interval '1 second', now() - interval '1800 seconds');
      insert into speed.worker (process, backend_pid, lease_until) values ('1', 1, now() + interval '1 hour');
      insert into speed.reached values ('listen_events', 0, (extract(epoch from now()) - 1800) * 1000, 0);
      """)
    let ends = try SQLLibrary().sql("speed/note_ends")
    func note(end: Int64) throws {
      try fixture.connection.run(
        ends, [.textArray(["listen_events"]), .intArray([0]), .intArray([end])])
    }
    var router = fixture.router
    router.readyLag = 300
    func readiness() -> Response { router.route(Request(path: "/readyz")) }
    try note(end: 90)
    #expect(readiness().status == 200 && readiness().text.contains("\"lag_seconds\":0"))
    // The first event after the silence is behind by no more than the look that did not see it yet.
    try note(end: 91)
    #expect(readiness().status == 200, "\(readiness().text)")
    // A look at which that event was still not committed says nothing new of what is.
    try fixture.connection.run("update speed.log_end set covered_at = now() - interval '400 s'")
    try note(end: 92)
    #expect(readiness().status == 503 && readiness().text.contains("found 400 s"))
    try fixture.connection.run("update speed.progress set next_offset = 92, moved_at = now()")
    #expect(readiness().status == 200 && readiness().text.contains("\"lag_seconds\":0"))
    // A worker that is there says what it has seen every five seconds; of one that has not for a quarter of a minute nobody knows.
    try fixture.connection.run("update speed.log_end set seen_at = now() - interval '15 s'")
    router.readyLag = 10
    #expect(readiness().status == 503 && readiness().text.contains("found 15 s"))
    router.readyLag = 300
    #expect(readiness().status == 200)
    // Nobody has looked at the log since.
    try fixture.connection.run("update speed.log_end set seen_at = now() - interval '600 s'")
    #expect(readiness().status == 503 && readiness().text.contains("found 600 s"))
  }

  @Test func `the process and its connections are told`() throws {
    let families = try served(busy())
    func value(_ name: String) -> Double? { families[name]?.samples.first?.value }
    #expect(value("process_resident_memory_bytes") ?? 0 > 1_000_000)
    #expect(value("process_cpu_seconds_total") ?? 0 > 0)
    #expect(value("process_open_fds") ?? 0 > 3)
    #expect(value("process_max_fds") ?? 0 > 3)
    let start = value("process_start_time_seconds") ?? 0
    #expect(abs(Double(Instant.now.milliseconds) / 1000 - start) < 86_400)
    let connections = try #require(families["polyrhythm_database_connections"]).samples
    #expect(connections.map(\.labels).contains("{pool=\"questions\",state=\"idle\"}"))
    #expect(value("polyrhythm_database_connections_limit") == 2)
    #expect(value("polyrhythm_database_connections_waiting") == 0)
    #expect(families["polyrhythm_query_seconds"]?.kind == "histogram")
  }

  @Test func `without the database the process is told all the same`() throws {
    let router = try Fixture.router(ScriptedDatabase(failing: ScriptedDatabase.down))
    let families = try families(router.route(Request(path: "/metrics")).text)
    #expect(families["polyrhythm_database_up"]?.samples.map(\.value) == [0])
    #expect(families["polyrhythm_lag_seconds"] == nil && families["process_open_fds"] != nil)
  }

  @Test func `the page of the API has each metric, and no other`() throws {
    let fixture = try busy()
    _ = fixture.get("/api/v1/query", "metrics=listens")
    var names = Set(try served(fixture).keys)
    // What is there with a running server, or after a load, alone.
    names.formUnion([
      "polyrhythm_queued_requests", "polyrhythm_lag_seconds", "polyrhythm_broken_rules",
    ])
    let text = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
    let documented = Set(
      text.matches(of: /`((?:polyrhythm|process)_[a-z_]+)`/).map { String($0.1) })
    #expect(names.subtracting(documented).isEmpty, "not in docs/api.md")
    #expect(documented.subtracting(names).isEmpty, "not served")
  }
}
