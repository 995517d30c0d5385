import Foundation

/// How an import works.
public struct ImportOptions: Sendable {
  /// The kind of content that files are taken to have.
  public var format = ImportFormat.auto
  /// Where files go once a load that has their events is published: a directory for files; for objects a prefix of their own
  /// bucket, or `s3://BUCKET/PREFIX`. Nil leaves all files where they are.
  public var archive: String?
  /// True to append files and tables once more that the log has all of already.
  public var again = false
  /// How many partitions a topic gets that the log does not have yet, at least 1.
  public var partitions = 4
  /// The environment variables of the process, of which the AWS variables and TMPDIR are used.
  public var environment: [String: String]
  /// Settings for S3 in place of those of the environment; nil to take those.
  public var s3: S3Settings?
  /// Seconds between the first two tries of a request that failed; the next pauses double.
  public var retryPause = 0.5
  /// Objects asked for in one request of a listing, 1 to 1000.
  public var listingPageSize = 1000

  /// Options with the defaults above; S3 settings come from the environment.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment
  }
}
