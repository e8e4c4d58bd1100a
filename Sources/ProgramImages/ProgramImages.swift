package import ELFFile
import Foundation
import ObjectModel
package import Relinking
import TypeModel
import VersionSpace

/// Reads what `pupcc` put into an executable, or into its companions.
package enum ProgramImages {
  /// The delta and the embedded objects of a prepared executable or `.pup.o` companion.
  package static func read(_ path: String) throws(ImageFailure) -> ProgramImage {
    let bytes: [UInt8]
    do throws(ELFFailure) {
      bytes = try ELFReader.bytes(atPath: path)
      guard let program = try? ELFProgram(bytes, name: path) else {
        return try companion(bytes, path)
      }
      return try image(program, path)
    } catch {
      throw .elf(error)
    }
  }

  private static func companion(
    _ bytes: [UInt8], _ path: String
  ) throws(ELFFailure) -> ProgramImage {
    let object = try ELFReader.object(bytes, name: path)
    guard let delta = object.section(named: PreparedName.delta),
      let objects = object.section(named: PreparedName.embeddedObject)
    else { throw .malformed(file: path, what: notPrepared) }
    return try image(
      delta: object[delta].contents, objects: object[objects].contents, path)
  }

  private static func image(_ program: ELFProgram, _ path: String) throws(ELFFailure) -> ProgramImage {
    guard let delta = program.section(named: PreparedName.delta),
      let objects = program.section(named: PreparedName.embeddedObject)
    else { throw .malformed(file: path, what: notPrepared) }
    return try image(
      delta: program.contents(of: delta), objects: program.contents(of: objects), path)
  }

  private static let notPrepared = "it was not made by pupcc; build it with CC=pupcc"

  private static func image(
    delta: [UInt8], objects: [UInt8], _ path: String
  ) throws(ELFFailure) -> ProgramImage {
    let size = delta.dropFirst(8).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    guard delta.count > 16, Array(delta.prefix(8)) == Array("PUPDELT1".utf8) else {
      throw .malformed(file: path, what: PreparedName.delta)
    }
    let json = try Compression.inflate(
      Array(delta.dropFirst(16)), expectedByteCount: Int(clamping: size), file: path)
    let decoded = try decode(json, path)
    guard decoded.procedures.contains(where: { !$0.declaredAt.file.isEmpty }) else {
      throw .malformed(file: path, what: "its delta has no debug information")
    }
    return ProgramImage(delta: decoded, objects: try embedded(objects, path))
  }

  private static func decode(_ json: [UInt8], _ path: String) throws(ELFFailure) -> Delta {
    do {
      let delta = try JSONDecoder().decode(Delta.self, from: Data(json))
      guard delta.format == Delta.currentFormat else {
        throw ELFFailure.malformed(
          file: path, what: "delta format \(delta.format); this pup knows \(Delta.currentFormat)")
      }
      return delta
    } catch let failure as ELFFailure {
      throw failure
    } catch {
      throw .malformed(file: path, what: PreparedName.delta)
    }
  }

  private static func embedded(_ bytes: [UInt8], _ path: String) throws(ELFFailure) -> [ObjectFile] {
    let entries: [EmbeddedObjects.Entry]
    do throws(EmbeddingFailure) {
      entries = try EmbeddedObjects.parse(bytes)
    } catch {
      throw .malformed(file: path, what: PreparedName.embeddedObject)
    }
    return try entries.map { (entry) throws(ELFFailure) in
      try ELFReader.object(
        try Compression.inflate(
          entry.compressed, expectedByteCount: entry.byteCount, file: path), name: path)
    }
  }

  /// The build ID that a plain-JSON `.delta` companion names.
  package static func buildID(ofDelta path: String) throws(ImageFailure) -> String {
    do throws(ELFFailure) {
      return try decode(try ELFReader.bytes(atPath: path), path).buildID.rawValue
    } catch {
      throw .elf(error)
    }
  }
}

/// Why a file is no program that can be updated or updated to.
package enum ImageFailure: Error, Hashable, Sendable {
  case elf(ELFFailure)
  /// Readable, but not what it should be; the sentence says why.
  case other(String)

  package var sentence: String {
    switch self {
    case .elf(let failure): failure.sentence
    case .other(let text): text
    }
  }
}
