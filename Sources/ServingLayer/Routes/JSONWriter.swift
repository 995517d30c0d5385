import Support

/// Writes JSON (RFC 8259) in one pass, with members in the order of the calls.
struct JSONWriter {
  private(set) var text = ""
  private var needsComma = false

  mutating func object(_ members: (inout JSONWriter) -> Void) { nested("{", "}", members) }
  mutating func array(_ elements: (inout JSONWriter) -> Void) { nested("[", "]", elements) }

  /// Writes the name of the next member; its value is the next call.
  mutating func key(_ name: String) {
    separate()
    JSONString.append(name, to: &text)
    text += ":"
    needsComma = false
  }

  mutating func member(_ name: String, _ value: String?) {
    key(name)
    string(value)
  }

  mutating func member(_ name: String, _ value: Int) {
    key(name)
    integer(value)
  }

  mutating func member(_ name: String, _ value: Bool) {
    key(name)
    bool(value)
  }

  mutating func member(_ name: String, _ values: [String]) {
    key(name)
    strings(values)
  }

  mutating func member(_ name: String, raw json: String) {
    key(name)
    raw(json)
  }

  mutating func member(_ name: String, _ members: (inout JSONWriter) -> Void) {
    key(name)
    object(members)
  }

  mutating func list(_ name: String, _ elements: (inout JSONWriter) -> Void) {
    key(name)
    array(elements)
  }

  mutating func string(_ value: String?) {
    guard let value else { return raw("null") }
    separate()
    JSONString.append(value, to: &text)
  }

  mutating func strings(_ values: [String]) { array { for value in values { $0.string(value) } } }
  mutating func integer(_ value: Int) { raw(String(value)) }
  mutating func number(_ value: Double) { raw(value.isFinite ? "\(value)" : "null") }
  mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  /// A value that is JSON already.
  mutating func raw(_ json: String) {
    separate()
    text += json
  }

  private mutating func separate() {
    if needsComma { text += "," }
    needsComma = true
  }

  private mutating func nested(
    _ open: String, _ close: String, _ content: (inout JSONWriter) -> Void
  ) {
    separate()
    text += open
    needsComma = false
    content(&self)
    text += close
    needsComma = true
  }
}
