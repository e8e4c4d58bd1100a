import Foundation
import Measuring

/// Puts results where they are read.
struct Publication {
  /// The names of all parts, as they follow in the document.
  let order: [String]
  private let document = "docs/benchmarks.md"
  private let pictures = "docs/benchmarks"

  /// Replaces the section in the document, and its pictures.
  func publish(_ section: Section) throws(BenchmarkFailure) {
    var whole = Document(
      (try? String(contentsOfFile: document, encoding: .utf8)) ?? Self.introduction)
    whole.put(section, order: order)
    try Self.write(Data(whole.text.utf8), to: document)
    let manager = FileManager.default
    for file in (try? manager.contentsOfDirectory(atPath: pictures)) ?? []
    where file.hasPrefix(section.name + "-") {
      try? manager.removeItem(atPath: "\(pictures)/\(file)")
    }
    guard !section.pictures.isEmpty else { return }
    try? manager.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    for picture in section.pictures {
      try Self.write(Data(picture.svg.utf8), to: "\(pictures)/\(picture.file)")
    }
  }

  func write(_ sections: [Section], to path: String) throws(BenchmarkFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(sections) else {
      throw .file(path: path, reason: "the results have no JSON form")
    }
    try Self.write(data + Data("\n".utf8), to: path)
  }

  private static func write(_ data: Data, to path: String) throws(BenchmarkFailure) {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .file(path: path, reason: error.localizedDescription)
    }
  }

  private static let introduction = """
    # Benchmarks

    Made by `scripts/benchmark`; `scripts/benchmark PART --write` measures one part again and replaces its
    section. Numbers in brackets are 95% confidence intervals: of a ratio of medians, by drawing the
    rounds again (bootstrap). Only what was measured in the same run, in turn, is compared. Numbers without
    brackets were counted.

    """
}
