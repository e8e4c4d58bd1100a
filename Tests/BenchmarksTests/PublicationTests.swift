import Foundation
import Measuring
import TestSupport
import Testing

/// How results are written down.
@Suite struct PublicationTests {
  private func section(_ name: String, _ introduction: String) -> Section {
    Section(name: name, title: "Title of \(name)", introduction: introduction)
  }

  @Test func `a part that is measured again replaces its section and nothing else`() {
    var document = Document("# Head\n\nwords\n")
    for name in ["a", "c", "b"] {
      document.put(section(name, "old \(name)"), order: ["a", "b", "c"])
    }
    let places = ["old a", "old b", "old c"].compactMap { document.text.range(of: $0)?.lowerBound }
    #expect(places.count == 3 && places == places.sorted(), "\(document.text)")
    let before = document.text
    document.put(section("b", "new b"), order: ["a", "b", "c"])
    #expect(document.text == before.replacing("old b", with: "new b"))
    document.put(section("b", "old b"), order: ["a", "b", "c"])
    #expect(document.text == before)
  }

  @Test func `values are written with three digits and their interval`() {
    let cases: [(Value, String)] = [
      (.change(Estimate(1.0123, 1.001, 1.02)), "+1.23% [+0.10, +2.00]"),
      (.change(Estimate(exact: 0.98)), "−2.00%"),
      (.change(Estimate(exact: 2.5)), "+150.0%"),
      (.factor(Estimate(3.456, 3, 12.34)), "3.46× [3×, 12.3×]"),
      (.quantity(1234.5, "kB"), "1234 kB"), (.quantity(0.12345, "s"), "0.123 s"),
      (.quantity(17, ""), "17"), (.quantity(.nan, "s"), "? s"),
      (.range(Estimate(12.34, 11, 13.5), "ms"), "12.3 ms [11, 13.5]"),
      (.text("none"), "none"),
    ]
    for (value, text) in cases { #expect(value.text == text) }
  }

  @Test func `a table is aligned on a terminal and has a rule in markdown`() {
    var table = Table("What it took", heading: ["program", "time"])
    table.add([.text("lua"), .quantity(1.5, "s")])
    #expect(table.plain == "What it took:\nprogram  time\nlua      1.50 s")
    #expect(
      table.markdown == "What it took:\n\n| program | time |\n|---|---|\n| lua | 1.50 s |")
  }

  @Test func `results as JSON keep the ends of intervals`() throws {
    var part = section("a", "")
    var table = Table("T", heading: ["x"])
    table.add([.change(Estimate(1.5, 1.25, 2)), .quantity(3, "MB")])
    part.tables = [table]
    let text = String(decoding: try JSONEncoder().encode(part), as: UTF8.self)
    for piece in ["\"ratio\":1.5", "\"low\":1.25", "\"high\":2", "\"number\":3", "\"unit\":\"MB\""]
    {
      #expect(text.contains(piece), "\(piece) in \(text)")
    }
  }
}
