import Foundation
package import PupProtocol
import Relinking
import Updating
import VersionSpace

/// A version that a program has run, and since when.
struct VersionRecord: Codable, Hashable, Sendable {
  var version: Int
  var build: String
  /// The file that it was read from.
  var path: String
  /// Seconds since 1970.
  var since: Double

  init(_ number: Int, _ version: LoadedVersion) {
    self.version = number
    build = version.build.rawValue
    path = version.origin
    since = Date.now.timeIntervalSince1970
  }
}

extension Program {
  /// How many versions the history goes back.
  private static let limit = 100

  /// Books that the current version runs from now on.
  func noteHistory(_ number: Int) {
    guard let current else { return }
    history.append(VersionRecord(number, current))
    history.removeFirst(max(0, history.count - Self.limit))
    // A history that cannot be kept is no reason to fail.
    try? store.note(history)
  }

  package func versions() async throws(ServiceFailure) -> VersionsReport {
    var report = VersionsReport(program: name, version: currentVersion)
    let newest = pending?.version ?? current
    report.names = newest?.index.image.delta.procedures.map(\.name) ?? []
    let model = pending?.run.plan.model ?? self.model
    if let model {
      report.arenas = ArenaReport(
        textUsed: Int(model.text.used), textFree: Int(model.text.freeByteCount),
        dataUsed: Int(model.data.used), dataFree: Int(model.data.freeByteCount))
    }
    let code = brought()
    let running = self.model?.binding.version.rawValue
    var earlier = Dictionary(history.map { ($0.version, $0) }, uniquingKeysWith: { $1 })
    for number in code.keys where earlier[number] == nil && number != running {
      report.versions.append(VersionReport(version: number, state: .earlier))
    }
    if let running, let current {
      let known = earlier.removeValue(forKey: running)
      report.versions += earlier.values.map { VersionReport($0, .earlier) }
      var row = VersionReport(version: running, state: .running)
      row.describe(current)
      row.path = known?.path ?? current.origin
      row.since = known.map { Self.text(Date(timeIntervalSince1970: $0.since)) }
      report.versions.append(row)
    }
    if let pending {
      var row = VersionReport(version: pending.run.plan.to.rawValue, state: .pending)
      row.describe(pending.version)
      row.since = Self.text(pending.begun)
      report.versions.append(row)
      report.procedures = await states(of: pending.run)
    }
    for (number, version) in loaded where number > currentVersion || running == nil {
      var row = VersionReport(version: number, state: .loaded)
      row.describe(version)
      row.since = Self.text(version.readAt)
      report.versions.append(row)
    }
    for index in report.versions.indices {
      report.versions[index].code = code[report.versions[index].version]
    }
    report.versions.sort { $0.version < $1.version }
    return report
  }

  /// For each version, how many procedures run the code that it brought.
  private func brought() -> [Int: Int] {
    guard let model else { return [:] }
    var counts: [Int: Int] = [:]
    for bound in model.binding.procedures {
      counts[model.current(bound.id).version.rawValue, default: 0] += 1
    }
    return counts
  }

  private func states(of run: UpdateRun) async -> [ProcedureState] {
    let progress = await run.progress
    let waiting = await run.waiting
    let hasLooked = await run.stopCount > 0
    return run.plan.procedures.map { procedure in
      var state = ProcedureState(procedure: procedure.name, state: .loaded)
      if progress.updated.contains(procedure.id) {
        state.state = progress.resident.contains(procedure.id) ? .resident : .updated
      } else if hasLooked {
        state.state = .waiting
        let found = waiting.first { $0.procedure == procedure.name }
        (state.tid, state.frame) = (found.map { Int($0.tid) }, found?.frame)
      }
      return state
    }
  }

  fileprivate static func text(_ date: Date) -> String { date.ISO8601Format() }
}

extension VersionReport {
  fileprivate init(_ record: VersionRecord, _ state: State) {
    self.init(version: record.version, state: state)
    build = record.build
    path = record.path
    since = Program.text(Date(timeIntervalSince1970: record.since))
  }

  fileprivate mutating func describe(_ version: LoadedVersion) {
    build = version.build.rawValue
    path = version.origin
    procedures = version.index.image.delta.procedures.count
  }
}
