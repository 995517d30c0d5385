import Foundation
import Support
import Warehouse

let askCommand = CommandSpec(
  name: "ask",
  summary: "Answers a question of warehouse-sql/questions, such as top-songs; --list shows them.",
  operands: "QUESTION | --list", operandCount: 0...1,
  flags: [
    LocationFlags.database, LocationFlags.data,
    Flag("--by", "BUCKET", "second, minute, hour, day, week, month, quarter or year"),
    Flag("--from", "T", "begin of the range: 2026-01-31, 2026-01-31T12:00:00Z, or 7d"),
    Flag("--to", "T", "its end, exclusive (default: that of what the warehouse has)"),
    Flag("--tz", "TZ", "where buckets begin: an IANA name (default UTC)"),
    Flag("--csv", nil, "print CSV (RFC 4180) with a header"),
    Flag("--chart", nil, "draw bars of lists, and a line of series"),
    Flag("--list", nil, "print every question and what it answers"),
  ]
) { arguments in
  if arguments.has("--list") {
    guard arguments.operands.isEmpty else {
      throw UsageError("ask: --list takes no question")
    }
    return print(try questionList(SQLLibrary()), terminator: "")
  }
  guard let name = arguments.operands.first else {
    throw UsageError("ask: say which question; polyrhythm ask --list shows them")
  }
  guard !(arguments.has("--csv") && arguments.has("--chart")) else {
    throw UsageError("--csv and --chart exclude each other")
  }
  let now = Int64(Date().timeIntervalSince1970 * 1000)
  let from = try arguments.time("--from", now: now)
  let to = try arguments.time("--to", now: now)
  if let from, let to, from >= to {
    throw UsageError(
      "--from: \(ISOTime.text(from)) is not before --to, which is \(ISOTime.text(to))")
  }
  let zone = try QuestionZone(arguments.string("--tz"))
  let locations = try Locations(arguments)
  defer { locations.close() }
  let question = try findQuestion(name, locations.library)
  let bucket = try chooseBucket(arguments.string("--by"), of: question)

  try locations.requireDatabase()
  let connection = try Connection(url: locations.readerURL(), applicationName: "polyrhythm ask")
  let watch = try StopWatch(connection)
  defer { watch.end() }
  try connection.becomeReader()
  let library = locations.library
  // One snapshot, so that what is said of the answer is true of these rows.
  let (rows, range) = try explainingDatabaseErrors(connection, library) {
    try connection.transaction(.snapshot) { () throws -> (Rows, QuestionRange) in
      let state = try QuestionState(connection, library)
      try connection.run("select set_config('TimeZone', $1, true)", [.text(zone.name)])
      let range = try QuestionRange(
        question, by: bucket, from: from, to: to, zone: zone, state, connection, library)
      return (try answer(question, by: bucket, range, connection, library), range)
    }
  }
  Terminal.say(
    "\(question.name) by \(bucket.rawValue), \(ISOTime.text(range.from)) to \(ISOTime.text(range.to)), "
      + range.note + (rows.count == 0 ? "; no rows: \(question.whyNone)" : ""))
  let text =
    if arguments.has("--chart") {
      try AnswerChart.text(rows, question, by: bucket)
    } else {
      arguments.has("--csv") ? TextTable.csv(rows) : TextTable.aligned(rows)
    }
  print(text, terminator: "")
}

/// - Throws: `.dataError` where the server has something against the question's SQL, `.temporaryFailure` where the process
///   was asked to stop.
private func answer(
  _ question: Question, by bucket: QuestionBucket, _ range: QuestionRange, _ connection: Connection,
  _ library: SQLLibrary
) throws -> Rows {
  do {
    return try connection.run(
      question.sql(by: bucket, from: range.rung, library),
      [.timestamp(milliseconds: range.from), .timestamp(milliseconds: range.to)])
  } catch let error as WarehouseError where error.code == .statement {
    if Signals.stop.isRequested { throw CommandError(.temporaryFailure, "ask: stopped") }
    throw CommandError(.dataError, "\(Question.directory)/\(question.name).sql: \(error.message)")
  }
}

private func questionList(_ library: SQLLibrary) throws -> String {
  let questions = try Question.names(library).map { try Question($0, library) }
  let width = questions.map(\.name.count).max() ?? 0
  return questions.map {
    "\($0.name)\(String(repeating: " ", count: width - $0.name.count + 2))\($0.sentence)\n"
  }.joined()
}

/// - Throws: `UsageError` naming those that are spelled most like it, where there is none of this name.
private func findQuestion(_ name: String, _ library: SQLLibrary) throws -> Question {
  let names = Question.names(library)
  if names.contains(name) { return try Question(name, library) }
  let words = name.split(separator: "-")
  func likeness(_ known: String) -> Int {
    let shared = known.split(separator: "-").count { words.contains($0) }
    return Spelling.distance(known, name) - 4 * shared
  }
  let near = names.sorted { (likeness($0), $0) < (likeness($1), $1) }.prefix(3)
  throw UsageError(
    "there is no question \(name); near it are \(near.joined(separator: ", ")); "
      + "polyrhythm ask --list shows all")
}

/// - Throws: `UsageError` naming what the question can be asked by.
private func chooseBucket(_ text: String?, of question: Question) throws -> QuestionBucket {
  guard let text else { return question.buckets[0] }
  guard let bucket = QuestionBucket(rawValue: text), question.buckets.contains(bucket) else {
    let accepted = QuestionBucket.allCases.filter { question.buckets.contains($0) }
    throw UsageError(
      "--by: \(question.name) is not answered by \(text), but by "
        + accepted.map(\.rawValue).joined(separator: ", "))
  }
  return bucket
}
