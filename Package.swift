// swift-tools-version: 6.0
import PackageDescription

// Strictness for all of our own code; CI adds POLYRHYTHM_WARNINGS_AS_ERRORS=1.
let warningsAsErrors = Context.environment["POLYRHYTHM_WARNINGS_AS_ERRORS"] == "1"
let swiftSettings: [SwiftSetting] =
  [.swiftLanguageMode(.v6)] + (warningsAsErrors ? [.unsafeFlags(["-warnings-as-errors"])] : [])

// The modules that touch every event. Debug builds, and so all tests, check exclusive access at run
// time; in release builds that check costs a tenth of the kernel's time.
let hotSettings: [SwiftSetting] =
  swiftSettings + [
    .unsafeFlags(
      ["-enforce-exclusivity=unchecked", "-cross-module-optimization"],
      .when(configuration: .release))
  ]

/// A module of the product.
func module(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], isHot: Bool = false
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude,
    swiftSettings: isHot ? hotSettings : swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
  name: "polyrhythm",
  products: [.executable(name: "polyrhythm", targets: ["polyrhythm"])],
  targets: [
    // C libraries of the operating system, one target each.
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(
      name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CPlatform"),
    // simdjson behind a C face.
    .target(
      name: "CEventDecoder", cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("simdjson")]),

    module("Support", ["CPlatform"]),
    module("EventModel", ["CEventDecoder"], isHot: true),
    module("EventGenerator", ["EventModel", "Support"]),
    module("EventLog", ["Support", "CRdKafka", "CZstd"], isHot: true),
    module("Metrics", ["EventModel"], isHot: true),
    module("Warehouse", ["Support", "CLibPQ"], isHot: true),
    // The log's two ends, and the rows of the tables: what both layers share without knowing of each
    // other.
    module("Feed", ["EventModel", "EventLog", "Metrics"], isHot: true),
    module("StarSchema", ["EventModel", "Feed", "EventLog", "Metrics", "Warehouse"], isHot: true),
    // Where events come from beside the generator: files, tables, buckets.
    module(
      "EventSources",
      [
        "Support", "EventModel", "EventGenerator", "EventLog", "Feed", "Warehouse", "CCurl",
        "CXXHash", "CZlib", "CZstd",
      ]),
    module(
      "SpeedLayer",
      ["Support", "EventModel", "EventLog", "Metrics", "Feed", "Warehouse", "StarSchema"],
      isHot: true),
    module(
      "BatchLayer",
      ["Support", "EventModel", "EventLog", "Metrics", "Feed", "Warehouse", "StarSchema"],
      isHot: true),
    // The page is read at run time.
    module(
      "ServingLayer",
      ["Support", "Metrics", "Warehouse", "CBrotli", "CMicrohttpd", "CZlib", "CZstd"],
      exclude: ["Page"]),
    // Generator, log, both layers and faults in one process, against an oracle of its own.
    module(
      "Simulation",
      [
        "Support", "EventModel", "EventGenerator", "EventLog", "Warehouse", "SpeedLayer",
        "BatchLayer",
      ]),
    .executableTarget(
      name: "polyrhythm",
      dependencies: [
        "Support", "EventModel", "EventGenerator", "EventLog", "EventSources", "Feed", "Metrics",
        "Warehouse", "SpeedLayer", "BatchLayer", "ServingLayer", "Simulation", "CPlatform",
      ],
      swiftSettings: swiftSettings),

    // What tests share: a PostgreSQL of their own, a Kafka of librdkafka's own, seeds, waiting.
    .target(
      name: "TestKit",
      dependencies: ["Support", "EventModel", "EventLog", "Warehouse", "CRdKafka"],
      path: "Tests/TestKit", swiftSettings: swiftSettings),
    // What the tests of the layers share: a site's days, a database and a log, a reader of the merged view;
    // and for the one and the other layer, how it is run over them.
    .target(
      name: "LayerTestKit", dependencies: ["EventGenerator", "Warehouse", "TestKit"],
      path: "Tests/LayerTestKit/Shared", swiftSettings: swiftSettings),
    .target(
      name: "SpeedTestKit",
      dependencies: [
        "LayerTestKit", "SpeedLayer", "EventLog", "EventModel", "Warehouse", "Support", "TestKit",
      ],
      path: "Tests/LayerTestKit/Speed", swiftSettings: swiftSettings),
    .target(
      name: "BatchTestKit",
      dependencies: [
        "LayerTestKit", "BatchLayer", "Metrics", "StarSchema", "Warehouse", "TestKit",
      ],
      path: "Tests/LayerTestKit/Batch", swiftSettings: swiftSettings),
    // What `make chaos` runs: the release binary's processes under a schedule drawn from a seed.
    .executableTarget(
      name: "polyrhythm-chaos", dependencies: ["Simulation", "TestKit", "Warehouse", "Support"],
      path: "Tests/Chaos", swiftSettings: swiftSettings),
    tests("ArchitectureTests", ["TestKit"]),
    tests("SupportTests", ["Support"]),
    tests("EventModelTests", ["EventModel", "TestKit"]),
    tests(
      "EventGeneratorTests",
      ["EventGenerator", "EventModel", "EventSources", "Metrics", "Support", "TestKit"]),
    tests("EventLogTests", ["EventLog", "Support", "TestKit"]),
    tests(
      "EventSourcesTests",
      [
        "EventSources", "EventGenerator", "EventModel", "EventLog", "Feed", "Warehouse", "Support",
        "TestKit",
      ]),
    tests(
      "MetricsTests",
      ["Metrics", "EventModel", "EventGenerator", "Warehouse", "Support", "TestKit"]),
    tests(
      "FeedTests",
      ["Feed", "Metrics", "EventLog", "EventModel", "Support", "LayerTestKit", "TestKit"]),
    tests(
      "StarSchemaTests",
      [
        "StarSchema", "Feed", "Metrics", "EventLog", "EventModel", "Support", "Warehouse",
        "TestKit",
      ]),
    tests("WarehouseTests", ["Warehouse", "Support", "TestKit"]),
    tests(
      "SpeedLayerTests",
      [
        "SpeedLayer", "EventLog", "EventModel", "Metrics", "Warehouse", "Support", "SpeedTestKit",
        "LayerTestKit", "TestKit",
      ]),
    tests(
      "BatchLayerTests",
      [
        "BatchLayer", "StarSchema", "EventLog", "EventModel", "Metrics", "Warehouse", "Support",
        "BatchTestKit", "LayerTestKit", "TestKit",
      ]),
    // What lies between the layers: cuts, reservations, publication, and that merged = truth meanwhile.
    tests(
      "HandoffTests",
      [
        "SpeedLayer", "BatchLayer", "EventLog", "EventModel", "Feed", "Metrics", "StarSchema",
        "Warehouse", "Support", "SpeedTestKit", "BatchTestKit", "LayerTestKit", "TestKit",
      ]),
    tests("ServingLayerTests", ["ServingLayer", "Metrics", "Support", "Warehouse", "TestKit"]),
    tests("SimulationTests", ["Simulation", "Metrics", "Support", "Warehouse", "TestKit"]),
    tests(
      "EndToEndTests",
      ["EventGenerator", "EventModel", "Support", "Warehouse", "TestKit"]),
  ],
  cxxLanguageStandard: .cxx17
)
