import BatchLayer
import EventLog
import EventModel
import EventSources
import Support

/// One run of `polyrhythm pipeline`.
struct Pipeline {
  private let sources: [String]
  private let locations: Locations
  private let log: any EventLog
  private let lake: DirectoryLog
  private let options: ImportOptions
  private let configuration: BatchLoader.Configuration
  private let published: PublishedSources
  private let kind: BatchLoader.Kind
  private let notices = Notices(prefix: "pipeline: ")

  /// - Throws: where a place is missing or the database cannot be reached.
  init(
    _ sources: [String], _ locations: Locations, _ options: ImportOptions, _ flags: LoadFlags,
    isFull: Bool
  ) throws {
    self.sources = sources
    self.locations = locations
    self.options = options
    log = try locations.log()
    lake = try locations.lake()
    kind = isFull ? .full : .incremental
    try locations.makeLogDirectory()
    configuration = flags.configuration(databaseURL: try locations.migratedDatabaseURL())
    published = PublishedSources(
      lake, library: locations.library, configuration, stop: Signals.stop)
  }

  /// - Parameter isAlone: whether no other step is run by this command.
  /// - Throws: `.nothingNew` where there is nothing to go on with; what the step's own command throws.
  func run(_ step: PipelineStep, isAlone: Bool) throws {
    switch step {
    case .check: try check()
    case .fetch:
      try fetch()
      // Only now is it known whether tables and files that stay in their place brought anything new.
      if !isAlone { try requireWork(new: 0) }
    case .merge: try merge()
    case .compute: for line in try loader().plan(kind).lines { say(line) }
    case .load: try load()
    case .archive: try archive()
    case .end: try end()
    }
    if Signals.stop.isRequested {
      throw CommandError(
        .temporaryFailure, "pipeline: stopped at \(step.rawValue); the same command goes on")
    }
  }

  private func say(_ line: String) { notices.say(line) }

  // MARK: Steps

  private func importer(_ progress: @escaping (String, Int) -> Void = { _, _ in }) -> Importer {
    Importer(log, options, lake: lake, stop: Signals.stop, progress: progress)
  }

  private func check() throws { try requireWork(new: importer().count(sources)) }

  private func requireWork(new: Int) throws {
    let unloaded = try unloaded()
    let due = try published.waiting().due
    guard new > 0 || unloaded > 0 || due > 0 else {
      throw CommandError(
        .nothingNew, "nothing new: no source to import, no record to load, no file to archive")
    }
    say(
      "\(new.grouped) sources to import, \(Int(unloaded).grouped) records of the log to load, "
        + "\(due.grouped) files to archive")
  }

  /// How many offsets of the log lie beyond what is published.
  private func unloaded() throws -> Int64 {
    let loaded = try published.publications.loadedOffsets()
    var count: Int64 = 0
    for topic in Topic.allCases.map(\.name) + CatalogueTopic.allCases.map(\.name) {
      for number in 0..<Int32(try log.partitionCount(of: topic)) {
        let partition = TopicPartition(topic, number)
        let start = max(try log.startOffset(of: partition), loaded[partition] ?? 0)
        count += max(0, try log.endOffset(of: partition) - start)
      }
    }
    return count
  }

  private func fetch() throws {
    let progress = ImportProgress()
    defer { progress.finish() }
    let importer = importer(progress.update)
    let start = ContinuousClock.now
    try importer.run(sources)
    progress.finish()
    importer.summary.say(since: start, to: log)
  }

  private func merge() throws {
    guard log.url.hasPrefix("kafka:") else { return say("the log is the lake, and has it all") }
    do {
      var copied = 0
      try Archiver(
        from: log, to: lake, topics: Topic.allCases.map(\.name),
        optional: CatalogueTopic.allCases.map(\.name)
      ).run(
        stop: Signals.stop, untilCaughtUp: true, say: { line, _ in say(line) },
        onProgress: { copied = $0 })
      say("\(copied.grouped) records came into the lake")
    } catch {
      guard error.code == .locked else { throw error }
      say("another process brings the log into the lake; the load waits for it")
    }
  }

  private func loader(
    _ progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) -> BatchLoader {
    BatchLoader(
      lake: lake, library: locations.library, configuration: configuration, progress: progress)
  }

  private func load() throws {
    guard try kind == .full || unloaded() > 0 else {
      return say("all of the log is published, nothing to load")
    }
    let line = ProgressLine("load \(kind.rawValue)")
    defer { line.finish() }
    let summary = try loader { line.update($0, of: $1) }.load(kind, stop: Signals.stop)
    line.finish()
    for notice in summary.notices { Notices().say(notice) }
  }

  private func archive() throws {
    let outcome = try published.move { notices.say($0) }
    if let first = outcome.failures.first {
      for failure in outcome.failures.dropFirst() { say(failure.message) }
      throw first
    }
    if outcome.waiting > 0 {
      say("\(outcome.waiting.grouped) files wait for a load that has all of them")
    }
  }

  private func end() throws {
    let waiting = try published.waiting().all
    say(
      "done; \(Int(try unloaded()).grouped) records of the log are newer than what is published, "
        + "\(waiting.grouped) files wait for their archive")
  }
}
