import EventModel
import Testing

@testable import Metrics

/// A worker may live for months, so that the texts and members that it keeps must be bounded.
@Suite struct VocabularyTests {
  private func listen(_ i: Int64, level: String, duration: Double = 10) -> Sample {
    var sample = Sample(topic: .listen, ts: 1_767_225_600_000 + i * 1000, user: i, session: i)
    sample.level = level
    sample.song = "a"
    sample.duration = duration
    return sample
  }

  private func view(_ i: Int64, page: String) -> Sample {
    Sample(topic: .pageView, ts: 1_767_225_600_000 + i * 1000, user: i, session: i, page: page)
  }

  @Test func textsThatNoRowAndNoPlayRefersToAreForgottenAndNamedAgain() {
    let output = KernelOutput(textLimit: 20)
    let kernel = Kernel(configuration: .init(allowedLatenessMs: 0), output: output)
    kernel.beginEmitting()
    // This play stays open during the whole test, and counts at the end.
    kernel.fold(listen(0, level: "open", duration: 5000).event, offset: 0)
    var most = 0
    var offset: Int64 = 1
    for round in 0..<40 as Range<Int64> {
      for i in 0..<10 as Range<Int64> {
        let n = round * 10 + i
        kernel.fold(listen(n, level: "level \(n)").event, offset: offset)
        kernel.fold(view(n, page: "page \(n % 100)").event, offset: offset)
        offset += 1
      }
      output.tidy([kernel])
      expectNamed(output)
      output.tidy([kernel])
      most = max(most, output.rollups.textCount)
    }
    #expect(most < 100)
    for i in 0..<33 as Range<Int64> {
      kernel.fold(listen(20_000 + i, level: "last").event, offset: offset + i)
    }
    #expect(expectNamed(output).contains("open"))
  }

  /// Takes the kernel's rows, and expects that every key which stands for texts has its texts.
  @discardableResult
  private func expectNamed(_ output: KernelOutput) -> [String] {
    var levels: [String] = []
    for rollup in Rollup.allCases {
      let hasTexts = rollup.keyColumns.contains { !$0.hasSuffix("_key") }
      output.rollups.drain(rollup) { cell in
        guard hasTexts else { return }
        let texts = output.rollups.texts(of: cell, rollup)
        #expect(texts != nil)
        if case .audience(_, let level) = texts { levels.append(level) }
      }
    }
    return levels
  }

  @Test func membersBeyondTheLimitAreHandedOutAgain() {
    let members = MemberDirectory(limit: 10)
    for _ in 0..<2 {
      for i in 1...10 as ClosedRange<Int64> { members.meetUser(i, listen(i, level: "free").event) }
    }
    #expect(members.take().users.map(\.key) == Array(1...10))
    members.meetUser(11, listen(11, level: "free").event)
    members.meetUser(1, listen(1, level: "free").event)
    members.meetUser(11, listen(11, level: "free").event)
    #expect(members.take().users.map(\.key) == [11, 1])
  }
}
