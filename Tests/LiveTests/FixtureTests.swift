import TestSupport
import Testing

/// The fixtures themselves, built plainly: what the update tests take for granted.
@Suite(.timeLimit(.minutes(5))) struct FixtureTests {
  @Test(arguments: [1, 2])
  func `pizza numbers run from 1 and each pizza follows one recipe`(version: Int) async throws {
    try await withSandbox { sandbox in
      let built = try await FixtureBuilder.shared.built(
        Build("pizza", version: version, isPlain: true))
      let command = try Command(built.executable, [], environment: sandbox.environment()).start()
      defer { command.kill() }
      let madeThree = await eventually { PizzaLog(command.output).pizzas.count > 3 }
      #expect(madeThree)
      let log = PizzaLog(command.output)
      #expect(log.faults.isEmpty)
      #expect(log.pizzas.first?.number == 1)
      #expect(log.pizzas.allSatisfy { Set($0.versions).isSubset(of: [version]) })
    }
  }

  @Test func `a mixed pizza and a gap in the numbers are seen`() {
    let log = PizzaLog(
      """
      pizza number 6 preparation begins...
      oven pre-heated to 400 degrees Fahrenheit for pizza 6
      pizza 6 contains 0.75 lb dough, 0.25 lb meat, 0.25 lb veggies, 0.50 lb cheese
      TC pizza 6 baked for 15 minutes
      pizza number 6 preparation complete

      TC pizza number 8 preparation begins...
      TC pizza 8 baked for 10 minutes

      """)
    #expect(log.pizzas.map(\.versions) == [[1, 1, 1, 2, 1], [2]])
    #expect(log.mixed.map(\.number) == [6])
    #expect(
      log.faults == [
        "pizza 8 follows pizza 6: TC pizza number 8 preparation begins...",
        "unknown line: TC pizza 8 baked for 10 minutes",
      ])
  }

  @Test(arguments: [1, 2, 3])
  func `the shop answers as its version says and its accounts agree`(version: Int) async throws {
    try await withSandbox { sandbox in
      let built = try await FixtureBuilder.shared.built(
        Build("shop", version: version, isPlain: true))
      let socket = "\(sandbox.folder)/shop"
      let shop = try Command(built.executable, [socket], environment: sandbox.environment()).start()
      let opened = await eventually { shop.output.contains("open") }
      #expect(opened)
      let load = try await ShopLoad.run(socket: socket, connections: 8, milliseconds: 200)
      #expect(load.isOK, "\(load.outcome.summary)")
      #expect(load.versions.keys.sorted() == [version])
      signal(.terminate, to: shop.pid)
      let ended = await eventually { !shop.isRunning }
      #expect(ended)
      #expect(shop.output.hasSuffix("shop: ok orders=\(load.orders)\n"), "\(shop.output)")
    }
  }
}
