import Comparing
import PupKit
import PupProtocol
import UshKit

/// The comparison that `ush diff` uses: the engine's.
let differ: Differ = { request throws(ServiceFailure) in
  guard !request.wantsHeader else {
    throw .cannot("no-header", "the header for maps cannot be made yet; declare old_D and new_D by hand")
  }
  let found = try ProgramDifference(from: request.old, to: request.new)
  return DiffReport(
    changed: found.summary.changed.map(\.name), added: found.summary.added,
    removed: found.summary.removed, ignored: found.summary.ignored, text: found.text)
}
