import Foundation
import Glibc
import Support
import Testing

@Suite struct TextTests {
  @Test(arguments: [0, 7, -5, 1234, 123_456, Int64.max, Int64.min])
  func paddingIsThatOfFoundation(number: Int64) {
    // Foundation counts the sign as a digit too, but puts it before the zeros.
    if number >= 0 {
      #expect(number.padded(to: 6) == String(format: "%06ld", number))
      #expect(number.padded(to: 16, radix: 16) == String(format: "%016lx", number))
    } else {
      #expect(number.padded(to: 2) == String(number))
    }
  }

  @Test func cStringsEndWithNull() {
    let strings = ["", "one", "zwei, drei", "ünï"]
    CStrings(strings).withPointers { pointers in
      for (index, string) in strings.enumerated() {
        #expect(strcmp(pointers[index]!, string) == 0)
      }
      #expect(pointers[strings.count] == nil)
    }
    CStrings([]).withMutablePointers { #expect($0[0] == nil) }
  }
}
