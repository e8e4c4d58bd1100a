package import Relinking
import TypeModel
package import X86Code

/// Compares two versions of a program: what changed, why, and what may not be updated.
///
/// A pure function of the two images and the wishes (design: "A new version").
package struct Comparison<Decoder: InstructionDecoding> {
  private let old: ProgramImage
  private let new: ProgramImage
  private let views: (old: ProgramView, new: ProgramView)?
  private let wishes: ChangesFile
  private let maps: GivenMaps
  private let decoder: Decoder

  /// - Parameters:
  ///   - old: the version that runs.
  ///   - new: the version it is to become.
  ///   - wishes: the changes file, or an empty one.
  ///   - maps: what the maps files that it names define.
  ///   - decoder: splits code into instructions.
  package init(
    old: ProgramImage, new: ProgramImage, wishes: ChangesFile = ChangesFile(),
    maps: GivenMaps = GivenMaps(), decoder: Decoder
  ) {
    self.old = old
    self.new = new
    views = nil
    self.wishes = wishes
    self.maps = maps
    self.decoder = decoder
  }

  /// The same of versions that were read, and checked, already.
  package init(
    old: ComparedVersion, new: ComparedVersion, wishes: ChangesFile, maps: GivenMaps,
    decoder: Decoder
  ) {
    self.old = old.view.image
    self.new = new.view.image
    views = (old.view, new.view)
    self.wishes = wishes
    self.maps = maps
    self.decoder = decoder
  }

  /// What differs between the two versions.
  ///
  /// - Throws: `.brokenImage` if an image contradicts itself, `.changesFile` for a line of the
  ///   wishes that is wrong for these programs.
  package func changes() throws(ComparingFailure) -> Changes {
    if views == nil {
      if let fault = ImageCheck(old).fault() { throw .brokenImage(.old, fault) }
      if let fault = ImageCheck(new).fault() { throw .brokenImage(.new, fault) }
    }
    let pairing = Pairing(old: old.delta, new: new.delta)
    let names = ProgramNames(old: old.delta, new: new.delta, pairing: pairing)
    let wishes = try resolvedWishes(pairing, names)
    let types = TypeComparison(
      old: old.delta.types, new: new.delta.types, renamed: wishes.renamed)
    let epochs = epochs(pairing)

    let views =
      self.views ?? (
        old: ComparedVersion(ImageIndex(old), decoder: decoder).view,
        new: ComparedVersion(ImageIndex(new), decoder: decoder).view
      )
    let parts = PartPairing(old: old.delta, new: new.delta, pairing: pairing)
    let contents = ContentComparison(
      old: views.old, new: views.new, pairing: pairing, parts: parts)
    var data = DatumComparison(types: types, contents: contents)
    var decisions = DataDecisions(
      pairing: pairing, names: names, wishes: wishes, maps: maps, old: old.delta, new: new.delta,
      likenesses: pairing.data.pairs.map { pair in
        guard let left = pair.old, let right = pair.new else { return nil }
        return data.compare(old: left, new: right)
      }, epochs: epochs)
    decisions.settle { data.wholeDatum(old: $0, new: $1) }

    var code = CodeComparison(decoder: decoder, parts: parts, contents: data.contents)
    let procedures = ProcedureDecisions(
      pairing: pairing, names: names, wishes: wishes,
      likenesses: pairing.procedures.pairs.enumerated().map { index, pair in
        guard let left = pair.old, let right = pair.new else { return nil }
        return code.compare(pair: index, old: left, new: right)
      }, movedData: decisions.moved, epochs: epochs)
    decisions.settleLabels(changed: procedures.changed)
    return ChangesAssembly(
      pairing: pairing, names: names, wishes: wishes, maps: maps, old: views.old, new: views.new,
      decoder: decoder, types: types, epochs: epochs, data: decisions, procedures: procedures
    ).changes()
  }

  private func resolvedWishes(
    _ pairing: Pairing, _ names: ProgramNames
  ) throws(ComparingFailure) -> Wishes {
    let tags = Set(old.delta.types.compositesByName().keys)
      .union(new.delta.types.compositesByName().keys)
    do throws(ChangesFileFailure) {
      return try Wishes(
        wishes,
        NamedPrograms(
          old: old.delta, new: new.delta, pairing: pairing, names: names, tags: tags))
    } catch {
      throw .changesFile(error)
    }
  }

  /// The procedure pairs whose calling convention differs.
  ///
  /// `main` is only called by the startup
  /// code, once, so that its convention does not matter.
  private func epochs(_ pairing: Pairing) -> Set<Int> {
    func convention(_ image: ProgramImage, _ index: Int) -> CallingConvention {
      CallingConvention(of: image.delta.procedures[index].prototype, in: image.delta.types)
    }
    return Set(
      pairing.procedures.pairs.indices.filter { index in
        let pair = pairing.procedures.pairs[index]
        guard let left = pair.old, let right = pair.new else { return false }
        return new.delta.procedures[right].name != "main"
          && !convention(old, left).isSame(as: convention(new, right))
      })
  }
}

/// What comparing needs of one version, apart from the other: half of its work, which can be done on
/// several processors.
package struct ComparedVersion: Sendable {
  let view: ProgramView

  /// `index`: of an image without a fault (`ImageCheck`).
  package init(_ index: ImageIndex, decoder: some InstructionDecoding) {
    view = ProgramView(index, references: ProgramReferences(index, decoder: decoder))
  }
}
