import ObjectModel
import Relinking

/// One version's image with everything that comparing looks up in it.
struct ProgramView: Sendable {
  let index: ImageIndex
  let references: ProgramReferences
  /// By unit.
  let traces: [CompileTraces]
  /// The places in literal sections that anything refers to, sorted.
  private let starts: [Place: [Int64]]

  private struct Place: Hashable {
    var unit: Int
    var section: SectionID
  }

  var image: ProgramImage { index.image }
  var delta: Delta { index.image.delta }

  init(_ index: ImageIndex, references: ProgramReferences) {
    self.index = index
    self.references = references
    traces = index.image.delta.units.map(CompileTraces.init)
    var starts: [Place: Set<Int64>] = [:]
    func add(_ reference: Reference) {
      guard case .literal(let unit, let section, let offset) = reference else { return }
      starts[Place(unit: unit, section: section), default: []].insert(offset)
    }
    for part in references.parts.joined() {
      for site in part.sites { add(site.reference) }
    }
    for unit in index.image.delta.units.indices {
      for section in index.image.object(of: unit).sections
      where section.isAllocated && !section.isExecutable {
        for relocation in section.relocations {
          add(index.reference(ofData: relocation, unit: unit))
        }
      }
    }
    self.starts = starts.mapValues { $0.sorted() }
  }

  /// What lies at `offset` in a section of the kind `.items`, without the padding behind it.
  ///
  /// It ends where the next item begins, but not inside of a string. `nil` outside of the section.
  func item(unit: Int, section: SectionID, at offset: Int64) -> [UInt8]? {
    let contents = image.object(of: unit)[section].contents
    guard let start = Int(exactly: offset), contents.indices.contains(start) else { return nil }
    let next = starts[Place(unit: unit, section: section)]?.first { $0 > offset }
    let terminator = contents[start...].firstIndex(of: 0) ?? contents.count
    let end = max(min(Int(next ?? Int64(contents.count)), contents.count), terminator)
    let item = contents[start..<end]
    return Array(item.prefix((item.lastIndex { $0 != 0 } ?? start - 1) + 1 - start))
  }
}
