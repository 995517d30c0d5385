import TestKit
import Testing
import Warehouse

@Suite struct TransactionTests {
  private struct Refusal: Error {}

  let database: TestDatabase
  let connection: Connection

  init() throws {
    database = try TestDatabase.make(migrated: false)
    connection = try database.connect()
    try connection.script("create table t (a int)")
  }

  private func count() throws -> Int64 {
    try database.connect().run("select count(*) from t").int(0, 0)
  }

  @Test func whatTheBodyDoesIsCommittedAndItsValueReturned() throws {
    let affected = try connection.transaction {
      try connection.run("insert into t values (1), (2)").affected
    }
    #expect(affected == 2)
    #expect(try count() == 2)
  }

  @Test func anErrorRollsEverythingBackAndIsThrownOn() throws {
    let failed = #expect(throws: WarehouseError.self) {
      try connection.transaction { () throws(WarehouseError) in
        try connection.run("insert into t values (1)")
        try connection.run("select 1/0")
      }
    }
    #expect(failed?.sqlState == "22012")
    #expect(throws: Refusal.self) {
      try connection.transaction {
        try connection.run("insert into t values (1)")
        throw Refusal()
      }
    }
    #expect(try count() == 0)
    #expect(!connection.isInTransaction)
  }

  @Test func aSwallowedErrorDoesNotPassForACommit() throws {
    let error = #expect(throws: WarehouseError.self) {
      try connection.transaction { () throws(WarehouseError) in
        try connection.run("insert into t values (1)")
        _ = try? connection.run("select 1/0")
      }
    }
    #expect(error?.sqlState == "25P02")
    #expect(try count() == 0)
  }

  @Test func aTransactionInsideATransactionIsRefused() throws {
    #expect(throws: WarehouseError.self) {
      try connection.transaction { () throws(WarehouseError) in
        try connection.run("insert into t values (1)")
        try connection.transaction { () throws(WarehouseError) in }
      }
    }
    #expect(try count() == 0)
  }

  @Test func aSnapshotSeesOneInstantAndWritesNothing() throws {
    try connection.transaction(.snapshot) {
      #expect(try connection.run("select count(*) from t").int(0, 0) == 0)
      try database.connect().run("insert into t values (1)")
      #expect(try connection.run("select count(*) from t").int(0, 0) == 0)
    }
    let error = #expect(throws: WarehouseError.self) {
      try connection.transaction(.snapshot) { () throws(WarehouseError) in
        try connection.run("insert into t values (2)")
      }
    }
    #expect(error?.sqlState == "25006")
  }

  @Test func aCopyInsideATransactionIsRolledBackWithIt() throws {
    let buffer = CopyBuffer()
    buffer.startRow(columns: 1)
    buffer.int32(1)
    #expect(throws: Refusal.self) {
      try connection.transaction {
        #expect(try connection.copy(into: "t", columns: ["a"], from: buffer) == 1)
        throw Refusal()
      }
    }
    #expect(try count() == 0)
  }
}

@Suite struct ConnectionPoolTests {
  let database: TestDatabase

  init() throws { database = try TestDatabase.make(migrated: false) }

  @Test func aReturnedConnectionIsUsedAgain() throws {
    let pool = ConnectionPool(url: database.url, limit: 4)
    let ids = try (0..<3).map { _ in try pool.withConnection { $0.serverProcessID } }
    #expect(Set(ids).count == 1)
  }

  @Test func beyondTheLimitABorrowerWaitsUntilItsDeadline() throws {
    let pool = ConnectionPool(url: database.url, limit: 1)
    let error = try pool.withConnection { _ in
      #expect(throws: WarehouseError.self) {
        try pool.withConnection(waitingAtMost: 0.05) { _ in }
      }
    }
    #expect(error?.isRetriable == true)
    #expect(error?.message.contains("busy") == true)
    let count = try pool.withConnection { try $0.run("select 1").count }
    #expect(count == 1)
  }

  @Test func connectionsThatAreOpenedAheadAreTheOnesThatAreLent() throws {
    let pool = ConnectionPool(url: database.url, limit: 4)
    try pool.withConnection { _ in }
    let opened = Outcomes<Int32>()
    try pool.open(3) { opened.add($0.serverProcessID) }
    #expect(pool.usage.idle == 3 && pool.usage.inUse == 0)
    #expect(opened.all.count == 2)
    try pool.withConnection { #expect(opened.all.contains($0.serverProcessID)) }
  }

  @Test func noMoreThanTheLimitAreEverOpen() throws {
    let pool = ConnectionPool(url: database.url, limit: 2, applicationName: "counted")
    let seen = Outcomes<Int64>()
    Threads.run(8) { _ in
      try pool.withConnection(waitingAtMost: 30) { connection throws(WarehouseError) in
        seen.add(
          try connection.run(
            "select count(*), pg_sleep(0.02) from pg_stat_activity "
              + "where application_name = 'counted'"
          ).int(0, 0))
      }
    }
    #expect(seen.all.count == 8)
    #expect(seen.all.max() ?? 0 <= 2)
  }

  @Test func aConnectionThatTheServerClosedIsReplaced() throws {
    let pool = ConnectionPool(url: database.url, limit: 1)
    let first = try pool.withConnection { $0.serverProcessID }
    let killer = try database.connect()
    try killer.run("select pg_terminate_backend($1::int, 10000)", [.int(Int64(first))])
    let second = try pool.withConnection { connection throws(WarehouseError) in
      try connection.run("select pg_backend_pid()").int(0, 0)
    }
    #expect(second != Int64(first))
  }

  @Test func anOpenTransactionDoesNotReachTheNextBorrower() throws {
    let pool = ConnectionPool(url: database.url, limit: 1)
    try pool.withConnection { connection throws(WarehouseError) in
      try connection.script("create table left_open (a int)")
      try connection.script("begin; insert into left_open values (1)")
    }
    try pool.withConnection { connection throws(WarehouseError) in
      #expect(!connection.isInTransaction)
      #expect(try connection.run("select count(*) from left_open").int(0, 0) == 0)
    }
  }

  @Test func everyNewConnectionIsPrepared() throws {
    let pool = ConnectionPool(url: database.url, limit: 1) { connection throws(WarehouseError) in
      try connection.script("set statement_timeout = '1234ms'")
    }
    let timeout = try pool.withConnection { connection throws(WarehouseError) in
      try connection.run("show statement_timeout").text(0, 0)
    }
    #expect(timeout == "1234ms")
  }
}
