import BatchLayer

let scheduleCommand = CommandSpec(
  name: "schedule",
  summary:
    "Loads on time: a full load first, then an incremental one at each instant of the schedule.",
  flags: [LocationFlags.lake, LocationFlags.database, LocationFlags.data] + LoadSchedule.flags
    + [KernelFlags.lateness, RetentionFlags.minutes]
) { arguments in
  let schedule = try LoadSchedule(arguments)
  let kernel = try KernelFlags.configuration(arguments)
  let minuteRetention = try RetentionFlags.seconds(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let lake = try locations.lake()
  var configuration = BatchLoader.Configuration(databaseURL: try locations.migratedDatabaseURL())
  configuration.kernel = kernel
  configuration.minuteRetention = minuteRetention
  locations.keepDatabase(stop: Signals.stop, say: { Terminal.say("schedule: \($0)") })
  Terminal.say("schedule: \(schedule.description)")
  try schedule.run(
    configuration, library: locations.library, lake: lake, stop: Signals.stop,
    say: { Terminal.say("schedule: \($0)") })
  try locations.requireSameDatabase()
}
