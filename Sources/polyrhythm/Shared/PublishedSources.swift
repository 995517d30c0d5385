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
  func move(say: (String) -> Void) throws -> SourceArchive.Outcome {
    let outcome = try archive.move(loaded: publications.loadedOffsets())
    outcome.lines.forEach(say)
    return outcome
  }

  /// The same behind a publication, which has not failed if files could not be moved: the next one tries again.
  func moveAfterPublication(say: (String) -> Void) {
    do {
      for failure in try move(say: say).failures { say("warning: \(failure.message)") }
    } catch {
      let message = (error as? any UserFacingError)?.message ?? "\(error)"
      say("warning: imported files are not archived yet: \(message)")
    }
  }
}
