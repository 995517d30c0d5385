import Testing

@testable import Metrics

@Suite struct SketchHashTests {
  /// Values from the tests of other implementations of MurmurHash3_x64_128 (spaolacci/murmur3, Guava).
  @Test(
    arguments: [
      ("", 0, 0, 0),
      ("hello", 0, 0xcbd8_a7b3_41bd_9b02, 0x5b1e_906a_48ae_1d19),
      ("hello, world", 0, 0x342f_ac62_3a5e_bc8e, 0x4cdc_bc07_9642_414d),
      ("19 Jan 2038 at 3:14:07 AM", 0, 0xb89e_5988_b737_affc, 0x664f_c295_0231_b2cb),
      (
        "The quick brown fox jumps over the lazy dog.", 0, 0xcd99_481f_9ee9_02c9,
        0x695d_a1a3_8987_b6e7
      ),
      ("", 1, 0x4610_abe5_6eff_5cb5, 0x5162_2daa_78f8_3583),
    ] as [(String, UInt32, UInt64, UInt64)])
  func hash128AgreesWithPublishedVectors(
    text: String, seed: UInt32, first: UInt64, second: UInt64
  ) {
    let hash = Array(text.utf8).withUnsafeBytes { Murmur3.hash128($0, seed: seed) }
    #expect(hash == (first, second))
  }

  /// smhasher's own check: keys of 0 to 255 bytes under 256 seeds, hashed together.
  @Test func hash128HasTheVerificationValueOfTheReferenceImplementation() {
    let key = (0..<256).map { UInt8($0) }
    var hashes: [UInt8] = []
    for length in 0..<256 {
      let hash = key[..<length].withUnsafeBytes {
        Murmur3.hash128($0, seed: UInt32(256 - length))
      }
      withUnsafeBytes(of: hash.0.littleEndian) { hashes.append(contentsOf: $0) }
      withUnsafeBytes(of: hash.1.littleEndian) { hashes.append(contentsOf: $0) }
    }
    let verification = hashes.withUnsafeBytes { Murmur3.hash64($0) }
    #expect(UInt32(truncatingIfNeeded: verification) == 0x6384_ba69)
  }

  @Test func integersHashAsInTheServer() {
    for (value, hash) in SketchGolden.bigints {
      #expect(Int64(bitPattern: Murmur3.hash64(value)) == hash, "\(value)")
    }
  }

  @Test func integersHashAsTheirBytes() {
    for shift in 0..<64 {
      let value = Int64(bitPattern: 0x9e37_79b9_7f4a_7c15 << UInt64(shift))
      let bytes = withUnsafeBytes(of: value.littleEndian) { Murmur3.hash64($0) }
      #expect(Murmur3.hash64(value) == bytes, "\(value)")
    }
  }

  @Test func textsOfEveryTailLengthHashAsInTheServer() {
    let text = String(repeating: SketchGolden.text, count: 4).unicodeScalars
    for (count, hash) in SketchGolden.texts.enumerated() {
      let prefix = String(String.UnicodeScalarView(text.prefix(count)))
      #expect(Int64(bitPattern: Murmur3.hash64(prefix)) == hash, "\(prefix)")
    }
  }

  @Test func bytesHashAsInTheServerUnderEverySeed() {
    let bytes = [[UInt8]](repeating: [0x00, 0xff, 0x7f, 0x80, 0xfe, 0x01], count: 5).flatMap(\.self)
    for (seed, hash) in SketchGolden.seeded {
      let ours = bytes.withUnsafeBytes { Murmur3.hash64($0, seed: seed) }
      #expect(Int64(bitPattern: ours) == hash, "seed \(seed)")
    }
  }
}
