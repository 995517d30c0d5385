import BatchLayer

let scheduleCommand = CommandSpec(
  name: "schedule",
  summary:
    "Loads on time: a full load first, then an incremental one at each instant of the schedule.",
  flags: [LocationFlags.lake, LocationFlags.database, LocationFlags.data] + LoadSchedule.flags
    + [KernelFlags.lateness, LoadFlags.minutes]
) { arguments in
  let schedule = try LoadSchedule(arguments)
  let flags = try LoadFlags(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let lake = try locations.lake()
  let configuration = flags.configuration(
    databaseURL: try locations.migratedDatabaseURL())
  locations.keepDatabase(stop: Signals.stop, prefix: "schedule: ")
  let notices = Notices("schedule", prefix: "schedule: ")
  notices.say(schedule.description)
  try schedule.run(
    configuration, library: locations.library, lake: lake, stop: Signals.stop,
    notices: notices)
  try locations.requireSameDatabase()
}
