import Measuring

/// One part of the benchmarks: a section of the document.
protocol Part: Sendable {
  /// As it is called on the command line, and in the document's markers.
  static var name: String { get }

  init()

  /// Measures, and says what came of it; the section's `name` must be this part's.
  func measure(in surroundings: Surroundings) throws(BenchmarkFailure) -> Section
}

/// All parts, in the order of the document.
let allParts: [any Part.Type] = [
  SteadyPart.self,
  FlagsPart.self,
  BuildPart.self,
  ScalePart.self,
]

/// Why a benchmark could not be made.
enum BenchmarkFailure: Error {
  /// The command line asks for what there is not.
  case usage(String)
  case cannotStart(path: String, code: Int32)
  /// A program that must succeed ended with another status.
  case failed(command: String, status: Int32, errors: String)
  case unreadable(what: String, text: String)
  case file(path: String, reason: String)

  var sentence: String {
    switch self {
    case .usage(let text): text
    case .cannotStart(let path, let code): "\(path) cannot be started: errno \(code)"
    case .failed(let command, let status, let errors):
      "\(command): status \(status)\(errors.isEmpty ? "" : ":\n")\(errors)"
    case .unreadable(let what, let text): "\(what) cannot be read: \(text)"
    case .file(let path, let reason): "\(path): \(reason)"
    }
  }
}
