/// The numbers that a DWARF expression works on, and the operators that need nothing else (DWARF 5
/// sections 2.5.1.3 and 2.5.1.4).
struct ExpressionStack {
  private var numbers: [UInt64]

  /// Begins with `initial`, or empty.
  init(_ initial: UInt64?) { numbers = initial.map { [$0] } ?? [] }

  /// `nil` when there is none.
  var top: UInt64? { numbers.last }

  mutating func push(_ number: UInt64) { numbers.append(number) }

  mutating func pop() -> UInt64? { numbers.popLast() }

  /// Pushes a copy of the number that is `depth` below the top; false when there is none.
  mutating func pick(_ depth: Int) -> Bool {
    guard numbers.indices.contains(numbers.count - 1 - depth) else { return false }
    numbers.append(numbers[numbers.count - 1 - depth])
    return true
  }

  /// Puts what `change` makes of the top in its place; false when there is none.
  mutating func replaceTop(_ change: (UInt64) -> UInt64?) -> Bool {
    guard let top = numbers.popLast(), let changed = change(top) else { return false }
    numbers.append(changed)
    return true
  }

  /// Does what the operator `code` says; false if it is not understood or makes no sense here.
  mutating func apply(_ code: UInt8) -> Bool {
    switch code {
    case 0x12: return pick(0)
    case 0x13: return pop() != nil
    case 0x14: return pick(1)
    case 0x16: return rotate(2)
    case 0x17: return rotate(3)
    case 0x19: return replaceTop { Int64(bitPattern: $0).magnitude }
    case 0x1F: return replaceTop { 0 &- $0 }
    case 0x20: return replaceTop { ~$0 }
    case 0x96: return true
    default:
      guard let right = pop() else { return false }
      return replaceTop {
        Self.arithmetic(code, $0, right) ?? Self.comparison(code, $0, right)
      }
    }
  }

  /// Moves the top below the `count - 1` numbers under it.
  private mutating func rotate(_ count: Int) -> Bool {
    guard numbers.count >= count, let top = numbers.popLast() else { return false }
    numbers.insert(top, at: numbers.count - count + 1)
    return true
  }

  /// Divisions by zero have no result; division is signed and the remainder is not, as readers have
  /// it (the standard leaves the latter open).
  private static func arithmetic(_ code: UInt8, _ left: UInt64, _ right: UInt64) -> UInt64? {
    switch code {
    case 0x1A: return left & right
    case 0x1B:
      let (quotient, overflow) = Int64(bitPattern: left).dividedReportingOverflow(
        by: Int64(bitPattern: right))
      return overflow ? nil : UInt64(bitPattern: quotient)
    case 0x1C: return left &- right
    case 0x1D: return right == 0 ? nil : left % right
    case 0x1E: return left &* right
    case 0x21: return left | right
    case 0x22: return left &+ right
    case 0x24: return right < 64 ? left << right : 0
    case 0x25: return right < 64 ? left >> right : 0
    case 0x26: return UInt64(bitPattern: Int64(bitPattern: left) >> min(right, 63))
    case 0x27: return left ^ right
    default: return nil
    }
  }

  /// Comparisons are signed.
  private static func comparison(_ code: UInt8, _ left: UInt64, _ right: UInt64) -> UInt64? {
    let signedLeft = Int64(bitPattern: left)
    let signedRight = Int64(bitPattern: right)
    return switch code {
    case 0x29: left == right ? 1 : 0
    case 0x2A: signedLeft >= signedRight ? 1 : 0
    case 0x2B: signedLeft > signedRight ? 1 : 0
    case 0x2C: signedLeft <= signedRight ? 1 : 0
    case 0x2D: signedLeft < signedRight ? 1 : 0
    case 0x2E: left != right ? 1 : 0
    default: nil
    }
  }
}
