import Testing
import VersionSpace

@Suite struct CallPathTests {
  private func id(_ number: Int) -> ProcedureID { ProcedureID(rawValue: number) }

  private func path(_ from: Int, _ to: Int, _ calls: [Int: [Int]]) -> [Int]? {
    let callees = Dictionary(
      uniqueKeysWithValues: calls.map { (id($0.key), $0.value.map(id)) })
    return CallPath.shortest(from: id(from), to: id(to), in: callees)?.map(\.rawValue)
  }

  @Test func `takes the shortest of several ways`() {
    let calls = [0: [1, 2], 1: [3], 2: [4], 3: [5], 4: [6], 5: [6]]
    #expect(path(0, 6, calls) == [0, 2, 4, 6])
    #expect(path(1, 6, calls) == [1, 3, 5, 6])
    #expect(path(0, 1, calls) == [0, 1])
  }

  @Test func `knows where there is no way, and goes round no cycle for ever`() {
    let calls = [0: [1], 1: [2], 2: [0, 1], 3: [0]]
    #expect(path(0, 3, calls) == nil)
    #expect(path(4, 0, calls) == nil)
    #expect(path(3, 2, calls) == [3, 0, 1, 2])
  }

  @Test func `from a procedure to itself it is a shortest cycle`() {
    #expect(path(0, 0, [0: [1], 1: [2, 0], 2: [0]]) == [0, 1, 0])
    #expect(path(0, 0, [0: [0]]) == [0, 0])
    #expect(path(0, 0, [0: [1]]) == nil)
  }

  /// Distances by relaxing every edge as often as there are procedures.
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `is a path of calls, and as short as relaxation says`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let count = 12
    var calls: [Int: [Int]] = [:]
    for caller in 0..<count {
      calls[caller] = (0..<count).filter { _ in Int.random(in: 0..<6, using: &generator) == 0 }
    }
    var distances = [Int](repeating: .max, count: count)
    for callee in calls[0] ?? [] { distances[callee] = 1 }
    for _ in 0..<count {
      for (caller, called) in calls where distances[caller] < .max {
        for callee in called { distances[callee] = min(distances[callee], distances[caller] + 1) }
      }
    }
    for end in 0..<count {
      let found = path(0, end, calls)
      #expect(found?.count == (distances[end] == .max ? nil : distances[end] + 1))
      guard let found else { continue }
      #expect(found.first == 0 && found.last == end)
      for (caller, callee) in zip(found, found.dropFirst()) {
        #expect(calls[caller]?.contains(callee) == true)
      }
    }
  }
}
