/// Lets a few tests at a time do something, in the order in which they come.
actor Slots {
  private var free: Int
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  func giveBack() {
    if waiters.isEmpty {
      free += 1
    } else {
      waiters.removeFirst().resume()
    }
  }
}

private let buildSlots = Slots(count: 3)

extension Command {
  /// Runs the program like `run()`, but only a few at a time in the whole test process, and the time
  /// limit counts from its turn on: for compilers and what they made.
  package func runInTurn() async throws(LiveFailure) -> Outcome {
    await buildSlots.take()
    do throws(LiveFailure) {
      let outcome = try await run()
      await buildSlots.giveBack()
      return outcome
    } catch {
      await buildSlots.giveBack()
      throw error
    }
  }
}
