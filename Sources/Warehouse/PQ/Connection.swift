import CLibPQ
import Glibc

/// One session with PostgreSQL. Calls block, so they belong on a thread that may wait; a connection
/// is used by one thread at a time.
public final class Connection {
  /// The libpq connection, open until deinit.
  let handle: OpaquePointer
  /// Called with each notice and warning of the server, as one line. Nil, as it is at first, drops them.
  public var noticeHandler: ((String) -> Void)?

  /// Connects. The session speaks UTF-8, lives in UTC and writes ISO dates.
  /// - Parameters:
  ///   - url: `postgresql://…` or a libpq conninfo string; options that it leaves out come from libpq's
  ///     environment variables and password file. `connect_timeout` is 5 s unless given, and TCP's
  ///     keepalives are set so that a server that has gone is noticed within 30 s.
  ///   - applicationName: the name that `pg_stat_activity` shows, also where the URL has another.
  ///   - idleTransactionSeconds: seconds for which the session may keep a transaction open without a
  ///     statement. The server then ends the session, so that the locks of a process that froze come free.
  ///     Nil leaves the server's own setting.
  /// - Throws: `.connection`, naming the server and the database but never the password.
  public init(
    url: String, applicationName: String = "polyrhythm", idleTransactionSeconds: Double? = nil
  ) throws(WarehouseError) {
    var options = try ConnectionURL(url)
    options.setDefault("connect_timeout", "5")
    // The sessions of a process that froze are found, and ended, by their application name.
    options.set("application_name", applicationName)
    // After so many seconds of silence the server is asked, so often and so many times, whether it is there.
    let (silence, interval, count) = (10, 5, 4)
    options.setDefault("keepalives_idle", "\(silence)")
    options.setDefault("keepalives_interval", "\(interval)")
    options.setDefault("keepalives_count", "\(count)")
    // Milliseconds for which sent data may go without an answer.
    options.setDefault("tcp_user_timeout", "\((silence + interval * count) * 1000)")
    options.set("client_encoding", "UTF8")
    guard let handle = options.connect() else {
      throw WarehouseError(.connection, "Cannot connect to PostgreSQL: out of memory")
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      // deinit closes the handle, since every stored property is set by now.
      throw Self.connectError(handle)
    }
    PQsetNoticeReceiver(
      handle, { context, result in Connection.receiveNotice(context, result) },
      Unmanaged.passUnretained(self).toOpaque())
    try script(
      """
      set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set bytea_output = 'hex';
      set extra_float_digits = 1; set standard_conforming_strings = on
      """)
    if let idleTransactionSeconds {
      let milliseconds = max(1, Int(idleTransactionSeconds * 1000))
      try script("set idle_in_transaction_session_timeout = \(milliseconds)")
    }
  }

  deinit { PQfinish(handle) }

  // MARK: Statements

  /// Runs one statement, with `$1`, `$2`, … bound to `parameters`.
  /// - Throws: `.connection` where the connection is lost; otherwise what the server had against the statement.
  @discardableResult
  public func run(_ sql: String, _ parameters: [SQLValue] = []) throws(WarehouseError) -> Rows {
    let bound = BoundParameters(parameters)
    let result = bound.withArrays { types, values, lengths, formats in
      PQexecParams(handle, sql, bound.count, types, values, lengths, formats, 0)
    }
    return try rows(of: result, statement: sql)
  }

  /// Runs several statements separated by semicolons, none with parameters. Outside a transaction they form a
  /// transaction of their own, unless the text has `begin` and `commit`. Results are dropped.
  /// - Throws: as `run` does, for the first statement that fails.
  public func script(_ sql: String) throws(WarehouseError) {
    _ = try rows(of: PQexec(handle, sql), statement: sql)
  }

  // MARK: Transactions

  /// How a transaction sees what others commit meanwhile. The raw value is the statement that begins it.
  public enum TransactionMode: String, Sendable {
    /// Each statement sees what was committed before it began.
    case readCommitted = "begin isolation level read committed"
    /// All statements see what was committed before the first of them; a conflicting write fails with 40001.
    case repeatableRead = "begin isolation level repeatable read"
    /// As if transactions ran one after another; a transaction that would break this fails with 40001.
    case serializable = "begin isolation level serializable"
    /// As `repeatableRead`, and no statement may write.
    case snapshot = "begin isolation level repeatable read read only"
  }

  /// Runs `body` in a transaction, which is committed, or rolled back where `body` throws. Transactions do not
  /// nest.
  ///
  /// ```
  /// // Both statements see the same state, whatever is published meanwhile.
  /// let (loaded, listens) = try connection.transaction(.snapshot) { () throws(WarehouseError) in
  ///   let epoch = try connection.run("select loaded_epoch from batch.published").int(0, 0)
  ///   let sum = try connection.run("select sum(listens)::bigint from serving.minute_totals").int(0, 0)
  ///   return (epoch, sum)
  /// }
  /// ```
  /// - Throws: whatever `body` throws, or why the commit failed. Where the connection is lost during the
  ///   commit itself, it is not known whether the commit took place.
  public func transaction<T>(
    _ mode: TransactionMode = .readCommitted, _ body: () throws(WarehouseError) -> T
  ) throws(WarehouseError) -> T {
    try begin(mode)
    do throws(WarehouseError) {
      let value = try body()
      try commit()
      return value
    } catch {
      rollback()
      throw error
    }
  }

  /// `transaction` for a body that also throws errors of other kinds.
  public func transaction<T>(
    _ mode: TransactionMode = .readCommitted, _ body: () throws -> T
  ) throws -> T {
    try begin(mode)
    do {
      let value = try body()
      try commit()
      return value
    } catch {
      rollback()
      throw error
    }
  }

  /// True between the begin and the end of a transaction, failed or not.
  public var isInTransaction: Bool {
    [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(handle))
  }

  private func begin(_ mode: TransactionMode) throws(WarehouseError) {
    guard !isInTransaction else {
      throw WarehouseError(.statement, "A transaction was begun inside another one")
    }
    try run(mode.rawValue)
  }

  private func commit() throws(WarehouseError) {
    // Where `body` has swallowed the error of a statement, the server answers COMMIT with a ROLLBACK and
    // reports no error.
    let tag = try run("commit").commandTag
    guard tag == "COMMIT" else {
      throw WarehouseError(
        .statement, "The transaction was rolled back: a statement in it had failed before",
        sqlState: "25P02")
    }
  }

  /// Rolls back without looking at the outcome: where that fails the connection is lost, and the server rolls
  /// back by itself.
  private func rollback() {
    if isInTransaction { PQclear(PQexec(handle, "rollback")) }
  }

  // MARK: COPY

  /// Appends the buffer's rows to a table, all or none.
  /// - Throws: what the server had against the rows; `.connection` where the connection is lost.
  /// - Parameters:
  ///   - target: `schema.table` or `table`, unquoted.
  ///   - columns: the buffer's fields, in order; their types are the table's own.
  /// - Returns: the number of rows.
  @discardableResult
  public func copy(into target: String, columns: [String], from buffer: CopyBuffer)
    throws(WarehouseError) -> Int64
  {
    let stream = try beginCopy(into: target, columns: columns)
    try stream.send(buffer)
    return try stream.finish()
  }

  /// Begins a COPY in pieces: send any number of buffers, then finish. The connection cannot run another
  /// statement meanwhile.
  /// - Parameter frozen: true to write rows that count as old from the start (COPY's option FREEZE), so that
  ///   later readers need not set hint bits on them; only for a table that the same transaction has made.
  public func beginCopy(into target: String, columns: [String], frozen: Bool = false)
    throws(WarehouseError) -> CopyStream
  {
    let names = columns.map { Identifier.quoted($0) }.joined(separator: ", ")
    let options = frozen ? "format binary, freeze" : "format binary"
    let sql = "copy \(Identifier.quotedTable(target)) (\(names)) from stdin (\(options))"
    guard let result = PQexec(handle, sql) else { throw lastError(sql) }
    if PQresultStatus(result) == PGRES_COPY_IN {
      PQclear(result)
      return CopyStream(self, statement: sql)
    }
    _ = try rows(of: result, statement: sql)
    throw WarehouseError(.statement, "PostgreSQL did not begin the COPY (in: \(sql))")
  }

  // MARK: The session

  /// The parts of a database URL for starting another program: a conninfo string without the password, and
  /// the password, which must not stand among the program's arguments. Nil where the URL has no password.
  /// - Throws: `.connection` where the URL is not understood.
  public static func splitPassword(of url: String) throws(WarehouseError) -> (
    conninfo: String, password: String?
  ) {
    let parsed = try ConnectionURL(url)
    return (parsed.withoutPassword, parsed.options["password"])
  }

  /// Makes a canceller, which cancels this connection's statements from another thread. A cancel that comes late
  /// hits the session's next statement.
  /// - Throws: `.connection` where the connection is lost.
  public func canceller() throws(WarehouseError) -> Canceller {
    guard let cancel = PQgetCancel(handle) else { throw lastError("") }
    return Canceller(cancel)
  }

  /// False once the connection is known to be lost. Reading this costs no round trip: it looks whether the
  /// server has closed the session while the connection was idle or sent a statement, which libpq itself
  /// would notice only a little later.
  public var isAlive: Bool {
    var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
    // A server that ends the session sends a last message first, which must be read before the stream's end
    // is seen.
    while PQstatus(handle) == CONNECTION_OK, poll(&descriptor, 1, 0) > 0 {
      if PQconsumeInput(handle) == 0 { break }
    }
    return PQstatus(handle) == CONNECTION_OK
  }

  /// True where a pool can lend the connection: it is alive and outside any transaction or statement.
  var isIdle: Bool { isAlive && PQtransactionStatus(handle) == PQTRANS_IDLE }

  /// The process id of the server's side, as in `pg_stat_activity`.
  public var serverProcessID: Int32 { PQbackendPID(handle) }

  /// The server's version as libpq writes it: 150004 is 15.4.
  public var serverVersion: Int32 { PQserverVersion(handle) }

  // MARK: Results and errors

  /// Takes ownership of `result`, and turns an error in it into a thrown one.
  func rows(of result: OpaquePointer?, statement: String) throws(WarehouseError) -> Rows {
    guard let result else { throw lastError(statement) }
    let owner = QueryResult(result)
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
      return Rows(owner)
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      leaveCopy()
      throw WarehouseError(
        .statement,
        "COPY to or from the client is not a plain statement "
          + "(in: \(ServerError.opening(of: statement)))")
    default:
      throw ServerError.make(
        result, statement: statement, connectionLost: !isAlive)
    }
  }

  func lastError(_ statement: String) -> WarehouseError {
    let isLost = !isAlive
    let text = ServerError.oneLine(String(cString: PQerrorMessage(handle)))
    let place = statement.isEmpty ? "" : " (in: \(ServerError.opening(of: statement)))"
    return WarehouseError(
      isLost ? .connection : .statement, "PostgreSQL: \(text)\(place)", isRetriable: isLost)
  }

  /// Ends a COPY that a plain statement has begun by mistake, so that the connection can be used again.
  private func leaveCopy() {
    PQputCopyEnd(handle, "not expected")
    var line: UnsafeMutablePointer<CChar>?
    while PQgetCopyData(handle, &line, 0) > 0 { PQfreemem(line) }
    discardResults()
  }

  /// Takes and drops the remaining results of a statement. A COPY that could not be ended gives the same result
  /// for ever; the loop then stops, and `isIdle` stays false, as the connection is of no more use.
  func discardResults() {
    while let result = PQgetResult(handle) {
      let status = PQresultStatus(result)
      PQclear(result)
      if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(status) { return }
    }
  }

  private static func connectError(_ handle: OpaquePointer) -> WarehouseError {
    let database = PQdb(handle).map { String(cString: $0) } ?? ""
    let host = PQhost(handle).map { String(cString: $0) } ?? ""
    let port = PQport(handle).map { String(cString: $0) } ?? ""
    let reason = ServerError.oneLine(String(cString: PQerrorMessage(handle)))
    let refused = ["authentication failed", "no password supplied", "no pg_hba.conf entry"]
    let advice: String
    var isRetriable = false
    if refused.contains(where: { reason.contains($0) }) {
      advice = "check the user and the password in the database URL"
    } else if reason.contains("does not exist") && reason.contains("FATAL") {
      advice = "create it, or correct the database URL"
    } else {
      advice = "check that the server runs there and that the database URL is right"
      isRetriable = true
    }
    let kind = host.hasPrefix("/") ? "socket" : "host"
    return WarehouseError(
      .connection,
      "Cannot connect to database \(database) at \(kind) \(host), port \(port): \(reason); "
        + advice,
      isRetriable: isRetriable)
  }

  private static func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context, let result else { return }
    let connection = Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
    guard let handler = connection.noticeHandler else { return }
    handler(ServerError.oneLine(String(cString: PQresultErrorMessage(result))))
  }
}
