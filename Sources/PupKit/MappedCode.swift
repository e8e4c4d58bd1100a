import ByteCoding
import ELFFile
import Tracee
import Updating
import VersionSpace

/// Names code outside of a program's procedures by the files that are mapped and their symbols.
struct MappedCode {
  struct Place {
    /// The file's path, or what proc(5) calls the mapping.
    var object: String
    var symbol: String?
    /// From the symbol, else from where the file's bytes begin.
    var offset: UInt64
  }

  private let target: TargetProcess
  private let maps: [ProcessFacts.Mapping]
  private var symbols: [String: FileSymbols] = [:]

  /// - Throws: `.gone`.
  init(of target: TargetProcess) throws(TraceeFailure) {
    self.target = target
    maps = try ProcessFacts(pid: target.pid).maps()
  }

  /// Where `address` is, or `nil` if no file is mapped there.
  mutating func place(of address: TraceeAddress) -> Place? {
    guard let mapping = maps.first(where: { $0.range.contains(address.rawValue) }),
      !mapping.path.isEmpty
    else { return nil }
    let offset = address.rawValue - mapping.range.lowerBound + mapping.fileOffset
    let place = Place(object: mapping.path, symbol: nil, offset: offset)
    guard mapping.path.hasPrefix("/"), !mapping.path.hasSuffix(" (deleted)") else { return place }
    let known = symbols[mapping.path] ?? FileSymbols(of: mapping.path, in: target)
    symbols[mapping.path] = known
    guard let symbol = known.symbol(at: offset) else { return place }
    return Place(object: mapping.path, symbol: symbol.name, offset: symbol.offset)
  }

  /// Whether `address` is in the program's own file.
  func isOfProgram(_ address: TraceeAddress) -> Bool {
    target.layout.segment(containing: address.rawValue) != nil
  }
}

/// The functions of one file; none if it cannot be read.
private struct FileSymbols {
  private var segments: [ELFProgram.Segment] = []
  /// By rising value.
  private var functions: [ProgramSymbol] = []

  init(of path: String, in target: TargetProcess) {
    do throws(ELFFailure) {
      let file = try ELFProgram(atPath: "/proc/\(target.pid)/root\(path)")
      segments = file.segments.filter { $0.type == 1 }
      functions = try file.symbols().filter { $0.kind == 2 || $0.kind == 10 }
        .sorted { $0.value < $1.value }
    } catch {
      functions = []
    }
  }

  /// The function that covers a place in the file; `offset` in bytes from the file's start.
  func symbol(at offset: UInt64) -> (name: String, offset: UInt64)? {
    guard
      let segment = segments.first(where: {
        offset >= $0.fileOffset && offset - $0.fileOffset < $0.fileByteCount
      })
    else { return nil }
    let address = offset - segment.fileOffset &+ segment.address
    let next = functions.partitioningIndex { $0.value > address }
    guard next > 0 else { return nil }
    let found = functions[next - 1]
    let distance = address - found.value
    // The start files' symbols have no size.
    guard distance < found.byteCount || found.byteCount == 0 && distance < 64 else { return nil }
    return (found.name, distance)
  }
}
