import Comparing
import Disassembler
import ELFFile
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

/// Everything about an update that is done while the program runs: compare, plan, link.
struct Preparation: Sendable {
  let target: TargetProcess
  let model: ProgramModel
  let current: ImageIndex

  enum Verdict: Sendable {
    /// Nothing differs.
    case already(ignored: [String])
    case refused(code: String, [String])
    case ready(UpdatePlan, Injection, ImageIndex)
  }

  /// - Parameters:
  ///   - image: the new version.
  ///   - wishes: the changes file, or an empty one.
  func prepare(
    _ image: ProgramImage, wishes: ChangesFile, own: [String: ForeignSymbols.Own]
  ) throws(PupFailure) -> Verdict {
    let changes: Changes
    do throws(ComparingFailure) {
      changes = try Comparison(
        old: current.image, new: image, wishes: wishes, decoder: ZydisDecoder()
      ).changes()
    } catch {
      throw .unusable(String(describing: error))
    }
    guard changes.refusals.isEmpty else {
      return .refused(code: "needs-map", changes.refusals.map(\.sentence))
    }
    let index = ImageIndex(image)
    var planner = Planner(
      old: current, new: index, changes: changes, model: model, decoder: ZydisDecoder(),
      tlsByteCount: target.layout.tlsByteCount)
    do throws(LinkFailure) {
      let names = ForeignAddresses(target: target, own: own)
      var (plan, injection) = try planner.plan { names.resolve($0) }
      guard !plan.procedures.isEmpty || !plan.data.isEmpty || hasNews(changes) else {
        return .already(ignored: plan.ignored)
      }
      try UnwindRows.append(of: &injection, to: &plan.model, index: index)
      return .ready(plan, injection, index)
    } catch {
      throw .link(error)
    }
  }

  private func hasNews(_ changes: Changes) -> Bool {
    changes.procedures.contains { $0.status == .added }
  }
}

/// Looks foreign symbols up in the target, on demand.
struct ForeignAddresses {
  let target: TargetProcess
  let own: [String: ForeignSymbols.Own]

  /// Those of `names` that can be found; the others are missing.
  func resolve(_ names: Set<String>) -> [String: TraceeAddress] {
    var result: [String: TraceeAddress] = [:]
    do throws(TraceeFailure) {
      let memory = try ProcessMemory(pid: target.pid)
      let symbols = try ForeignSymbols(
        own: own, dynamic: target.layout.dynamic, bias: target.layout.bias, memory: memory)
      for name in names {
        do throws(ForeignFailure) {
          result[name] = try symbols.address(of: name, memory: memory)
        } catch {
          continue
        }
      }
    } catch {
      return result
    }
    return result
  }
}
