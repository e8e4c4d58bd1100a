import CPtrace
import VersionSpace

/// A forked process that, if we die in the middle of writes that belong together, makes all of them
/// and lets the target go on.
///
/// Forking takes long, so one is started before a stop.
@safe final class Keeper {
  private let process: Int32
  private let pipe: Int32
  private let list: UnsafeMutablePointer<cs_keeper_list>

  /// - Parameters:
  ///   - target: the process that is written to.
  ///   - room: how many bytes the writes may take, each with 24 more.
  /// - Throws: `.system` if there can be no other process.
  init(for target: Int32, room: Int) throws(TraceeFailure) {
    var pipe: Int32 = -1
    var list: UnsafeMutablePointer<cs_keeper_list>?
    let process = unsafe cs_keeper_start(target, room, &pipe, &list)
    guard process > 0, let list = unsafe list else {
      throw .system(operation: .spawn, code: -process)
    }
    self.process = process
    self.pipe = pipe
    unsafe self.list = list
  }

  deinit { unsafe cs_keeper_dismiss(process, pipe, list) }

  /// Whether it could take over all of `writes`, which it would from `enter(cs_keeper_writing)` on.
  func takes(_ writes: [(address: TraceeAddress, bytes: [UInt8])]) -> Bool {
    unsafe cs_keeper_clear(list)
    return writes.allSatisfy { write in
      unsafe cs_keeper_add(list, write.address.rawValue, write.bytes, write.bytes.count) == 0
    }
  }

  func enter(_ state: cs_keeper_state) { unsafe cs_keeper_enter(list, state) }

  /// How much room writes take.
  static func room(for writes: [(address: TraceeAddress, bytes: [UInt8])]) -> Int {
    writes.reduce(0) { $0 + $1.bytes.count + 24 }
  }
}
