import TestKit
import Testing

/// `load` beyond loading: what it would do, days anew, a build for later, and a load that is taken back.
@Suite struct TakingBackCommandTests {
  @Test func aLoadIsPlannedTakenBackKeptForLaterAndPublished() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      let first = try box.generate("first", users: 40, from: "2026-01-01", to: "2026-01-02")
      try box.succeed(["import", first] + place)
      try box.keepServer()
      let plan = try box.succeed(["load", "incremental", "--dry-run"] + place)
      #expect(plan.errors.contains("load full would read "), "\(plan)")
      #expect(plan.errors.contains("event time: about 2026-01-01T"), "\(plan)")
      try box.fail(["load", "rollback"] + place, 65, saying: ["There is no load to take back"])
      // A first load is a full one, whatever it is called.
      let loaded = try box.succeed(["load", "incremental"] + place)
      #expect(loaded.errors.contains("load full 1: "), "\(loaded)")

      let facts = ["sql", "--csv", "select count(*), max(load_run_id) from fact_page_view"] + place
      let before = try box.succeed(facts).output
      let second = try box.generate("second", users: 40, from: "2026-01-02", to: "2026-01-03")
      try box.succeed(["import", second] + place)
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.succeed(facts).output.hasSuffix(",2\n"))
      let would = try box.succeed(["load", "rollback", "--dry-run"] + place)
      #expect(would.errors.contains("would take back load 2 (incremental): "), "\(would)")
      let back = try box.succeed(["load", "rollback"] + place)
      #expect(back.errors.contains("load 2 is taken back; polyrhythm speed counts"), "\(back)")
      #expect(try box.succeed(facts).output == before)
      try box.fail(["load", "rollback"] + place, 65, saying: ["taken back already"])
      try box.succeed(["speed", "--until-caught-up"] + place)
      let whole = try box.sums(place)

      let shadow = try box.succeed(["load", "full", "--shadow"] + place)
      #expect(shadow.errors.contains("warehouse.fact_listen: "), "\(shadow)")
      #expect(shadow.errors.contains("polyrhythm load publish puts it in place"), "\(shadow)")
      #expect(try box.succeed(facts).output == before)
      let put = try box.succeed(["load", "publish", "--dry-run"] + place)
      #expect(put.errors.contains("would put the build of load 3 in the place of"), "\(put)")
      try box.succeed(["load", "publish"] + place)
      #expect(try box.sums(place) == whole)
      #expect(try box.succeed(facts).output.hasSuffix(",3\n"))
      try box.fail(["load", "publish"] + place, 65, saying: ["There is no build to publish"])

      try box.succeed(
        ["load", "full", "--from-date", "2026-01-02", "--to-date", "2026-01-02"] + place)
      let loads =
        ["sql", "--csv", "select kind, status from load_run order by load_run_id"] + place
      #expect(
        try box.succeed(loads).output
          == "kind,status\nfull,published\nincremental,rolled back\nfull,published\ndays,published\n"
      )
      try box.succeed(["check"] + place)
      #expect(try box.sums(place) == whole)
    }
  }

  @Test func whatMakesNoSenseIsSaidBeforeAnythingIsOpened() throws {
    try withSandbox { box in
      for (arguments, message) in [
        (["load", "incremental", "--shadow"], "only a full load"),
        (["load", "incremental", "--from-date", "2026-01-01"], "go with load full"),
        (["load", "full", "--from-date", "yesterday"], "is no date of 2000 to 2099"),
        (
          ["load", "full", "--from-date", "2026-01-02", "--to-date", "2026-01-01"],
          "--from-date is after --to-date"
        ),
        (["load", "twice"], "load rollback or load publish"),
      ] {
        try box.fail(arguments + ["--data", box.data], 64, saying: [message])
      }
    }
  }
}
