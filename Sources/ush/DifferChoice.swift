import PupProtocol
import UshKit

/// The comparison that `ush diff` uses: the engine's.
let differ: Differ = { _ throws(ServiceFailure) in
  throw .cannot("no-engine", "this build cannot compare programs")
}
