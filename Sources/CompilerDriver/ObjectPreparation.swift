import Disassembler
import ELFFile
import Foundation
import ObjectModel
import Relinking

/// Rewrites an object file in place, right after gcc made it.
enum ObjectPreparation {
  package static let producer = "pupcc 1"

  /// - Parameters:
  ///   - path: the object.
  ///   - source: as it was named on the command line.
  /// - Throws: what cannot be made updatable; the object is then as gcc made it.
  static func prepare(_ path: String, source: String) throws(DriverFailure) {
    let original: ObjectFile
    do throws(ELFFailure) {
      original = try ELFReader.object(atPath: path)
    } catch {
      throw .cannot(error.sentence)
    }
    guard original.section(named: PreparedName.objectNote) == nil else { return }
    var object: ObjectFile
    do throws(RewriteFailure) {
      object = try ObjectRewriter(decoder: ZydisDecoder()).rewrite(original).object
    } catch {
      throw .cannot("\(source): \(error.sentence)")
    }
    let bytes: [UInt8]
    do throws(ELFFailure) {
      try embed(&object, stamp: stamp(source), name: path)
      bytes = try ELFWriter.bytes(of: object, name: path)
    } catch {
      throw .cannot(error.sentence)
    }
    try AtomicFile.write(bytes, to: path)
  }

  /// Adds note, embedded copy and placements.
  private static func embed(
    _ object: inout ObjectFile, stamp: ObjectStamp, name: String
  ) throws(ELFFailure) {
    _ = object.append(
      Section(
        name: PreparedName.objectNote, type: .note, flags: [], alignment: 4, contents: stamp.note))
    let copy = EmbeddedCopy(of: object)
    let bytes = try ELFWriter.bytes(of: copy.object, name: name)
    let identity = ObjectIdentity(of: bytes)
    _ = object.append(
      Section(
        name: PreparedName.embeddedObject, type: .progbits, flags: [], alignment: 8,
        contents: EmbeddedObjects.section(
          identity: identity, byteCount: bytes.count, compressed: Compression.deflate(bytes))))
    Placements.append(to: &object, copy: copy, identity: identity)
  }

  private static func stamp(_ source: String) -> ObjectStamp {
    let now = Date()
    let calendar = Calendar(identifier: .gregorian)
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: now)
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let day = String(parts.day ?? 1)
    func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    let date =
      "\(months[(parts.month ?? 1) - 1]) \(day.count < 2 ? " " + day : day) \(parts.year ?? 0)"
    return ObjectStamp(
      producer: producer, path: source, directory: FileManager.default.currentDirectoryPath,
      date: date, time: "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))")
  }
}
