import Foundation
import Glibc
package import PupProtocol
import ProgramImages
import Relinking
import Tracee
import VersionSpace

/// Whether this program may do here, as this user, what an update takes.
package enum SelfCheck {
  /// What a pup started as `--self-check-target` does: nothing, for a while.
  package static func sleep() -> Never {
    alarm(30)
    while true { pause() }
  }

  /// Tries on a child of our own, which is this program again.
  package static func findings() async -> [Finding] {
    let trial = await TraceTrial.run("/proc/self/exe", ["pup", "--self-check-target"])
    var findings: [Finding] = []
    var failures: [TraceTrial.Step: TraceeFailure] = [:]
    for (step, failure) in trial.outcomes { failures[step] = failure }
    let reached = Set(trial.outcomes.map(\.step))
    for step in TraceTrial.Step.allCases where reached.contains(step) && step != .poke {
      findings.append(
        finding(step, failures[step], canPoke: failures[.poke] == nil, trial.stoppedMicroseconds))
    }
    return findings
  }

  private static func finding(
    _ step: TraceTrial.Step, _ failure: TraceeFailure?, canPoke: Bool, _ microseconds: Int
  ) -> Finding {
    let name = name(step)
    guard let failure else {
      return .ok(
        name, step == .stop ? "\(doing(step)) works (\(microseconds) µs)" : doing(step) + " works")
    }
    let text = "\(doing(step)) does not work: \(text(failure))"
    switch step {
    case .start: return Finding(name, .problem, text)
    case .stop, .registers, .release:
      return Finding(
        name, .problem, text,
        remedy: "setcap cap_sys_ptrace+ep \"$(command -v pup)\", or run the pup as root")
    case .read:
      return Finding(name, .warning, text + "; /proc/PID/mem is read instead, which is slower")
    case .write:
      return Finding(
        name, canPoke ? .warning : .problem,
        text + (canPoke ? "; PTRACE_POKEDATA is used instead, which is slower" : ""),
        remedy: "boot with proc_mem.force_override=ptrace")
    case .breakpoint:
      return Finding(
        name, .warning, text + "; waiting threads are looked at every few milliseconds instead",
        remedy: "sysctl -w kernel.perf_event_paranoid=2")
    case .poke: return Finding(name, .warning, text)
    }
  }

  private static func name(_ step: TraceTrial.Step) -> String {
    step == .breakpoint ? "breakpoint" : "trace-" + step.rawValue
  }

  private static func doing(_ step: TraceTrial.Step) -> String {
    switch step {
    case .start: "starting a process"
    case .stop: "stopping a process by ptrace"
    case .registers: "reading its registers"
    case .read: "reading its memory by process_vm_readv"
    case .write: "writing to its memory through /proc/PID/mem"
    case .poke: "writing to its memory by PTRACE_POKEDATA"
    case .release: "letting it go on"
    case .breakpoint: "a perf breakpoint"
    }
  }

  private static func text(_ failure: TraceeFailure) -> String {
    switch failure {
    case .notPermitted: "not permitted"
    case .system(_, let code): errorText(code)
    case .fault: "the memory did not take it"
    case .deadline: "it did not stop in time"
    case .traced(_, let tracer): "it is traced by process \(tracer)"
    case .gone, .shared, .replaced: "it is gone"
    }
  }

  /// The build of the prepared program in `path`.
  ///
  /// - Throws: `.malformed` if it is none.
  package static func build(ofProgram path: String) throws(ServiceFailure) -> String {
    do throws(ImageFailure) {
      return try ProgramImages.read(path).delta.buildID.rawValue
    } catch {
      throw .malformed("unusable", error.sentence)
    }
  }
}
