import TestSupport
import Tracee
import Unwinding
import Updating
import VersionSpace

/// The stacks of a running program, by our walker and by gdb.
enum LiveStacks {
  /// A frame as both know it: the next instruction, and the stack pointer there.
  struct Place: Hashable, CustomStringConvertible {
    var counter: UInt64
    var stack: UInt64

    var description: String { String(counter, radix: 16) + "@" + String(stack, radix: 16) }
  }

  /// The unwind information of all files mapped in a process, and of the vDSO.
  static func modules(of pid: Int32) throws(TraceeFailure) -> [UnwindModule] {
    let memory = try ProcessMemory(pid: pid)
    var result: [UnwindModule] = []
    for mapping in try ProcessFacts(pid: pid).maps()
    where mapping.fileOffset == 0 && mapping.isReadable
      && (mapping.path.hasPrefix("/") || mapping.path == "[vdso]")
    {
      guard
        let object = try MappedObject(
          fileMappedAt: mapping.range.lowerBound, memory: memory),
        let module = try object.unwindModule(named: mapping.path, memory: memory)
      else { continue }
      result.append(module)
    }
    return result
  }

  /// Every thread's stack, walked in one stop.
  static func walked(_ pid: Int32) async throws -> [ThreadStack] {
    let table = UnwindTable(try modules(of: pid))
    let tracer = Tracer(on: TracerThread(named: "test-tracer"))
    return try await tracer.withStopped(pid, deadline: .seconds(5)) {
      (process) throws(TraceeFailure) in
      var stacks: [ThreadStack] = []
      for tid in process.threads {
        let registers = try process.registers(of: tid)
        stacks.append(
          StackWalker.walk(
            tid: tid, registers: registers, memory: process, table: table, limit: 1000))
      }
      return stacks
    }.outcome
  }

  private static let script = """
    import gdb
    for thread in gdb.selected_inferior().threads():
      thread.switch()
      frame = gdb.newest_frame()
      while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
          stack = int(frame.read_register("rsp")) & (2**64 - 1)
          print("frame", thread.ptid[1], frame.pc(), stack)
        frame = frame.older()
    """

  /// What gdb says of the same threads, without inlined procedures and those left by a tail call.
  static func byGDB(_ pid: Int32, in folder: String) async throws -> [Int32: [Place]] {
    try write(Array(script.utf8), to: "\(folder)/frames.py")
    return parse(
      try await toolOutput(
        "/usr/bin/gdb", "-nx", "-batch", "-p", "\(pid)", "-ex", "set backtrace past-main on",
        "-ex", "set backtrace past-entry on", "-ex", "source \(folder)/frames.py"))
  }

  private static func parse(_ output: String) -> [Int32: [Place]] {
    var result: [Int32: [Place]] = [:]
    for line in output.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.first == "frame", words.count == 4, let tid = Int32(words[1]),
        let counter = UInt64(words[2]), let stack = UInt64(words[3])
      else { continue }
      result[tid, default: []].append(Place(counter: counter, stack: stack))
    }
    return result
  }
}

extension ThreadStack {
  /// The frames as places: a frame's stack pointer is the canonical address of the one below.
  func places(from stack: UInt64) -> [LiveStacks.Place] {
    var pointer = stack
    return frames.map { frame in
      defer { pointer = frame.canonicalFrameAddress.rawValue }
      return LiveStacks.Place(counter: frame.programCounter.rawValue, stack: pointer)
    }
  }
}
