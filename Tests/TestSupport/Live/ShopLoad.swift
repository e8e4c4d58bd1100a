/// What the shop's load client counted.
package struct ShopLoad: Sendable {
  package let outcome: Command.Outcome
  /// Answered orders.
  package let orders: Int
  /// How often prices of each version came; versions that never came are left out.
  package let versions: [Int: Int]

  /// Whether every answer was right.
  package var isOK: Bool { outcome.status == 0 && outcome.output.hasPrefix("load: ok ") }

  /// Keeps `connections` clients busy for a while; a price may become older only if `goesBack`.
  package static func run(
    socket: String, connections: Int, milliseconds: Int, goesBack: Bool = false
  ) async throws -> ShopLoad {
    let client = try await FixtureBuilder.shared.built(Build("shop-load", isPlain: true))
    let outcome = try await Command(
      client.executable,
      [socket, "\(connections)", "\(milliseconds)"] + (goesBack ? ["back"] : [])
    ).run()
    return ShopLoad(outcome)
  }

  private init(_ outcome: Command.Outcome) {
    var counts: [String: Int] = [:]
    for word in outcome.output.split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=")
      if parts.count == 2 { counts[String(parts[0])] = Int(parts[1]) }
    }
    self.outcome = outcome
    orders = counts["orders"] ?? 0
    versions = [1: counts["v1"] ?? 0, 2: counts["v2"] ?? 0, 3: counts["v3"] ?? 0]
      .filter { $1 > 0 }
  }
}
