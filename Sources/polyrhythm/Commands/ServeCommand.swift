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
  Terminal.say("serving http\(configuration.tlsCertificate == nil ? "" : "s")://\(address)")
  while !Signals.stop.isRequested { Signals.stop.wait(seconds: 3600) }
  server.stop()
  try locations.requireSameDatabase()
}
