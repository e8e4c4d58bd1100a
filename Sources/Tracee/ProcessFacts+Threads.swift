import Glibc
package import Unwinding
import VersionSpace

extension ProcessFacts {
  /// How many threads a process has, in one system call; 0 if it has ended.
  ///
  /// Of the task folder's links, two are not its threads' (Linux `fs/proc/base.c`,
  /// `proc_task_getattr`).
  static func threadCount(of pid: Int32) -> Int {
    var status = stat()
    guard unsafe stat("/proc/\(pid)/task", &status) == 0 else { return 0 }
    return Int(status.st_nlink) - 2
  }

  /// The stack pointer and the program counter of a thread that sleeps in a system call, without
  /// stopping it (proc_pid_syscall(5)); its other registers are zero.
  package static func registersAsleep(ofThread tid: Int32, of pid: Int32) -> Registers? {
    do throws(TraceeFailure) {
      let words = try text(pid, "task/\(tid)/syscall").split(whereSeparator: \.isWhitespace)
        .suffix(2).compactMap { UInt64($0.dropFirst(2), radix: 16) }
      guard words.count == 2 else { return nil }
      var registers = Registers(instructionPointer: words[1])
      registers.general[Registers.rsp] = words[0]
      return registers
    } catch {
      return nil
    }
  }

  /// The name of a thread (proc(5), "comm"); empty if it has ended.
  package static func name(ofThread tid: Int32, of pid: Int32) -> String {
    do throws(TraceeFailure) {
      let name = try text(pid, "task/\(tid)/comm")
      return name.hasSuffix("\n") ? String(name.dropLast()) : name
    } catch {
      return ""
    }
  }
}
