import Comparing
import PupKit
import PupProtocol
import UshKit

/// The comparison that `ush diff` uses: the engine's.
let differ: Differ = { request throws(ServiceFailure) in
  let found = try ProgramDifference(from: request.old, to: request.new)
  return DiffReport(
    changed: found.summary.changed.map(\.name), added: found.summary.added,
    removed: found.summary.removed, ignored: found.summary.ignored,
    text: request.wantsHeader ? found.header : found.text)
}
