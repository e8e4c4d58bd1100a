import Foundation
import Journal
import Updating
import VersionSpace

/// What outlives the pup: the journal of one program and copies of the executables of its versions.
///
/// The journal need not survive the machine, only the pup: a target does not survive it either.
package final class ProgramStore: Sendable {
  let directory: String
  private let journal: JournalFile

  /// - Throws: `.journal` when the directory or the journal cannot be used.
  init(directory: String, program: String) throws(PupFailure) {
    self.directory = directory + "/" + program
    do {
      try FileManager.default.createDirectory(
        atPath: self.directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw .journal("\(self.directory): \(error.localizedDescription)")
    }
    do throws(JournalFailure) {
      journal = try JournalFile(path: self.directory + "/journal.sqlite")
    } catch {
      throw .journal(String(describing: error))
    }
  }

  /// Copies an executable to where `make` and `install` do not reach it, once per build.
  ///
  /// - Returns: the copy's path.
  func keep(_ path: String, build: BuildID) throws(PupFailure) -> String {
    let copy = directory + "/" + build.rawValue
    guard !FileManager.default.fileExists(atPath: copy) else { return copy }
    let partial = copy + ".\(getpid())"
    do {
      try? FileManager.default.removeItem(atPath: partial)
      let source = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      try FileManager.default.copyItem(
        atPath: path.hasPrefix("/proc/") ? path : source, toPath: partial)
      try FileManager.default.moveItem(atPath: partial, toPath: copy)
    } catch {
      throw .journal("\(copy): \(error.localizedDescription)")
    }
    return copy
  }
}
