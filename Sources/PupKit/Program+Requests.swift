import Comparing
import Foundation
import PupProtocol
import ProgramImages
import Relinking
import Updating
import VersionSpace

extension Program {
  /// Reads a prepared executable, and keeps a copy of it unless it is only to be looked at.
  func read(
    _ path: String, keeping: Bool = true
  ) async throws(ServiceFailure) -> LoadedVersion {
    do throws(PupFailure) {
      return try await VersionReader(store: store).read(path, keeping: keeping)
    } catch {
      throw ServiceFailure(error)
    }
  }

  /// What an update request asks for: a file, a number, or the next version that was loaded.
  ///
  /// `keeping`: whether a copy of the file is made, which outlives it.
  func wanted(
    _ request: UpdateRequest, keeping: Bool = true
  ) async throws(ServiceFailure) -> Wanted {
    var changesPath = request.changes
    var image = request.path
    if let path = image, Self.isText(path) {
      changesPath = path
      image = nil
    }
    var version: LoadedVersion
    let begun = ContinuousClock.now
    if let image {
      version = try await read(image, keeping: keeping)
    } else {
      let number = request.version ?? loaded.keys.filter { $0 > currentVersion }.min()
      guard let number, let found = loaded[number] else {
        throw .cannot(
          "not-loaded",
          request.version.map { "\(name) has no loaded version \($0)" }
            ?? "\(name) has no further version loaded; name an executable")
      }
      version = found
    }
    var times = PhaseTimes()
    times.add(ContinuousClock.now - begun, to: "read")
    let wishes = try wishes(changesPath)
    var wanted = Wanted(
      version: version, wishes: wishes,
      mapsPaths: wishes.maps.map { Self.resolved($0, beside: changesPath) } + request.maps,
      noGroups: request.noGroups)
    wanted.times = times
    for option in wishes.options {
      switch option {
      case .noGroups: wanted.noGroups = true
      case .wait(let seconds): wanted.waitSeconds = seconds
      }
    }
    wanted.waitSeconds = request.waitSeconds ?? wanted.waitSeconds
    return wanted
  }

  private func wishes(_ path: String?) throws(ServiceFailure) -> ChangesFile {
    guard let path else { return ChangesFile() }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .malformed("unreadable", "\(path): cannot be read")
    }
    do throws(ChangesFileFailure) {
      return try ChangesFile(parsing: String(decoding: data, as: UTF8.self), path: path)
    } catch {
      throw .malformed("changes-file", error.description)
    }
  }

  /// Paths in a changes file are relative to it.
  private static func resolved(_ file: String, beside changes: String?) -> String {
    guard !file.hasPrefix("/"), let changes else { return file }
    return URL(fileURLWithPath: changes).deletingLastPathComponent().path + "/" + file
  }

  /// A changes file is text; everything else is taken for an executable.
  private static func isText(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path),
      let start = try? file.read(upToCount: 4096), !start.isEmpty
    else { return false }
    guard !start.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return false }
    guard let text = String(data: start, encoding: .utf8), !text.contains("\0") else {
      return false
    }
    let words = [
      "changed", "together", "ignore", "resident", "reset", "keep", "harmless", "default",
      "renamed", "option", "maps", "#",
    ]
    return text.split(separator: "\n").contains { line in
      let first = line.split(separator: " ").first.map(String.init) ?? ""
      return words.contains(first) || first.hasPrefix("#")
    }
  }

  /// That `x.delta` and `x.pup.o` are of the build that was read.
  func checkCompanions(
    _ delta: String, _ object: String, against version: LoadedVersion
  ) async throws(ServiceFailure) {
    do throws(ImageFailure) {
      let deltaBuild = try ProgramImages.buildID(ofDelta: delta)
      let objectBuild = try ProgramImages.read(object).delta.buildID.rawValue
      for (file, build) in [(delta, deltaBuild), (object, objectBuild)]
      where build != version.build.rawValue {
        throw ImageFailure.other(
          "\(file): is of build \(build), and the program of \(version.build)")
      }
    } catch {
      throw .malformed("other-build", error.sentence)
    }
  }
}

/// Reads versions outside of the actor.
struct VersionReader: Sendable {
  let store: ProgramStore

  @concurrent func read(
    _ path: String, keeping: Bool = true
  ) async throws(PupFailure) -> LoadedVersion {
    do throws(ImageFailure) {
      let image = try await ProgramImages.readConcurrently(path, cache: .ofUser)
      // An index is made of what leads somewhere.
      if let fault = ImageCheck(image).fault() {
        throw ImageFailure.other("\(path): it contradicts itself: \(fault)")
      }
      guard keeping else {
        return LoadedVersion(index: ImageIndex(image), path: path, origin: path)
      }
      let copy: String
      do throws(PupFailure) {
        copy = try store.keep(path, build: image.delta.buildID)
      } catch {
        throw ImageFailure.other(error.sentence)
      }
      return LoadedVersion(index: ImageIndex(image), path: copy, origin: path)
    } catch {
      throw .unusable(error.sentence)
    }
  }
}
