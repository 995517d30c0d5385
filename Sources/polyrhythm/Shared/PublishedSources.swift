import BatchLayer
import EventLog
import EventSources
import Support
import Warehouse

/// The imported files that may move to their archive because a load that has them is published.
struct PublishedSources {
  private let archive: SourceArchive
  let publications: Publications

  init(
    _ lake: DirectoryLog, library: SQLLibrary, _ configuration: BatchLoader.Configuration,
    stop: StopToken
  ) {
    archive = SourceArchive(lake, stop: stop)
    publications = Publications(library: library, configuration: configuration)
  }

  /// How many files wait, and how many of them could move now.
  func waiting() throws -> (all: Int, due: Int) {
    try archive.waiting(publications.loadedOffsets())
  }

  /// Moves them, and says so.
  func move(say: (Notice) -> Void) throws -> SourceArchive.Outcome {
    let outcome = try archive.move(loaded: publications.loadedOffsets())
    for line in outcome.lines { say(Notice(line)) }
    return outcome
  }

  /// The same behind a publication, which has not failed if files could not be moved: the next one tries again.
  func moveAfterPublication(say: (Notice) -> Void) {
    func warn(_ message: String) { say(Notice(message, .warning, mark: "warning: ")) }
    do {
      for failure in try move(say: say).failures { warn(failure.message) }
    } catch {
      let message = (error as? any UserFacingError)?.message ?? "\(error)"
      warn("imported files are not archived yet: \(message)")
    }
  }
}
