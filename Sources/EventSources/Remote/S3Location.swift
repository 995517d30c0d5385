/// A bucket and a key or prefix in it, as an `s3://bucket/prefix` URL names them.
struct S3Location: Equatable, CustomStringConvertible {
  var bucket: String
  /// A key, or the beginning of keys; empty for the whole bucket.
  var key: String

  var description: String { "s3://\(bucket)/\(key)" }

  init(bucket: String, key: String) {
    self.bucket = bucket
    self.key = key
  }

  /// - Throws: `.configuration` where the bucket's name is missing or is not one.
  init(_ url: String) throws(SourceError) {
    let rest = url.dropFirst("s3://".count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    bucket = String(rest[..<slash])
    key = String(rest[slash...].dropFirst())
    let isName =
      bucket.utf8.count >= 3
      && bucket.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || [".", "-", "_"].contains($0)
      }
    guard url.hasPrefix("s3://"), isName else {
      throw SourceError(.configuration, "\(url): write s3://BUCKET/PREFIX")
    }
  }
}

/// An object as a listing shows it.
struct S3Object: Equatable {
  var location: S3Location
  var byteCount: Int64
  /// The tag by which S3 tells one content of the object from another; with its quotes.
  var etag: String

  var name: String { location.key.split(separator: "/").last.map { String($0) } ?? "" }
}

/// The server, the region and the keys for requests to S3. The environment variables are those of the AWS
/// command line.
public struct S3Settings: Sendable, Equatable {
  /// The access key id, which names the caller.
  public var accessKey: String
  /// The secret access key, which signs requests and is never sent.
  public var secretKey: String
  /// The token that belongs to temporary keys; nil for lasting keys.
  public var sessionToken: String?
  /// The region of the buckets, such as `eu-central-1`; part of signatures and of Amazon's host names.
  public var region: String
  /// The URL of a server that speaks S3 but is not Amazon's, such as `http://127.0.0.1:9000`; nil for Amazon's.
  public var endpoint: String?

  /// Settings as given, unchecked.
  public init(
    accessKey: String, secretKey: String, sessionToken: String? = nil, region: String = "us-east-1",
    endpoint: String? = nil
  ) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.region = region
    self.endpoint = endpoint
  }

  /// From `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` or
  /// `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
  /// - Throws: `.configuration` where the keys are missing or the endpoint is no URL.
  public init(environment: [String: String]) throws(SourceError) {
    func value(_ names: String...) -> String? {
      names.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    guard let accessKey = value("AWS_ACCESS_KEY_ID"),
      let secretKey = value("AWS_SECRET_ACCESS_KEY")
    else {
      throw SourceError(
        .configuration,
        "s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment (aws configure "
          + "export-credentials --format env prints them from a profile)")
    }
    self.init(
      accessKey: accessKey, secretKey: secretKey, sessionToken: value("AWS_SESSION_TOKEN"),
      region: value("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1",
      endpoint: value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    if let endpoint, !endpoint.hasPrefix("http://"), !endpoint.hasPrefix("https://") {
      throw SourceError(
        .configuration, "AWS_ENDPOINT_URL: \"\(endpoint)\" does not begin with http:// or https://")
    }
  }

  /// The URL of an object, or of a bucket where the key is empty. The bucket is part of the host name, except
  /// on servers that are not Amazon's, and for names with dots, which the certificates of Amazon's hosts do
  /// not cover: there the bucket is part of the path.
  func url(bucket: String, key: String, query: String = "") -> String {
    let path = key.isEmpty ? "" : S3Settings.encoded(key, keepsSlashes: true)
    let tail = query.isEmpty ? "" : "?\(query)"
    if let endpoint {
      let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
      return "\(base)/\(bucket)\(path.isEmpty ? "" : "/\(path)")\(tail)"
    }
    let domain = "s3.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")"
    if bucket.contains(".") {
      return "https://\(domain)/\(bucket)\(path.isEmpty ? "" : "/\(path)")\(tail)"
    }
    return "https://\(bucket).\(domain)/\(path)\(tail)"
  }

  /// The text percent-encoded as Signature Version 4 wants it: all but unreserved characters.
  static func encoded(_ text: String, keepsSlashes: Bool = false) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~":
        result.unicodeScalars.append(scalar)
      case "/" where keepsSlashes:
        result.unicodeScalars.append(scalar)
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }
}
