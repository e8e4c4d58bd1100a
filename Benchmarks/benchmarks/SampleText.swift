import Foundation
import Measuring

/// Text for programs that pack it: words of which few come often, the same in each run.
enum SampleText {
  /// Writes at least `byteCount` bytes, in whole lines.
  static func write(byteCount: Int, to path: String) throws(BenchmarkFailure) {
    var dice = Dice(seed: 2)
    let letters = Array("etaoinshrdlucmfwypvbgk".utf8)
    let words = (0..<3000).map { _ in
      (0..<2 + dice.roll(below: 8)).map { _ in letters[dice.roll(below: letters.count)] }
    }
    var text: [UInt8] = []
    text.reserveCapacity(byteCount + 200)
    while text.count < byteCount {
      for _ in 0..<10 {
        // Half of the time one of the first half, and so on.
        var bound = words.count
        while bound > 4, dice.roll(below: 2) == 0 { bound /= 2 }
        text += words[dice.roll(below: bound)]
        text.append(UInt8(ascii: " "))
      }
      text[text.count - 1] = UInt8(ascii: "\n")
    }
    do {
      try Data(text).write(to: URL(fileURLWithPath: path))
    } catch {
      throw .file(path: path, reason: error.localizedDescription)
    }
  }
}
