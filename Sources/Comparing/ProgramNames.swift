package import Relinking

/// The names by which people call the procedures and data of two versions.
///
/// Shown: as short as is unique in both versions. Understood: each form of
/// `docs/changes-file.md` that leaves no doubt.
package struct ProgramNames: Sendable {
  /// By pair index; see `Pairing`.
  package let procedures: [String]
  package let data: [String]
  private let procedureForms: [Form]
  private let dataForms: [Form]

  /// What one pair is called in the versions that have it.
  private struct Form: Hashable, Sendable {
    /// `name` or `procedure.name`.
    var local: String
    var name: String
    /// File name, and path below the program's own directory, in each version.
    var files: Set<String>
    var paths: [[String]]
    /// Names that mean it too, such as aliases.
    var aliases: [String]
  }

  package init(old: Delta, new: Delta, pairing: Pairing) {
    let oldPaths = UnitPaths(old)
    let newPaths = UnitPaths(new)
    func form(
      _ pair: Pairing.Pair, _ describe: (Delta, Int) -> (String, String, Int, [String])
    ) -> Form {
      var form = Form(local: "", name: "", files: [], paths: [], aliases: [])
      for (delta, paths, index) in [(old, oldPaths, pair.old), (new, newPaths, pair.new)] {
        guard let index else { continue }
        let (local, name, unit, aliases) = describe(delta, index)
        form.local = local
        form.name = name
        form.files.insert(paths.fileName(of: unit))
        form.paths.append(paths.components[unit])
        form.aliases += aliases
      }
      return form
    }
    procedureForms = pairing.procedures.pairs.map {
      form($0) { delta, index in
        let procedure = delta.procedures[index]
        return (procedure.name, procedure.name, procedure.unit, procedure.aliases)
      }
    }
    dataForms = pairing.data.pairs.map {
      form($0) { delta, index in
        let datum = delta.data[index]
        return (datum.localName, datum.name, datum.unit, [])
      }
    }
    procedures = Self.shown(procedureForms) { [($0.local, $0)] }
    data = Self.shown(dataForms) { form in
      form.local == form.name ? [(form.name, form)] : [(form.name, form), (form.local, form)]
    }
  }

  /// The shortest of: each spelling that `spell` gives, then with file name, then with path.
  private static func shown(_ forms: [Form], spell: (Form) -> [(String, Form)]) -> [String] {
    let candidates = forms.map { form in
      let bare = spell(form).map(\.0)
      let file = form.paths.last?.last ?? ""
      let path = form.paths.last?.joined(separator: "/") ?? ""
      return bare + ["\(file):\(form.local)", "\(path):\(form.local)"]
    }
    var uses: [String: Int] = [:]
    for names in candidates {
      for name in Set(names) { uses[name, default: 0] += 1 }
    }
    return candidates.map { names in
      names.first { uses[$0] == 1 } ?? names[names.count - 1]
    }
  }

  // MARK: - Looking up

  /// The pairs that `written` may mean.
  package func procedurePairs(named written: String) -> [Int] {
    Self.pairs(named: written, in: procedureForms, shown: procedures)
  }

  package func datumPairs(named written: String) -> [Int] {
    Self.pairs(named: written, in: dataForms, shown: data)
  }

  private static func pairs(named written: String, in forms: [Form], shown: [String]) -> [Int] {
    if let exact = shown.firstIndex(of: written) { return [exact] }
    let colon = written.lastIndex(of: ":")
    let name = String(colon.map { written[written.index(after: $0)...] } ?? written[...])
    let file = colon.map { written[..<$0].split(separator: "/").map(String.init) }
    return forms.indices.filter { index in
      let form = forms[index]
      guard form.local == name || form.name == name || form.aliases.contains(name) else {
        return false
      }
      guard let file else { return true }
      return form.paths.contains { $0.suffix(file.count).elementsEqual(file) }
    }
  }
}

extension Delta.Datum {
  /// How maps files name it: `d`, or `P__d` for a static d of P.
  package var mapName: String { procedure.map { "\($0)__\(name)" } ?? name }
}
