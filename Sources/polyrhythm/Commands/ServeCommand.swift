import CPlatform
import ServingLayer
import Support

let serveCommand = CommandSpec(
  name: "serve",
  summary: "Serves the merged views: HTTP API and live page.",
  flags: [
    LocationFlags.database, LocationFlags.data,
    Flag(
      "--lake", "DIR", "the lake, for loads that are asked for by POST /api/v1/loads",
      environment: "POLYRHYTHM_LAKE"), ServerFlags.listen,
  ] + ServerFlags.access
) { arguments in
  // A server lives for months, and its answers are of all sizes: what they took goes back to the kernel, and its threads share
  // two heaps.
  mallopt(M_MMAP_THRESHOLD, 256 << 10)
  mallopt(M_TRIM_THRESHOLD, 4 << 20)
  mallopt(M_ARENA_MAX, 2)
  var configuration = try ServerFlags.configuration(arguments)
  let locations = try Locations(arguments)
  if !arguments.has("--database") || arguments.has("--lake") {
    configuration.operations =
      LoadProcess(arguments, data: arguments.has("--database") ? nil : locations.dataDirectory)
      .operations
  }
  defer { locations.close() }
  _ = try locations.migratedDatabaseURL()
  let server = try HTTPServer(configuration, databaseURL: locations.readerURL())
  let address = try server.start()
  locations.keepDatabase(stop: Signals.stop, prefix: "serve: ")
  server.prepare()
  Terminal.say("serving http\(configuration.tlsCertificate == nil ? "" : "s")://\(address)")
  while !Signals.stop.isRequested { Signals.stop.wait(seconds: 3600) }
  server.stop()
  try locations.requireSameDatabase()
}
