/// Answers of PostgreSQL 15.20 with the extension hll (Debian 2.17-1+b1). The stored bytes of a sketch are
/// represented by their `hll_hash_bytea`, which `SketchHashTests` checks separately.
///
/// Every set holds the values `seed * 1000000007 + i` for i in a range:
///
/// ```sql
/// settings: extra_float_digits = 3, client and server encoding UTF8
/// create function sk(seed bigint, lo bigint, hi bigint) returns hll language sql as $$
///   select coalesce(
///     hll_add_agg(hll_hash_bigint(seed * 1000000007 + i), 12, 5, -1, 1), hll_empty(12, 5, -1, 1))
///   from generate_series(lo, hi) i $$;
/// create function dig(h hll) returns text language sql as $$
///   select hll_hash_bytea(hll_send(h))::text $$;
/// ```
enum SketchGolden {
  struct Grown: Sendable, CustomStringConvertible {
    var seed: Int64
    var count: Int64
    var digest: Int64
    var cardinality: Double
    var description: String { "seed \(seed), \(count) values" }
  }

  struct Union: Sendable, CustomStringConvertible {
    var left: ClosedRange<Int64>
    var right: ClosedRange<Int64>
    var digest: Int64
    var description: String { "\(left) ∪ \(right)" }
  }

  static func values(seed: Int64, _ range: ClosedRange<Int64>) -> [Int64] {
    range.map { seed * 1_000_000_007 + $0 }
  }

  /// `hll_hash_bigint(x)`
  static let bigints: [(value: Int64, hash: Int64)] = [
    (0, 2_945_182_322_382_062_539),
    (1, 19_144_387_141_682_250),
    (-1, -6_853_156_495_446_839_949),
    (2, -2_447_670_524_089_286_488),
    (255, 8_364_042_848_127_303_736),
    (256, -2_168_341_750_895_762_470),
    (4_294_967_296, 2_557_692_097_253_244_603),
    (9_223_372_036_854_775_807, 7_815_693_464_130_447_828),
    (-9_223_372_036_854_775_807, 8_169_395_405_585_754_863),
    (1_234_567_890_123_456_789, -3_290_381_902_129_611_078),
    (-987_654_321, -2_156_728_145_551_987_119),
  ]

  /// `hll_hash_text(left(repeat(text, 4), n))` for n in 0 to 40.
  static let text = "Zażółć gęślą jaźń "
  static let texts: [Int64] = [
    0,
    8_086_064_298_967_168_788,
    4_691_738_054_969_204_910,
    -7_917_558_279_057_714_461,
    -2_952_499_828_323_570_814,
    4_963_863_449_818_638_998,
    2_383_130_927_187_037_398,
    2_280_825_032_614_045_250,
    5_786_905_595_545_354_937,
    191_804_942_081_845_951,
    6_846_892_126_267_786_523,
    -2_722_821_256_877_781_344,
    1_837_623_479_670_806_974,
    6_309_787_201_349_931_497,
    -5_551_975_714_257_014_301,
    -7_741_190_037_403_241_723,
    1_266_319_727_948_434_108,
    6_866_455_706_430_268_121,
    -1_189_970_044_424_606_841,
    -1_481_623_642_109_201_051,
    5_798_023_916_645_537_507,
    7_011_541_370_532_099_243,
    -7_022_245_926_857_690_236,
    199_690_374_696_002_266,
    3_609_453_809_597_067_719,
    6_761_039_319_989_079_507,
    1_402_384_950_008_880_629,
    2_214_026_979_070_703_858,
    296_010_292_227_473_185,
    -6_364_631_048_049_969_385,
    -6_074_275_740_163_793_067,
    1_674_089_966_172_805_065,
    -2_588_543_291_305_181_935,
    1_780_317_085_428_370_290,
    3_821_081_328_033_968_296,
    4_575_752_211_937_474_071,
    6_090_925_000_189_089_525,
    -8_473_187_297_623_527_881,
    5_959_599_321_651_530_937,
    1_933_210_871_492_292_982,
    -2_030_834_455_131_410_654,
  ]

  /// `hll_hash_bytea(decode(repeat('00ff7f80fe01', 5), 'hex'), seed)`
  static let seeded: [(seed: UInt32, hash: Int64)] = [
    (0, -5_193_425_021_949_424_792),
    (1, 8_472_340_587_527_057_374),
    (42, -5_354_109_894_925_747_847),
    (2_147_483_647, -2_537_932_483_769_840_136),
  ]

  /// `with h as (select sk(seed, 1, count)) select dig(h), hll_cardinality(h)`
  static let grown: [Grown] = [
    .init(seed: -77777, count: 0, digest: 1_095_171_018_980_190_108, cardinality: 0),
    .init(seed: -77777, count: 1, digest: -1_987_831_858_513_050_900, cardinality: 1),
    .init(seed: -77777, count: 2, digest: 7_253_547_787_403_607_188, cardinality: 2),
    .init(seed: -77777, count: 3, digest: 9_037_757_621_545_281_608, cardinality: 3),
    .init(seed: -77777, count: 64, digest: 8_187_250_540_191_892_788, cardinality: 64),
    .init(seed: -77777, count: 319, digest: -8_422_054_835_613_175_732, cardinality: 319),
    .init(seed: -77777, count: 320, digest: -5_051_098_440_856_209_762, cardinality: 320),
    .init(
      seed: -77777, count: 321, digest: -2_688_837_950_518_410_528, cardinality: 323.4406434725664),
    .init(
      seed: -77777, count: 322, digest: -4_807_199_592_910_357_617, cardinality: 324.5229528988666),
    .init(
      seed: -77777, count: 500, digest: 2_373_434_379_081_654_848, cardinality: 498.09419237966375),
    .init(
      seed: -77777, count: 1000, digest: -6_690_472_622_836_855_826, cardinality: 1008.5796788743522
    ),
    .init(
      seed: -77777, count: 1204, digest: 5_599_718_430_467_238_406, cardinality: 1207.7846409948627),
    .init(
      seed: -77777, count: 1300, digest: 7_885_472_372_418_866_845, cardinality: 1311.1420506081006),
    .init(
      seed: -77777, count: 1380, digest: -5_788_296_928_204_182_916, cardinality: 1386.1981038879387
    ),
    .init(
      seed: -77777, count: 1400, digest: -3_606_046_320_976_422_655, cardinality: 1410.114366237548),
    .init(
      seed: -77777, count: 1420, digest: 5_738_861_447_266_979_216, cardinality: 1431.3335468303437),
    .init(
      seed: -77777, count: 1430, digest: 1_232_071_260_477_182_651, cardinality: 1442.6955513419864),
    .init(
      seed: -77777, count: 1440, digest: 5_854_988_993_263_073_062, cardinality: 1452.6632253032622),
    .init(
      seed: -77777, count: 1450, digest: 3_703_756_013_457_928_670, cardinality: 1466.9449692005524),
    .init(
      seed: -77777, count: 1460, digest: -7_978_498_777_341_634_687, cardinality: 1474.1045585081588
    ),
    .init(
      seed: -77777, count: 1500, digest: 1_972_417_483_931_322_395, cardinality: 1521.6743347765346),
    .init(
      seed: -77777, count: 2000, digest: -3_740_460_911_436_545_461, cardinality: 2027.1959098964808
    ),
    .init(
      seed: -77777, count: 4000, digest: -5_622_940_115_852_371_996, cardinality: 4009.484422678382),
    .init(
      seed: -77777, count: 8000, digest: 7_280_512_146_081_622_554, cardinality: 7992.5072649744625),
    .init(
      seed: -77777, count: 10000, digest: 1_001_589_820_026_337_210, cardinality: 10312.50082443039),
    .init(
      seed: -77777, count: 10240, digest: 8_633_975_695_098_190_539, cardinality: 10564.797554896684
    ),
    .init(
      seed: -77777, count: 10500, digest: -2_195_708_731_703_641_286,
      cardinality: 10833.645927130116),
    .init(
      seed: -77777, count: 11000, digest: 6_056_933_554_225_799_152, cardinality: 11324.359509881016
    ),
    .init(
      seed: -77777, count: 20000, digest: -452_774_316_943_784_995, cardinality: 20155.65659800751),
    .init(
      seed: -77777, count: 50000, digest: -3_976_473_834_883_021_831,
      cardinality: 49611.735601732325),
    .init(
      seed: -77777, count: 200000, digest: -1_356_597_992_403_565_159,
      cardinality: 197309.48375410546),
    .init(seed: 0, count: 0, digest: 1_095_171_018_980_190_108, cardinality: 0),
    .init(seed: 0, count: 1, digest: 5_088_826_632_742_339_709, cardinality: 1),
    .init(seed: 0, count: 2, digest: -51_910_834_641_091_770, cardinality: 2),
    .init(seed: 0, count: 3, digest: 2_996_611_809_536_308_595, cardinality: 3),
    .init(seed: 0, count: 64, digest: 916_567_522_532_189_722, cardinality: 64),
    .init(seed: 0, count: 319, digest: -5_992_222_187_862_871_997, cardinality: 319),
    .init(seed: 0, count: 320, digest: -5_672_209_070_438_045_764, cardinality: 320),
    .init(seed: 0, count: 321, digest: -4_598_610_852_772_557_143, cardinality: 313.7127064550779),
    .init(seed: 0, count: 322, digest: 49_344_019_696_052_102, cardinality: 314.79244812470216),
    .init(seed: 0, count: 500, digest: -7_642_554_247_494_164_001, cardinality: 494.7076688299916),
    .init(seed: 0, count: 1000, digest: -754_156_110_611_832_634, cardinality: 977.9933513080401),
    .init(seed: 0, count: 1204, digest: 3_626_682_573_914_342_301, cardinality: 1177.0126523959664),
    .init(
      seed: 0, count: 1300, digest: -9_005_822_622_488_557_947, cardinality: 1267.3048428807124),
    .init(
      seed: 0, count: 1380, digest: -8_312_958_724_209_545_452, cardinality: 1341.5546101718246),
    .init(
      seed: 0, count: 1400, digest: -4_625_534_231_785_368_631, cardinality: 1359.6323852305463),
    .init(seed: 0, count: 1420, digest: -8_326_026_670_764_633_390, cardinality: 1377.790300730467),
    .init(
      seed: 0, count: 1430, digest: -2_656_217_161_281_829_293, cardinality: 1386.1981038879387),
    .init(seed: 0, count: 1440, digest: 5_833_445_211_085_701_275, cardinality: 1398.8422573003593),
    .init(seed: 0, count: 1450, digest: 5_078_499_487_546_262_929, cardinality: 1407.2934294869285),
    .init(
      seed: 0, count: 1460, digest: -3_360_512_798_984_827_144, cardinality: 1414.3494174506118),
    .init(
      seed: 0, count: 1500, digest: -1_649_832_256_406_936_839, cardinality: 1452.6632253032622),
    .init(seed: 0, count: 2000, digest: -1_269_467_236_217_845_968, cardinality: 1962.101174763773),
    .init(seed: 0, count: 4000, digest: 1_601_905_706_888_397_096, cardinality: 3969.7556922030117),
    .init(seed: 0, count: 8000, digest: 8_820_689_467_762_881_125, cardinality: 8143.033389861467),
    .init(
      seed: 0, count: 10000, digest: -4_805_066_360_104_507_945, cardinality: 10017.375753191129),
    .init(
      seed: 0, count: 10240, digest: 9_132_895_593_176_849_273, cardinality: 10475.240422267663),
    .init(seed: 0, count: 10500, digest: -7_902_235_893_817_232_585, cardinality: 10685.5801735533),
    .init(seed: 0, count: 11000, digest: 5_313_718_956_576_535_122, cardinality: 11190.43545704732),
    .init(
      seed: 0, count: 20000, digest: 8_510_392_211_670_740_088, cardinality: 20196.316037753535),
    .init(seed: 0, count: 50000, digest: -280_864_597_186_011_242, cardinality: 49683.75561674918),
    .init(
      seed: 0, count: 200000, digest: -463_856_939_622_234_266, cardinality: 196235.92237569278),
    .init(seed: 1, count: 0, digest: 1_095_171_018_980_190_108, cardinality: 0),
    .init(seed: 1, count: 1, digest: 8_405_249_498_447_275_870, cardinality: 1),
    .init(seed: 1, count: 2, digest: 1_634_755_982_287_757_555, cardinality: 2),
    .init(seed: 1, count: 3, digest: -4_166_347_165_219_951_257, cardinality: 3),
    .init(seed: 1, count: 64, digest: 9_194_386_593_564_342_887, cardinality: 64),
    .init(seed: 1, count: 319, digest: -3_831_013_963_844_252_783, cardinality: 319),
    .init(seed: 1, count: 320, digest: -9_039_705_213_640_565_743, cardinality: 320),
    .init(seed: 1, count: 321, digest: 6_660_716_049_667_155_725, cardinality: 322.35861995550965),
    .init(seed: 1, count: 322, digest: 7_396_566_840_011_458_986, cardinality: 323.4406434725664),
    .init(seed: 1, count: 500, digest: -7_097_519_454_808_777_338, cardinality: 508.27059512976683),
    .init(seed: 1, count: 1000, digest: 983_618_313_438_587_857, cardinality: 990.7099091783135),
    .init(seed: 1, count: 1204, digest: 8_279_130_996_289_691_887, cardinality: 1186.353591449945),
    .init(seed: 1, count: 1300, digest: 6_450_978_317_058_319_151, cardinality: 1285.057162717777),
    .init(
      seed: 1, count: 1380, digest: -2_627_504_205_154_713_173, cardinality: 1362.4206766928837),
    .init(seed: 1, count: 1400, digest: 7_229_384_655_943_507_780, cardinality: 1381.9920449867684),
    .init(seed: 1, count: 1420, digest: 7_130_144_021_829_222_088, cardinality: 1398.8422573003593),
    .init(seed: 1, count: 1430, digest: 8_523_381_935_284_941_740, cardinality: 1407.2934294869285),
    .init(seed: 1, count: 1440, digest: 5_795_628_445_859_739_493, cardinality: 1417.175219563381),
    .init(seed: 1, count: 1450, digest: 9_017_014_235_390_054_062, cardinality: 1425.66434177306),
    .init(seed: 1, count: 1460, digest: 6_855_737_958_550_029_454, cardinality: 1438.4311053555364),
    .init(seed: 1, count: 1500, digest: 5_665_320_773_016_701_272, cardinality: 1471.2392208607046),
    .init(seed: 1, count: 2000, digest: 1_208_890_182_222_311_984, cardinality: 1966.9475567135103),
    .init(seed: 1, count: 4000, digest: 2_243_542_203_061_709_919, cardinality: 3964.4875242742037),
    .init(seed: 1, count: 8000, digest: -9_050_153_821_425_089_665, cardinality: 8135.738641717873),
    .init(
      seed: 1, count: 10000, digest: 2_625_393_037_057_377_289, cardinality: 10377.157145036923),
    .init(
      seed: 1, count: 10240, digest: -8_218_783_498_649_846_378, cardinality: 10591.24766611411),
    .init(
      seed: 1, count: 10500, digest: 2_287_390_131_766_916_678, cardinality: 10824.788879080417),
    .init(
      seed: 1, count: 11000, digest: 5_131_289_161_631_428_714, cardinality: 11264.184822849136),
    .init(seed: 1, count: 20000, digest: 2_316_467_790_583_031_357, cardinality: 19790.02847705293),
    .init(
      seed: 1, count: 50000, digest: 4_853_502_277_583_617_330, cardinality: 49055.747200213715),
    .init(
      seed: 1, count: 200000, digest: -7_376_223_411_894_637_294, cardinality: 195536.81196854488),
  ]

  /// Every size from 0 to 2000 at once:
  /// `hll_hash_text(string_agg(dig(sk(seed, 1, n)), ',' order by n))` for n in 0 to 2000.
  static let dense: [(seed: Int64, digest: Int64)] = [
    (seed: 11, digest: -8_909_104_763_748_259_789),
    (seed: -12345, digest: -6_799_493_728_173_073_470),
  ]

  /// `hll_cardinality` of a full sketch whose registers all have the same value.
  static let levels: [(register: UInt8, cardinality: Double)] = [
    (0, 0),
    (1, 5907.333444534509),
    (2, 11814.666889069018),
    (3, 23629.333778138036),
    (4, 47258.66755627607),
    (5, 94517.33511255214),
    (6, 189034.6702251043),
    (7, 378069.3404502086),
    (8, 756138.6809004172),
    (9, 1512277.3618008343),
    (10, 3024554.7236016686),
    (11, 6049109.447203337),
    (12, 12098218.894406674),
    (13, 24196437.78881335),
    (14, 48392875.5776267),
    (15, 96785751.1552534),
    (16, 193571502.3105068),
    (17, 387143004.6210136),
    (18, 774286009.2420272),
    (19, 1548572018.4840543),
    (20, 3097144036.9681087),
    (21, 6194288073.936217),
    (22, 12388576147.872435),
    (23, 24777152295.74487),
    (24, 49554304591.48974),
    (25, 99108609182.97948),
    (26, 202822897690.89954),
    (27, 415453411140.41095),
    (28, 874285127017.34),
    (29, 1966607156515.5586),
    (30, 5616032637447.861),
    (31, .nan),
  ]
}
