import Support
import Testing

@Suite struct DigitGroupsTests {
  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (12_345, "12,345"),
    (1_234_567, "1,234,567"), (-999, "-999"), (-1000, "-1,000"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func threeDigitsAGroup(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
