import Feed
import Support

extension FeedCounts {
  /// Where the late events lie, as `warehouse.load_run.late_days` has it.
  var lateDaysJSON: String {
    let days = lateDays.sorted { $0.key < $1.key }.map { _, late in
      let first = ISOTime.text(late.first)
      return
        #"{"day":"\#(first.prefix(10))","events":\#(late.events),"first":"\#(first)","last":"\#(ISOTime.text(late.last))"}"#
    }
    return "[" + days.joined(separator: ",") + "]"
  }
}
