import Foundation
import TestKit
import Testing
import Warehouse

/// Help, and how rows are printed.
@Suite struct CommandLineTests {
  @Test func helpOfEveryCommandNamesItAndItsFlags() throws {
    try withSandbox { box in
      let overview = try box.succeed(["--help"])
      let commands = [
        "run", "generate", "import", "archive", "speed", "load", "pipeline", "serve", "check",
        "ask", "sql",
        "status", "superset",
      ]
      for command in commands {
        #expect(overview.output.contains("\n  \(command) "), "\(overview)")
        let help = try box.succeed([command, "--help"])
        #expect(help.output.hasPrefix("polyrhythm \(command) "), "\(help)")
        #expect(help.output.contains("  --"), "\(help)")
        #expect(help.errors.isEmpty, "\(help)")
        #expect(try box.succeed(["help", command]).output == help.output)
      }
      let nothing = try box.run([])
      #expect(nothing.status == 64 && nothing.output == overview.output, "\(nothing)")
    }
  }

  @Test func supersetWritesItsBundleAndAgainOverIt() throws {
    try withSandbox { box in
      let folder = box.data + "/superset"
      let first = try box.succeed(["superset", "export", folder])
      #expect(first.output.hasSuffix(" files in \(folder)\n"), "\(first)")
      try box.succeed([
        "superset", "export", folder, "--postgres", "db.example:6432", "--name", "m",
      ])
      let database = try String(
        contentsOfFile: folder + "/databases/polyrhythm.yaml", encoding: .utf8)
      #expect(database.contains("@db.example:6432/m?"), "\(database)")
      for wrong in [
        ["export"], ["import", folder], ["export", folder, "--postgres", "nowhere"],
        ["export", folder, "--name", "a/b"], ["export", ""],
      ] {
        let outcome = try box.run(["superset"] + wrong)
        #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome)")
      }
      #expect(try box.run(["superset", "export", "/dev/null/x"]).status == 73)
    }
  }

  @Test func sqlPrintsAnAlignedTable() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let query = """
        select 'Zoë' as name, 7 as n, null as none, E'two\\nlines\\t\\u001b[31m' as "odd text"
        union all select 'é€𝄞x', 1234567, 'there', ''
        """
      let outcome = try box.succeed(["sql", query, "--database", database.url])
      #expect(
        outcome.output == """
           name | n       | none  | odd text
          ------+---------+-------+------------------------
           Zoë  |       7 |       | two\\nlines\\t\\u{1b}[31m
           é€𝄞x | 1234567 | there |
          (2 rows)

          """, "\(outcome)")
      let single = try box.succeed(["sql", "--database", database.url], input: "select 1 as one\n")
      #expect(single.output == " one\n-----\n   1\n(1 row)\n", "\(single)")
      let made = try box.succeed([
        "sql", "--write", "create table t (a int)", "--database", database.url,
      ])
      #expect(made.output == "CREATE TABLE\n")
    }
  }

  @Test func whatCannotBePrintedInFullIsAFailureButForAReaderThatHasSeenEnough() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let sql = ["sql", "--csv", "select generate_series(1, 300000)", "--database", database.url]
      let full = try box.run(sql, wrapper: ["sh", "-c", "\"$@\" > /dev/full", "sh"])
      #expect(full.status == 74, "\(full)")
      #expect(full.errorLines.count == 1 && full.errors.contains("standard output"), "\(full)")
      let head = try box.run(
        sql, wrapper: ["bash", "-c", "\"$@\" | head -1; exit ${PIPESTATUS[0]}", "bash"])
      #expect(head.status == 0 && head.output == "generate_series\n", "\(head)")
    }
  }

  @Test func sqlPrintsCSVThatTellsNullFromAnEmptyText() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let query = """
        select 'a,b' as "x,y", E'say "hi"\\nand\\r\\ngo' as text, null as none, '' as empty,
          'ü€𝄞' as letters, -1.50 as number, true as yes
        """
      let outcome = try box.succeed(["sql", "--csv", query, "--database", database.url])
      #expect(
        outcome.output
          == "\"x,y\",text,none,empty,letters,number,yes\n"
          + "\"a,b\",\"say \"\"hi\"\"\nand\r\ngo\",,\"\",ü€𝄞,-1.50,t\n", "\(outcome)")
      let none = try box.succeed(
        ["sql", "--csv", "select 1 as a, 2 as b where false", "--database", database.url])
      #expect(none.output == "a,b\n")
    }
  }
}
