import ByteCoding
import Comparing
import Disassembler
import ELFFile
import ProgramImages
import Relinking
import Unwinding
import Updating
import VersionSpace

/// Does the pure work of an update, phase by phase, without a process: what counts instructions runs
/// this, and tells the phases apart by the names of their functions.
///
///     ScaleProbe OLD NEW
@main
enum ScaleProbe {
  static func main() throws {
    guard CommandLine.arguments.count == 3 else { throw Unusable() }
    scaleBegin()
    scaleRead()
    scaleUnpack()
    scaleIndex()
    scaleCompare()
    scalePlan()
    scaleDecide()
    scaleUnwind()
    let result = unsafe work
    guard let plan = result.plan, plan.procedures.count > 1, result.held > 1, result.isWalkable
    else {
      throw Unusable()
    }
    print("\(plan.procedures.count) of \(plan.model.procedures.count) procedures change")
  }
}

struct Unusable: Error {}

/// What one phase leaves to the next.
struct Work {
  var packed: [[UInt8]] = []
  var images: [ProgramImage] = []
  var indices: [ImageIndex] = []
  var changes: Changes?
  var plan: UpdatePlan?
  var held = 0
  var isWalkable = false
}

nonisolated(unsafe) var work = Work()

/// A phase that fails leaves nothing to the next, which `main` notices.
private func attempt(_ body: () throws -> Void) {
  do { try body() } catch { print("failed: \(error)") }
}

@inline(never) func scaleBegin() {}

@inline(never) func scaleRead() {
  attempt {
    for path in CommandLine.arguments.dropFirst() {
      unsafe work.images.append(try ProgramImages.read(path))
      unsafe work.packed.append(try Packing.bytes(of: work.images[work.images.count - 1].delta))
    }
  }
}

@inline(never) func scaleUnpack() {
  attempt {
    for bytes in unsafe work.packed { _ = try Packing.value(Delta.self, from: bytes) }
  }
}

@inline(never) func scaleIndex() {
  unsafe work.indices = unsafe work.images.map(ImageIndex.init)
}

@inline(never) func scaleCompare() {
  attempt {
    let versions = unsafe work.indices.map { ComparedVersion($0, decoder: ZydisDecoder()) }
    unsafe work.changes = try Comparison(
      old: versions[0], new: versions[1], wishes: ChangesFile(), maps: GivenMaps(),
      decoder: ZydisDecoder()
    ).changes()
  }
}

@inline(never) func scalePlan() {
  attempt {
    guard let changes = unsafe work.changes else { throw Unusable() }
    let image = unsafe work.images[0]
    let bias = LoadBias(rawValue: 0)
    var planner = unsafe Planner(
      old: work.indices[0], new: work.indices[1], maps: [], changes: changes,
      model: ProgramModel(image: image, bias: bias, descriptor: try descriptor()),
      decoder: ZydisDecoder(), tlsByteCount: 0, callSites: CallSiteTable(image.delta, bias: bias))
    let (plan, _) = try planner.plan { (names) throws(LinkFailure) in
      var found = ForeignAddresses()
      for name in names { found.addresses[name] = TraceeAddress(rawValue: 0x2000_0000) }
      return found
    }
    unsafe work.plan = plan
  }
}

/// A stop in which all procedures change and every tenth is on a stack, so that all of δ is walked;
/// of a made-up program that is twenty times as large, since the walk is quick.
@inline(never) func scaleDecide() {
  guard let plan = unsafe work.plan else { return }
  let count = plan.model.procedures.count * 20
  let all = (0..<count).map(ProcedureID.init(rawValue:))
  var callees: [ProcedureID: [ProcedureID]] = [:]
  for caller in 0..<count {
    callees[all[caller]] = [1, 7, 31, 211].map { all[(caller + $0) % count] }
  }
  let activeness = Activeness(
    changed: Set(all), active: Set(all.filter { $0.rawValue % 10 == 9 }), resident: [],
    callers: Callers(of: callees), groups: [])
  unsafe work.held = activeness.held().count
}

@inline(never) func scaleUnwind() {
  attempt {
    guard let plan = unsafe work.plan else { throw Unusable() }
    let program = try ELFProgram(atPath: CommandLine.arguments[1])
    guard let section = program.section(named: ".eh_frame") else { throw Unusable() }
    let code = program.segments.filter { $0.type == 1 }.map {
      $0.address..<($0.address + $0.memoryByteCount)
    }
    let table = UnwindTable([
      UnwindModule(
        name: "program", codeRanges: code, ehFrame: program.contents(of: section),
        ehFrameAddress: section.address)
    ])
    let map = CodeMap(plan.model.implementations)
    let first = plan.model.implementations.filter { $0.version.rawValue == 1 }
    unsafe work.isWalkable = first.allSatisfy { implementation in
      table.isKnownCode(implementation.entry.rawValue)
        && map.implementation(at: implementation.entry) != nil
    }
  }
}

/// Arenas beyond the program, within reach of its code; the rest is of no concern here.
private func descriptor() throws -> TargetDescriptor {
  var writer = ByteWriter()
  for word: UInt64 in [
    TargetDescriptor.magic, UInt64(TargetDescriptor.format) | 208 << 32, 0, 0, 20 << 32,
    0x1000, 0x2000, 0x3000_0000, 0x3100_0000, 0x3100_0000, 0x3200_0000, 0x3000, 4 | 32 << 32, 16,
    0x4000, 0x3800, 0x4100, 0x5000, 0x6000, 0x4200, 0, 0, 0, 0, 0, 0,
  ] {
    writer.append(word)
  }
  return try TargetDescriptor(bytes: writer.bytes)
}
