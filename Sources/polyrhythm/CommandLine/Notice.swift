import Support

/// Something that a command says while it runs, or at its end.
struct Notice: Sendable {
  enum Level: String {
    /// What a command does, as it should.
    case info
    /// What somebody should look at; the command goes on.
    case warning
    /// What failed.
    case error
  }

  /// A value of the message that a program may want by itself. The names are the same in all commands.
  struct Field: Sendable {
    enum Name: String {
      case topic, partition, partitions, offset, records, rows, flushes, seconds, attempt
      /// Exclusive, where `offset` is the first of several.
      case endOffset = "end_offset"
      /// The number of the load's row in `warehouse.load_run`.
      case loadRun = "load_run"
      case exitCode = "exit_code"
    }

    var name: Name
    /// As JSON writes it.
    var json: String

    static func text(_ name: Name, _ value: String) -> Field {
      Field(name: name, json: JSONString.quoted(value))
    }
    static func number(_ name: Name, _ value: some BinaryInteger) -> Field {
      Field(name: name, json: "\(value)")
    }
    static func numbers(_ name: Name, _ values: [some BinaryInteger]) -> Field {
      Field(name: name, json: "[\(values.map { "\($0)" }.joined(separator: ","))]")
    }
    /// Rounded to milliseconds.
    static func seconds(_ value: Double) -> Field {
      Field(name: .seconds, json: "\((value * 1000).rounded() / 1000)")
    }
  }

  var level = Level.info
  /// One line, without the name of what says it.
  var message: String
  /// What stands before the message in text, behind the name of what says it.
  var mark = ""
  var fields: [Field] = []

  init(_ message: String, _ level: Level = .info, mark: String = "", _ fields: [Field] = []) {
    self.level = level
    self.message = message
    self.mark = mark
    self.fields = fields
  }
}
