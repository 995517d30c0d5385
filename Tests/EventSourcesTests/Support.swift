import EventLog
import EventModel
import Foundation
import Synchronization
import TestKit
import Testing

@testable import EventSources

/// A directory that is removed with the value.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "polyrhythm-sources-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
    try Data(content).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  @discardableResult
  func write(_ name: String, _ content: String) throws -> String {
    try write(name, content.utf8)
  }

  func names(_ subfolder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(subfolder)").sorted()
  }

  var log: any EventLog {
    get throws {
      let log = try EventLogs.open("dir:\(path)/log")
      try log.createTopics(Topic.allCases.map(\.name), partitions: 2)
      return log
    }
  }
}

/// A record of the log, read by Foundation and not by the code under test.
struct Recorded {
  let raw: String
  let json: [String: Any]

  subscript(_ key: String) -> String? { json[key].map { "\($0)" } }

  /// The fields by which two events count as the same.
  var identity: String {
    ["userId", "sessionId", "itemInSession", "ts"].map { self[$0] ?? "none" }
      .joined(separator: "/")
  }
}

/// All records of a topic; valid events are in the order of their times.
func records(_ log: any EventLog, _ topic: Topic = .listen) throws -> [Recorded] {
  var result: [Recorded] = []
  for partition in 0..<(try log.partitionCount(of: topic.name)) {
    let place = TopicPartition(topic.name, Int32(partition))
    let reader = try log.reader(of: place, from: 0)
    let batch = RecordBatch()
    while try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0 {
      for index in 0..<batch.count {
        let bytes = Array(batch[index])
        let json = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        result.append(Recorded(raw: String(decoding: bytes, as: UTF8.self), json: json ?? [:]))
      }
    }
  }
  return result.sorted {
    (Int($0["ts"] ?? "") ?? 0, $0.raw) < (Int($1["ts"] ?? "") ?? 0, $1.raw)
  }
}

extension ImportOptions {
  /// Options without the environment variables of the machine that the tests run on.
  static func test(
    format: ImportFormat = .auto, archive: String? = nil, s3: S3Settings? = nil
  ) -> ImportOptions {
    var options = ImportOptions(environment: [:])
    options.format = format
    options.archive = archive
    options.s3 = s3
    options.retryPause = 0.01
    return options
  }
}

@discardableResult
func runImport(
  _ operands: [String], into log: any EventLog, _ options: ImportOptions = .test()
) throws -> ImportSummary {
  let importer = Importer(log, options)
  try importer.run(operands)
  return importer.summary
}

/// Where each partition of the log ends, which is what a load that has all of it publishes.
func logEnds(_ log: any EventLog) throws -> [TopicPartition: Int64] {
  var ends: [TopicPartition: Int64] = [:]
  for topic in Topic.allCases.map(\.name) + CatalogueTopic.allCases.map(\.name) {
    for number in 0..<Int32(try log.partitionCount(of: topic)) {
      let partition = TopicPartition(topic, number)
      ends[partition] = try log.endOffset(of: partition)
    }
  }
  return ends
}

/// Moves what waits for its publication, as behind a load that has all of the log.
@discardableResult
func publish(_ log: any EventLog, s3: S3Settings? = nil) throws -> SourceArchive.Outcome {
  let outcome = try SourceArchive(lake(log), environment: [:], s3: s3).move(loaded: logEnds(log))
  #expect(outcome.failures.map(\.message) == [])
  return outcome
}

func lake(_ log: any EventLog) throws -> DirectoryLog { try #require(log as? DirectoryLog) }

/// A source that gives few bytes at a time, so that every part of the input lies across a boundary once.
final class Trickle: ByteSource {
  private var bytes: [UInt8]
  private let step: Int
  init(_ text: String, step: Int) {
    bytes = Array(text.utf8)
    self.step = step
  }
  func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    let size = min(step, count, bytes.count)
    for index in 0..<size {
      target.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self)
    }
    bytes.removeFirst(size)
    return size
  }
}

/// The machine's Python, which serves as an oracle and runs the S3 server of the tests.
enum Python {
  struct Missing: Error, CustomStringConvertible { let description: String }

  static let repository =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  /// Runs a Python program, which needs only the standard library, to its end.
  static func run(_ program: String, input: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Missing(description: "python3 failed; install the package python3")
    }
    return String(decoding: output, as: UTF8.self)
  }
}
