import Foundation
import ProgramImages
import Relinking
import TypeModel
import VersionSpace

/// What `pupcc --explain` says of a program.
struct Explanation {
  let text: String

  init(of path: String, asJSON: Bool) throws(DriverFailure) {
    let image: ProgramImage
    do throws(ImageFailure) {
      image = try ProgramImages.read(path)
    } catch {
      throw .unusable(error.sentence)
    }
    let facts = Facts(image.delta)
    text = asJSON ? facts.json : facts.plain(path)
  }

  private struct Facts: Encodable {
    var buildID: String
    var callMode: String
    var positionIndependent: Bool
    var linkLine: String
    var procedures: [Procedure] = []
    var slots = 0
    var calls: [String: Int] = [:]
    var leftAlone: [String]
    /// Procedures that live only inside a resident one, by that one's name.
    var neverUpdatable: [String: [String]] = [:]
    /// Procedures of which a resident one has a copy that stays, by that one's name.
    var copiesInResidents: [String: [String]] = [:]

    struct Procedure: Encodable {
      var id: Int
      var name: String
      var file: String
      var line: Int
      var bytes: UInt64
      var parts: [String]
      var addressTaken: Bool
    }

    init(_ delta: Delta) {
      buildID = delta.buildID.rawValue
      callMode = delta.callMode.rawValue
      positionIndependent = delta.isPositionIndependent
      linkLine = delta.linkLine.joined(separator: " ")
      leftAlone = delta.remarks
      for (index, procedure) in delta.procedures.enumerated() {
        procedures.append(
          Procedure(
            id: index, name: procedure.name, file: delta.units[procedure.unit].path,
            line: procedure.declaredAt.line,
            bytes: procedure.parts.reduce(0) { $0 + $1.byteCount },
            parts: procedure.parts.map(\.kind.rawValue), addressTaken: procedure.isAddressTaken))
        if procedure.slot.rawValue != 0 { slots += 1 }
        for call in procedure.calls { calls[call.kind.rawValue, default: 0] += 1 }
      }
      let residents = Residents(delta)
      if !residents.onlyInside.isEmpty { neverUpdatable["main"] = residents.onlyInside }
      if !residents.alsoInside.isEmpty { copiesInResidents["main"] = residents.alsoInside }
    }

    var json: String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    func plain(_ path: String) -> String {
      var lines = [
        "\(path): build \(buildID), \(callMode) mode, "
          + (positionIndependent ? "position-independent" : "fixed position"),
        "link: \(linkLine)", "",
        "\(procedures.count) procedures, \(slots) slots in the binding table:",
      ]
      let width = min(40, procedures.map(\.name.count).max() ?? 0)
      for procedure in procedures {
        let name = procedure.name.padding(
          toLength: max(width, procedure.name.count), withPad: " ", startingAt: 0)
        var line =
          "  \(procedure.id)\t\(name)  \(procedure.file):\(procedure.line)  \(procedure.bytes) bytes"
        if procedure.parts.count > 1 {
          line += ", \(procedure.parts.joined(separator: "+"))"
        }
        if procedure.addressTaken { line += ", address taken" }
        lines.append(line)
      }
      lines += ["", calls.isEmpty ? "no call edges" : "call edges by kind:"]
      for kind in calls.keys.sorted() { lines.append("  \(kind)\t\(calls[kind] ?? 0)") }
      lines += ["", leftAlone.isEmpty ? "nothing was left alone" : "left alone:"]
      lines += leftAlone.map { "  " + $0 }
      for (resident, inside) in neverUpdatable.sorted(by: { $0.key < $1.key }) {
        lines += [
          "",
          "can never be updated, since they live only inside \(resident) "
            + "(build with --keep-calls to keep them apart):",
        ]
        lines += inside.map { "  " + $0 }
      }
      for (resident, copies) in copiesInResidents.sorted(by: { $0.key < $1.key }) {
        lines += ["", "\(resident) has a copy of these inlined, which an update does not reach:"]
        lines += copies.map { "  " + $0 }
      }
      return lines.joined(separator: "\n")
    }
  }
}
