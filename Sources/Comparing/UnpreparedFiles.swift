import Relinking

/// The objects of the two versions that `pupcc` did not compile: assembly, C++, what gcc made.
///
/// They stay as they are in the running program, so a new version must have them as they were.
struct UnpreparedFiles {
  let old: Delta
  let new: Delta

  func refusals() -> [Refusal] {
    guard let before = old.unprepared, let after = new.unprepared else { return [] }
    let known = Set(before.map(\.digest))
    let names = Set(before.map(\.name))
    return after.filter { !known.contains($0.digest) }.map { file in
      let difference = names.contains(file.name) ? "differs from" : "is not in"
      return .unsupported(
        what: "\(difference) the version that runs, and pupcc did not compile it from C:"
          + " only what pupcc compiles is updated", unit: file.name)
    }
  }
}
