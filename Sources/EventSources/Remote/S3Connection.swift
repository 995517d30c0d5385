import Support

/// The client for S3, made when it is first needed, so that nobody needs AWS keys who has only files.
final class S3Connection {
  let stop: StopToken
  private let options: ImportOptions
  private var made: S3Client?

  init(_ options: ImportOptions, stop: StopToken) {
    self.options = options
    self.stop = stop
  }

  func client() throws(SourceError) -> S3Client {
    if let made { return made }
    let settings: S3Settings
    if let given = options.s3 {
      settings = given
    } else {
      settings = try S3Settings(environment: options.environment)
    }
    let client = try S3Client(
      settings, stop: stop, firstPause: options.retryPause, pageSize: options.listingPageSize)
    made = client
    return client
  }
}
