import Comparing
import Foundation
import TestSupport
import Testing

/// The fixtures of the repository, compared as an update compares them.
@Suite struct PreparedTests {
  private func fixture(_ name: String, _ version: Int, _ flags: String...) -> Prepared {
    let folder = "\(Surroundings.repository)/fixtures"
    let isPizza = name == "pizza"
    let source = contents(
      of: isPizza ? "\(folder)/pizza/pizza\(version).c" : "\(folder)/\(name)/v\(version).c")
    var files = ["\(name)/\(isPizza ? "pizza\(version)" : name).c": source]
    files["tick.h"] = contents(of: "\(folder)/tick.h")
    files["pizza/pizza.h"] = contents(of: "\(folder)/pizza/pizza.h")
    return Prepared(
      files: files, flags: flags.isEmpty ? ["-O0", "-pthread"] : flags + ["-pthread"])
  }

  @Test(arguments: ["-O0", "-O2", "-O3"], ["", "static"])
  func `finds the four changed procedures of the pizza program`(
    _ level: String, _ storage: String
  ) async throws {
    let flags = [level, "-DSTATIC=\(storage)", "--keep-calls"]
    var old = fixture("pizza", 1)
    var new = fixture("pizza", 2)
    old.flags = flags
    new.flags = flags
    let found = try await changes(old, new)
    #expect(
      found.changedNames == ["do_pizza", "set_oven_temp", "mix_ingredients", "bake_pizza"])
    #expect(found.datum("pd")?.action == .share)
    #expect(found.refusals == [])
    #expect(found.procedures.map(\.name).first == "main")
  }

  @Test func `a fixture that did not change has no changes`() async throws {
    for name in ["limit", "signature-pointer", "retyped"] {
      let found = try await changes(fixture(name, 1), fixture(name, 1))
      #expect(found.isEmpty, "\(found.text(from: name, to: name))")
    }
  }

  @Test func `a changed initial value is the only change`() async throws {
    let found = try await changes(fixture("limit", 1, "-O0"), fixture("limit", 2, "-O0"))
    #expect(found.changedNames == [])
    #expect(
      found.datum("limit")?.action
        == .reinitialise([.init(offset: 0, oldBytes: [10, 0, 0, 0], newBytes: [20, 0, 0, 0])]))
  }

  @Test func `a changed signature makes one group and needs no map`() async throws {
    let found = try await changes(fixture("signature", 1), fixture("signature", 2))
    #expect(found.refusals == [])
    #expect(found.procedure("area")?.beginsEpoch == true)
    #expect(found.group(.epoch("area")) == ["area", "report"])
    let mapped = try await changes(
      fixture("signature", 1), fixture("signature", 2), maps: GivenMaps(functions: ["iproc_area"]))
    #expect(mapped.group(.epoch("area")) == nil)
  }

  @Test func `a changed signature of a stored address is refused`() async throws {
    let (old, new) = (fixture("signature-pointer", 1), fixture("signature-pointer", 2))
    let found = try await changes(old, new)
    #expect(found.refusals.map(\.kind) == ["struct shape", "address area"])
    let harmless = try await changes(old, new, wishes: "harmless area struct shape")
    #expect(harmless.refusals == [])
  }

  @Test func `retyped data need a map`() async throws {
    let (old, new) = (fixture("retyped", 1), fixture("retyped", 2))
    let found = try await changes(old, new)
    #expect(found.refusals.map(\.kind) == ["datum account"])
    let mapped = try await changes(old, new, maps: GivenMaps(functions: ["mproc_data_account"]))
    #expect(mapped.refusals == [])
    #expect(mapped.group(.datum("account")) == ["deposit", "report"])
    #expect(mapped.procedure("main")?.touches == [])
  }
}
