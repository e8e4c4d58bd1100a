package import Relinking

/// Where the units of one program lie, without the directory that all of them share.
///
/// So a program that was built somewhere else, or with absolute paths as CMake gives them, has the
/// same unit paths.
struct UnitPaths: Hashable, Sendable {
  /// The components of each unit's path, the file name last; indexed like `Delta.units`.
  let components: [[String]]

  init(_ delta: Delta) {
    let whole = delta.units.map { Self.components(of: $0) }
    let directories = whole.map { $0.dropLast() }
    var shared = directories.first.map(Array.init) ?? []
    for directory in directories {
      shared = zip(shared, directory).prefix { $0 == $1 }.map(\.0)
    }
    components = whole.map { Array($0.dropFirst(shared.count)) }
  }

  /// The path below the shared directory.
  func path(of unit: Int) -> String { components[unit].joined(separator: "/") }

  func fileName(of unit: Int) -> String { components[unit].last ?? "" }

  /// Whether `written` names the unit: its path, or the end of it from some directory on.
  func path(of unit: Int, endsIn written: String) -> Bool {
    let wanted = written.split(separator: "/").map(String.init)
    return !wanted.isEmpty && components[unit].suffix(wanted.count).elementsEqual(wanted)
  }

  private static func components(of unit: Delta.Unit) -> [String] {
    let path = unit.path.hasPrefix("/") ? unit.path : unit.directory + "/" + unit.path
    var components: [String] = []
    for component in path.split(separator: "/") {
      switch component {
      case ".": continue
      case "..": _ = components.popLast()
      default: components.append(String(component))
      }
    }
    return components
  }
}

/// What to call each unit of a program: its file's name, or its path where another file has the name.
package struct UnitNames: Hashable, Sendable {
  /// Indexed like `Delta.units`.
  package let names: [String]

  package init(_ delta: Delta) {
    let paths = UnitPaths(delta)
    let files = delta.units.indices.map(paths.fileName)
    let counts = Dictionary(files.map { ($0, 1) }, uniquingKeysWith: +)
    names = files.enumerated().map { unit, file in
      counts[file] == 1 ? file : paths.path(of: unit)
    }
  }
}
