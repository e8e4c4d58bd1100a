package import Comparing
import Disassembler
import Mapping
import ProgramImages
package import PupProtocol
import Relinking

/// How two executables differ, without any process.
package struct ProgramDifference: Sendable {
  package var summary: ChangesSummary
  /// A changes file that says so.
  package var text: String
  private let changes: Changes
  private let old: Delta
  private let new: Delta

  /// The header that a maps file includes.
  package var header: String { MappingHeader.text(old: old, new: new, changes: changes) }

  /// - Throws: `.malformed` when a file is no prepared program.
  package init(from old: String, to new: String) throws(ServiceFailure) {
    let images: (ProgramImage, ProgramImage)
    do throws(ImageFailure) {
      images = (
        try ProgramImages.read(old, cache: .ofUser), try ProgramImages.read(new, cache: .ofUser)
      )
    } catch {
      throw .malformed("unusable", error.sentence)
    }
    (self.old, self.new) = (images.0.delta, images.1.delta)
    do throws(ComparingFailure) {
      changes = try Comparison(old: images.0, new: images.1, decoder: ZydisDecoder()).changes()
      summary = ChangesSummary(changes)
      text = changes.text(from: old, to: new)
    } catch {
      throw .malformed("unusable", "\(old), \(new): \(error)")
    }
  }
}
