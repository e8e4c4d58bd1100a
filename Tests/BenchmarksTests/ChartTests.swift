import Foundation
import Measuring
import Testing

/// The pictures, by what is in their text.
@Suite struct ChartTests {
  /// The attributes of all elements of a name; fails if the picture is no XML.
  private func elements(_ name: String, of svg: String) throws -> [[String: String]] {
    let document = try Regex("<\(name) ([^>]*?)/?>")
    return svg.matches(of: document).map { match in
      let text = match.output[1].substring ?? ""
      return Dictionary(
        text.matches(of: /([a-z0-9-]+)="([^"]*)"/).map { (String($0.1), String($0.2)) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  @Test func `bars are as long as their values, and go down for negative ones`() throws {
    let chart = BarChart(
      title: "a < b & c", unit: "%", series: ["one", "two"],
      groups: [.init("x", [Estimate(2, 1, 3), Estimate(exact: -4)])])
    let svg = Chart.bars(chart).svg
    #expect(svg.contains("a &lt; b &amp; c"))
    #expect(svg.contains("prefers-color-scheme: dark"))
    let bars = try elements("rect", of: svg).filter { $0["height"] != "12" }
    try #require(bars.count == 2)
    func number(_ bar: Int, _ key: String) -> Double { Double(bars[bar][key] ?? "") ?? .nan }
    #expect(abs(number(1, "height") - 2 * number(0, "height")) < 0.2, "\(bars)")
    #expect(abs(number(0, "y") + number(0, "height") - number(1, "y")) < 0.2, "\(bars)")
    #expect(number(1, "x") > number(0, "x"))
    #expect(try elements("line", of: svg).filter { $0["class"] == "error" }.count == 3)
  }

  @Test func `lines go by decades`() throws {
    let points = [1.0, 10, 100].map { LineChart.Point($0, Estimate(exact: $0 * $0)) }
    let chart = LineChart(
      title: "t", xUnit: "threads", yUnit: "µs", series: [.init("quadratic", points)])
    let places = try elements("circle", of: Chart.lines(chart).svg).map {
      (x: Double($0["cx"] ?? "") ?? .nan, y: Double($0["cy"] ?? "") ?? .nan)
    }
    try #require(places.count == 3)
    #expect(abs(places[1].x - places[0].x - (places[2].x - places[1].x)) < 0.2)
    #expect(abs(places[1].y - places[0].y - (places[2].y - places[1].y)) < 0.2)
    #expect(places[2].y < places[0].y && places[2].x > places[0].x)
  }
}
