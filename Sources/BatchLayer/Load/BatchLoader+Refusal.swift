import Support
import Warehouse

extension BatchLoader {
  /// A load's kind, as `warehouse.load_run.kind` has it.
  func storedKind(_ kind: Kind) -> String { configuration.days == nil ? kind.rawValue : "days" }

  /// Notes a load that could not begin where somebody is named who asked for it: they were told that it began, and see no
  /// more of it than the history of loads. Best effort, as the error itself is thrown in any case.
  func noteRefusal(_ error: any Error, of kind: Kind, _ control: Connection) {
    guard let name = configuration.requestedBy else { return }
    let message = (error as? any UserFacingError)?.message ?? "\(error)"
    _ = try? control.run(
      library.sql("batch/note_refused"),
      [.text(storedKind(kind)), .text(ProcessName.own), .text(name), .text(message)])
  }
}
