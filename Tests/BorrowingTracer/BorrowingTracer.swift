import Glibc
import Tracee
import VersionSpace

/// A tracer to be killed, or run by another user; addresses are hexadecimal.
///
///     BorrowingTracer stop PID                        prints how a stop went
///     BorrowingTracer hold PID                        prints `held` and keeps the process stopped
///     BorrowingTracer call PID FUNCTION STACK STUB    calls a function
///     BorrowingTracer write PID WORD...               writes 1 into each word at once, and dies by
///                                                     SIGKILL after the first
@main enum BorrowingTracer {
  static func main() async {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let pid = Int32(arguments[2]) else { return }
    let places = arguments.dropFirst(3).compactMap { UInt64($0, radix: 16) }
      .map { TraceeAddress(rawValue: $0) }
    let tracer = Tracer(on: TracerThread(named: "tracer"))
    do throws(TraceeFailure) {
      let outcome = try await tracer.withStopped(pid, deadline: .seconds(5)) {
        (process) throws(TraceeFailure) -> String in
        switch arguments[1] {
        case "hold":
          say("held")
          // Not for ever: the compiler gives up a value that no path uses again.
          sleep(600)
          return "held"
        case "call" where places.count == 3:
          let outcome = try process.call(
            places[0], stackTop: places[1], returnStub: places[2], limit: .seconds(60))
          return "\(outcome)"
        case "write":
          try process.writeAll(places.map { ($0, [1, 0, 0, 0, 0, 0, 0, 0]) }) { _ in
            kill(getpid(), SIGKILL)
          }
          return "written"
        default: return "stopped"
        }
      }.outcome
      say(outcome)
    } catch {
      say("\(error)")
    }
  }

  private static func say(_ text: String) {
    print(text)
    _ = fflush(nil)
  }
}
