#if DEBUG
  import EventModel
  import Testing

  @testable import Metrics

  /// Where an invariant of the kernel is broken, a debug build stops and names both values.
  @Suite struct KernelAssertionTests {
    private static let noon: Int64 = 1_767_268_800_000

    private static func kernel(_ timestamps: Int64...) -> Kernel {
      let kernel = Kernel(configuration: .init(), output: KernelOutput())
      kernel.beginEmitting()
      for (offset, ts) in timestamps.enumerated() {
        kernel.fold(Sample(topic: .auth, ts: ts).event, offset: Int64(offset))
      }
      return kernel
    }

    private func expect(_ message: String, in result: ExitTest.Result?) throws {
      let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(text.contains(message), "\(text)")
    }

    @Test func aPositionDoesNotFall() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        let kernel = Self.kernel(Self.noon, Self.noon + 1)
        kernel.fold(Sample(topic: .auth, ts: Self.noon + 2).event, offset: 1)
      }
      try expect("offset 1 came after offset 1", in: result)
    }

    @Test func aReplayPointDoesNotLieBeforeTheLastRecord() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        _ = Self.kernel(Self.noon, Self.noon + 1).replayPoint(.auth, next: 0)
      }
      try expect("next offset 0 lies before the last record's, 1", in: result)
    }

    @Test func aWatermarkDoesNotFall() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        let kernel = Self.kernel(Self.noon, Self.noon + 1)
        kernel.topics[Topic.auth.index].mark = Watermark()
        kernel.fold(Sample(topic: .auth, ts: Self.noon).event, offset: 2)
      }
      try expect(
        "auth_events: the watermark fell to \(Int64.min) from \(Self.noon + 1 - 600_000)",
        in: result)
    }

    @Test func aPlayDoesNotStartBeforeTheOneThatItFollows() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        let keys = FactKeys(
          ts: Self.noon, userKey: 0, locationKey: 0, deviceKey: 0, sessionId: 1, itemInSession: 0)
        let play = Play(keys: keys, songKey: 1, durationMs: 1000, audienceKey: 1)
        _ = play.outcome(next: Self.noon - 1, watermark: Self.noon)
      }
      try expect(
        "the next play starts at \(Self.noon - 1), before this one, at \(Self.noon)", in: result)
    }

    @Test func aRowIsOfTheMinuteOfItsEvents() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        _ = Self.kernel(Int64(Int32.max) * 60_000 + 60_000)
      }
      try expect("event time 128849018880000 would be counted in minute -2147483648", in: result)
    }
  }
#endif
