import ELFFile
import Foundation
import ObjectModel
import Updating

/// Compiles hand-written maps when an update is made; the only part of an update that needs gcc.
enum MapsCompiler {
  static func compile(_ paths: [String]) throws(PupFailure) -> [MapsUnit] {
    var units: [MapsUnit] = []
    for path in paths {
      units.append(MapsUnit(path: path, object: try compile(path)))
    }
    return units
  }

  private static func compile(_ path: String) throws(PupFailure) -> ObjectFile {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw .unusable("\(path): cannot be read")
    }
    let object = NSTemporaryDirectory() + "pup-maps-\(UUID().uuidString).o"
    defer { try? FileManager.default.removeItem(atPath: object) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "gcc", "-c", "-O1", "-fPIC", "-g0", "-ffunction-sections", "-fdata-sections",
      "-fno-stack-protector", "-fno-jump-tables", "-mno-direct-extern-access",
      "-fasynchronous-unwind-tables", path, "-o", object,
    ]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw .refused(code: "no-compiler", "\(path): gcc is needed for hand-written maps")
    }
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 127 {
      throw .refused(code: "no-compiler", "\(path): gcc is needed for hand-written maps")
    }
    guard process.terminationStatus == 0 else {
      let line = text.split(separator: "\n").first { $0.contains("error") } ?? "does not compile"
      throw .unusable(line.hasPrefix(path) ? String(line) : "\(path): \(line)")
    }
    do throws(ELFFailure) {
      return try ELFReader.object(atPath: object)
    } catch {
      throw .unusable(error.sentence)
    }
  }
}
