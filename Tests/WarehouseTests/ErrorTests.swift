import Foundation
import TestKit
import Testing
import Warehouse

@Suite struct ErrorTests {
  let database: TestDatabase
  let connection: Connection

  init() throws {
    database = try TestDatabase.make(migrated: false)
    connection = try database.connect()
  }

  @Test(arguments: [
    ("selec 1", "42601"), ("select * from nowhere", "42P01"), ("select 1/0", "22012"),
    ("select 'x'::int", "22P02"), ("do $$ begin raise sqlstate '40001'; end $$", "40001"),
    ("do $$ begin raise sqlstate '53300'; end $$", "53300"),
  ])
  func aServerErrorCarriesItsSQLState(sql: String, sqlState: String) {
    let error = #expect(throws: WarehouseError.self) { try connection.run(sql) }
    #expect(error?.sqlState == sqlState)
    #expect(error?.isRetriable == ["40001", "53300"].contains(sqlState))
    #expect(error?.message.contains("\n") == false)
  }

  @Test func theMessageHasNoRowValuesButTheDetailDoes() throws {
    try connection.script("create table t (email text primary key)")
    try connection.run("insert into t values ($1)", [.text("ann@example.org")])
    let duplicate = #expect(throws: WarehouseError.self) {
      try connection.run("insert into t values ($1)", [.text("ann@example.org")])
    }
    #expect(duplicate?.message.contains("ann@") == false)
    #expect(duplicate?.debugDescription.contains("ann@example.org") == true)
    let input = #expect(throws: WarehouseError.self) {
      try connection.run("select email::int from t")
    }
    #expect(input?.message.contains("ann@") == false)
  }

  @Test func theMessageNamesTheLineOfALongScript() {
    let error = #expect(throws: WarehouseError.self) {
      try connection.script("select 1;\n-- a comment\nselect nonsense;\n")
    }
    #expect(error?.message.contains("line 3") == true)
  }

  @Test func twoWorkersThatLockEachOtherGetARetriableConflict() throws {
    try connection.script("create table t (a int); insert into t values (1), (2)")
    let url = database.url
    let holding = Outcomes<Int>()
    let errors = Threads.run(2) { worker in
      let connection = try Connection(url: url)
      try connection.transaction { () throws(WarehouseError) in
        let (mine, other): (Int64, Int64) = worker == 0 ? (1, 2) : (2, 1)
        try connection.run("update t set a = a where a = $1", [.int(mine)])
        holding.add(worker)
        guard eventually(within: 20, { holding.all.count == 2 }) else { return }
        try connection.run("update t set a = a where a = $1", [.int(other)])
      }
    }
    let failures = errors.compactMap { $0 as? WarehouseError }
    #expect(failures.count == 1)
    #expect(failures.first?.sqlState == "40P01")
    #expect(failures.first?.code == .conflict)
    #expect(failures.first?.isRetriable == true)
  }

  @Test func aTerminatedSessionIsALostRetriableConnection() throws {
    let other = try database.connect()
    try other.run("select pg_terminate_backend($1::int)", [.int(Int64(connection.serverProcessID))])
    #expect(eventually(within: 60) { !connection.isAlive })
    let error = #expect(throws: WarehouseError.self) { try connection.run("select 1") }
    #expect(error?.code == .connection)
    #expect(error?.isRetriable == true)
  }

  @Test func aCancelledStatementStopsAndTheConnectionGoesOn() throws {
    let canceller = try connection.canceller()
    let url = database.url
    let process = Int64(connection.serverProcessID)
    let isDone = Outcomes<Bool>()
    let thread = Thread {
      // There is nothing to cancel before the statement runs.
      let observer = try? Connection(url: url)
      let isRunning = eventually(within: 60) {
        (try? observer?.run(
          "select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'",
          [.int(process)]
        ).isEmpty) == false
      }
      if isRunning { try? canceller.cancel() }
      isDone.add(isRunning)
    }
    thread.start()
    let error = #expect(throws: WarehouseError.self) { try connection.run("select pg_sleep(60)") }
    #expect(error?.sqlState == "57014")
    #expect(eventually(within: 60) { isDone.all == [true] })
    #expect(try connection.run("select 1").int(0, 0) == 1)
  }
}

@Suite struct ConnectionURLTests {
  @Test(arguments: [
    "postgresql://user:sekret@127.0.0.1:1/music",
    "host=127.0.0.1 port=1 dbname=music password=sekret",
    "postgresql://user:sek@ret@127.0.0.1:1/music", "postgresql://user:sek/ret@127.0.0.1:1/music",
    "postgresql://user:sek?ret@127.0.0.1:1/music", "postgresql://user:sek#ret@127.0.0.1:1/music",
    "host=127.0.0.1 port=1 password=sek ret", "postgresql://user:sek%ret@127.0.0.1:1/music",
    "postgresql://user@127.0.0.1:1/music?password=sekret&nonsense=sekret",
  ])
  func thePasswordIsInNoMessage(url: String) {
    let error = #expect(throws: WarehouseError.self) { try Connection(url: url) }
    #expect(error?.code == .connection)
    for part in ["sek", "ret@", "ret "] {
      #expect(error?.debugDescription.contains(part) == false, "\(error?.message ?? "")")
    }
  }

  @Test func aServerThatIsNotThereIsNamedWithWhatToDo() {
    let error = #expect(throws: WarehouseError.self) {
      try Connection(url: "postgresql://user@127.0.0.1:1/music")
    }
    for part in ["music", "127.0.0.1", "port 1", "check that the server runs"] {
      #expect(error?.message.contains(part) == true)
    }
    #expect(error?.isRetriable == true)
    #expect(error?.exitCode == .unavailable)
  }

  @Test func aMissingDatabaseIsNotWorthARetry() throws {
    let url = try TestDatabase.make(migrated: false).url
      .replacingOccurrences(of: "/test_", with: "/missing_")
    let error = #expect(throws: WarehouseError.self) { try Connection(url: url) }
    #expect(error?.message.contains("does not exist") == true)
    #expect(error?.isRetriable == false)
  }
}
