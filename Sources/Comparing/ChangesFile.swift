/// A person's wishes about an update: the text format of `docs/changes-file.md`.
///
/// One statement a line; names are kept as they were written and are looked up in the two
/// programs by `Wishes`.
package struct ChangesFile: Hashable, Sendable {
  /// For messages: the path that the file was read from.
  package var path: String
  package var statements: [Statement]

  package init(path: String = "", statements: [Statement] = []) {
    self.path = path
    self.statements = statements
  }

  package struct Statement: Hashable, Sendable {
    /// From 1; 0 for one that was not read from a file.
    package var line: Int
    package var kind: Kind

    package init(line: Int = 0, _ kind: Kind) {
      self.line = line
      self.kind = kind
    }
  }

  package enum Kind: Hashable, Sendable {
    /// These procedures count as changed; what was computed counts as well.
    case changed([String])
    /// These change in one stop (a semantic group).
    case together([String])
    /// A computed change of these procedures is none.
    case ignore([String])
    /// Live activations of these do not hold the update back.
    case resident([String])
    /// These data take their new initial value, whatever they hold.
    case reset([String])
    /// These data keep their value although their initialiser changed.
    case keep([String])
    /// What is refused or grouped because of these procedures, data or structs is harmless.
    case harmless([String])
    /// The value of a new parameter in generated interprocedures, as C text.
    case `default`(procedure: String, parameter: String, value: String)
    /// A struct's member has another name now.
    case renamed(structure: String, old: String, new: String)
    /// Options of the update; those of `ush update`'s command line come before them.
    case option([UpdateOption])
    /// C files with iprocs and mprocs, relative to the changes file.
    case maps([String])
  }

  /// The files that `maps` lines name.
  package var maps: [String] { statements.flatMap(\.kind.mapsFiles) }

  /// What all `option` lines say, in order.
  package var options: [UpdateOption] { statements.flatMap(\.kind.options) }

  /// An option of the update.
  package enum UpdateOption: Hashable, Sendable {
    /// Leave out `together` lines.
    case noGroups
    /// Seconds until `ush update` reports.
    case wait(Double)
  }
}

extension ChangesFile.Kind {
  fileprivate var mapsFiles: [String] {
    if case .maps(let files) = self { files } else { [] }
  }

  fileprivate var options: [ChangesFile.UpdateOption] {
    if case .option(let options) = self { options } else { [] }
  }
}

/// What the maps files of an update define, as their object code tells it.
package struct GivenMaps: Hashable, Sendable {
  /// Names of the functions: `iproc_P`, `mproc_P`, `mproc_data_D` and helpers.
  package var functions: Set<String>
  /// Names of old and new data that they use: `old_D`, `new_P__d`.
  package var uses: Set<String>

  package init(functions: Set<String> = [], uses: Set<String> = []) {
    self.functions = functions
    self.uses = uses
  }
}
