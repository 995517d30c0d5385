/// Flags that say where the log, the lake and the database are, as many commands have them.
enum LocationFlags {
  static let data = Flag(
    "--data", "DIR", "embedded log and private PostgreSQL under DIR (default ./data)",
    environment: "POLYRHYTHM_DATA")
  static let log = Flag(
    "--log", "URL", "dir:PATH or kafka:HOST:PORT,…", environment: "POLYRHYTHM_LOG")
  static let lake = Flag(
    "--lake", "DIR", "the lake: a directory log", environment: "POLYRHYTHM_LAKE")
  static let database = Flag(
    "--database", "URL", "postgresql://…", environment: "POLYRHYTHM_DATABASE")
  static let partitions = Flag(
    "--partitions", "N", "partitions of topics that are made (default 4)")
}
