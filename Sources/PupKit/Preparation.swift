import Comparing
import Disassembler
import ELFFile
import Relinking
import Tracee
import Updating
import VersionSpace

/// Everything about an update that is done while the program runs: compare, plan, link.
struct Preparation: Sendable {
  let target: TargetProcess
  let model: ProgramModel
  let current: LoadedVersion

  struct Ready: Sendable {
    var plan: UpdatePlan
    var injection: Injection
    var times: PhaseTimes
  }

  enum Verdict: Sendable {
    /// Nothing differs.
    case already(ignored: [String])
    /// `changes` says whom each refusal concerns.
    case refused(code: String, [String], changes: Changes)
    case ready(Ready)
  }

  /// Runs outside of any actor.
  ///
  /// - Throws: what makes the update impossible; nothing has been written.
  @concurrent func prepare(_ wanted: Wanted) async throws(PupFailure) -> Verdict {
    let image = wanted.version.index.image
    try checkKinship(image)
    let maps = try MapsCompiler.compile(wanted.mapsPaths)
    var times = wanted.times
    let begun = ContinuousClock.now
    async let old = compared(current.index)
    async let new = compared(wanted.version.index)
    var changes = try changes(await old, await new, wanted.wishes, maps)
    times.add(ContinuousClock.now - begun, to: "compare")
    if wanted.noGroups { changes.groups.removeAll { !$0.isHard } }
    guard changes.refusals.isEmpty else {
      return .refused(
        code: "needs-map", changes.refusals.map(\.description), changes: changes)
    }
    let (foreign, bound) = try times.measure("look up") { () throws(PupFailure) in
      let foreign = try ForeignLookup(target, own: ownSymbols())
      return (foreign, try boundElsewhere(changes, image, foreign))
    }
    guard bound.isEmpty else {
      return .refused(code: "needs-map", bound, changes: changes)
    }
    var planner = Planner(
      old: current.index, new: wanted.version.index, maps: maps, changes: changes, model: model,
      decoder: ZydisDecoder(), tlsByteCount: target.layout.tlsByteCount,
      callSites: target.callSites)
    do throws(LinkFailure) {
      let (plan, injection) = try times.measure("plan") { () throws(LinkFailure) in
        try planner.plan { (wanted) throws(LinkFailure) in try foreign.resolve(wanted) }
      }
      let isNews = changes.procedures.contains { $0.status == .added || $0.isUpdated }
      guard isNews || !plan.data.isEmpty else { return .already(ignored: plan.ignored) }
      return .ready(Ready(plan: plan, injection: injection, times: times))
    } catch {
      if case .tracee(let failure) = error { throw .tracee(failure, pid: target.pid) }
      throw .link(error)
    }
  }

  /// Procedures that are new and whose names libraries have bound to something else.
  private func boundElsewhere(
    _ changes: Changes, _ image: ProgramImage, _ foreign: ForeignLookup
  ) throws(PupFailure) -> [String] {
    let before = current.index.image.delta.procedures
    let known = Set(model.procedures.map(\.name) + before.flatMap(\.aliases))
    var added: [String: String] = [:]
    for change in changes.procedures where change.status == .added {
      guard let procedure = change.new.map({ image.delta.procedures[$0] }), !procedure.isStatic,
        !known.contains(procedure.name)
      else { continue }
      added[procedure.name] = image.delta.units[procedure.unit].path
    }
    guard !added.isEmpty else { return [] }
    let bound: Set<String>
    do throws(TraceeFailure) {
      bound = try foreign.boundElsewhere(Set(added.keys))
    } catch {
      throw .tracee(error, pid: target.pid)
    }
    return bound.sorted().map { name in
      "\(added[name] ?? ""): ‘\(name)’ is new, and libraries of the running program have"
        + " bound that name to another procedure"
    }
  }

  /// That the new version is one of the same program: a fair share of the procedures have one name.
  private func checkKinship(_ image: ProgramImage) throws(PupFailure) {
    let old = Set(current.index.image.delta.procedures.map(\.name)).subtracting(["main"])
    let new = Set(image.delta.procedures.map(\.name)).subtracting(["main"])
    let smaller = min(old.count, new.count)
    guard smaller > 2, old.intersection(new).count * 5 < smaller else { return }
    throw .unusable(
      "\(wanted(image)) is another program: of \(smaller) procedures only "
        + "\(old.intersection(new).count) have a name in the one that runs")
  }

  private func wanted(_ image: ProgramImage) -> String {
    image.delta.units.first.map { "the program of \($0.path)" } ?? "it"
  }

  @concurrent private func compared(_ index: ImageIndex) async -> ComparedVersion {
    ComparedVersion(index, decoder: ZydisDecoder())
  }

  private func changes(
    _ old: ComparedVersion, _ new: ComparedVersion, _ wishes: ChangesFile, _ maps: [MapsUnit]
  ) throws(PupFailure) -> Changes {
    let given = GivenMaps(
      functions: Set(maps.flatMap { $0.functions.map(\.name) }),
      uses: maps.reduce(into: []) { $0.formUnion($1.uses) })
    do throws(ComparingFailure) {
      return try Comparison(
        old: old, new: new, wishes: wishes, maps: given, decoder: ZydisDecoder()
      ).changes()
    } catch {
      switch error {
      case .changesFile(let failure): throw .unusable(failure.description)
      case .brokenImage(let version, let fault):
        throw .unusable("the \(version.rawValue) version contradicts itself: \(fault)")
      }
    }
  }

  /// Names that only the linker defines; a version script may make them local.
  private static func isLinkersOwn(_ name: String) -> Bool {
    ["__rela_iplt", "__start_", "__stop_"].contains { name.hasPrefix($0) }
  }

  /// What the file that the process was started from defines, whatever version it is at now; without
  /// a symbol table, nothing.
  private func ownSymbols() -> [String: ForeignSymbols.Own] {
    do throws(ELFFailure) {
      let program = try ELFProgram(atPath: target.executable)
      var result: [String: ForeignSymbols.Own] = [:]
      for symbol in try program.symbols()
      where !symbol.isLocal || symbol.isHidden || Self.isLinkersOwn(symbol.name) {
        result[symbol.name] = ForeignSymbols.Own(
          address: LinkAddress(rawValue: symbol.value).loaded(at: target.layout.bias),
          kind: symbol.kind)
      }
      return result
    } catch {
      return [:]
    }
  }
}

/// The version and the wishes that a request names.
struct Wanted: Sendable {
  var version: LoadedVersion
  var wishes: ChangesFile
  var mapsPaths: [String]
  /// No `together` lines.
  var noGroups: Bool
  /// Until the report is due; `nil` if nobody said.
  var waitSeconds: Double?
  /// What reading took.
  var times = PhaseTimes()
}

/// Looks foreign symbols up in the target, on demand.
struct ForeignLookup {
  private let memory: ProcessMemory
  private let symbols: ForeignSymbols

  /// - Parameters:
  ///   - target: whose loaded objects are looked through.
  ///   - own: what its file defines.
  /// - Throws: when the target cannot be read, or runs something else by now.
  init(_ target: TargetProcess, own: [String: ForeignSymbols.Own]) throws(PupFailure) {
    do throws(TraceeFailure) {
      memory = try target.memory()
      symbols = try ForeignSymbols(
        own: own, dynamic: target.layout.dynamic, bias: target.layout.bias, memory: memory)
    } catch {
      throw .tracee(error, pid: target.pid)
    }
  }

  /// See `ForeignSymbols.boundElsewhere`.
  func boundElsewhere(_ names: Set<String>) throws(TraceeFailure) -> Set<String> {
    try symbols.boundElsewhere(names, memory: memory)
  }

  /// Those of `names` that can be found; the others are missing.
  func resolve(_ names: Set<String>) throws(LinkFailure) -> ForeignAddresses {
    var result = ForeignAddresses()
    for name in names {
      do throws(ForeignFailure) {
        result.addresses[name] = try symbols.address(of: name, memory: memory)
      } catch {
        switch error {
        case .indirect: result.unresolvedIndirect.insert(name)
        case .threadLocal: break
        case .tracee(let failure): throw .tracee(failure)
        }
      }
    }
    return result
  }
}
