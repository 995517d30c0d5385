import EventSources

let pipelineCommand = CommandSpec(
  name: "pipeline",
  summary:
    "Takes sources from their place to published KPIs and into the archive: all steps, or one of a DAG's.",
  operands: "FILE… | DIR | s3://BUCKET/PREFIX | postgresql://…", operandCount: 1...100_000,
  flags: [
    LocationFlags.log, LocationFlags.lake, LocationFlags.database, LocationFlags.data,
    LocationFlags.partitions, KernelFlags.lateness, LoadFlags.minutes,
    Flag("--step", "STEP", "only this one of \(PipelineStep.names) (default: all, in this order)"),
    Flag("--full", nil, "load everything anew; else what came since the last load"),
    Flag("--format", "F", "auto, eventsim or csv, as of import"),
    Flag("--archive", "DIR", "where files go once they are published, as of import"),
  ] + KafkaFlags.all
) { arguments in
  var steps = PipelineStep.allCases
  if let name = arguments.string("--step") {
    guard let step = PipelineStep(rawValue: name) else {
      throw UsageError("--step: \"\(name)\" is no step; it is one of \(PipelineStep.names)")
    }
    steps = [step]
  }
  var options = try importOptions(arguments)
  let flags = try LoadFlags(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  options.partitions = try locations.partitions()
  let pipeline = try Pipeline(
    arguments.operands, locations, options, flags, isFull: arguments.has("--full"))
  for step in steps { try pipeline.run(step, isAlone: steps.count == 1) }
}
