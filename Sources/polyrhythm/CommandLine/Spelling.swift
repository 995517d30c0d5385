/// How far words are from each other, for guessing what somebody meant to type.
enum Spelling {
  /// How many characters have to be put in, left out or changed to make one word of the other.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a)
    let b = Array(b)
    var row = Array(0...b.count)
    for i in 1...max(1, a.count) where i <= a.count {
      var previous = row[0]
      row[0] = i
      for j in 1...max(1, b.count) where j <= b.count {
        let next = min(row[j] + 1, row[j - 1] + 1, previous + (a[i - 1] == b[j - 1] ? 0 : 1))
        previous = row[j]
        row[j] = next
      }
    }
    return row[b.count]
  }
}
