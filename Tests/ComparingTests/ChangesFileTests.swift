import Comparing
import Testing

@Suite struct ChangesFileTests {
  static let everything = """
    # a comment
    changed set_oven_temp mix_ingredients   # trailing

    changed a.c:helper
    together set_oven_temp bake_pizza
    ignore log_line
    resident main
    reset limit
    keep a.c:count do_pizza.pd
    harmless struct shape area
    default area.height = '#'
    renamed shape.w width
    option --wait 5.0 --no-groups
    maps one.maps.c
    """

  @Test func `reads each statement`() throws {
    let file = try ChangesFile(parsing: Self.everything)
    #expect(
      file.statements.map(\.kind) == [
        .changed(["set_oven_temp", "mix_ingredients"]), .changed(["a.c:helper"]),
        .together(["set_oven_temp", "bake_pizza"]), .ignore(["log_line"]), .resident(["main"]),
        .reset(["limit"]), .keep(["a.c:count", "do_pizza.pd"]),
        .harmless(["struct shape", "area"]),
        .default(procedure: "area", parameter: "height", value: "'#'"),
        .renamed(structure: "shape", old: "w", new: "width"), .option([.wait(5), .noGroups]),
        .maps(["one.maps.c"]),
      ])
    #expect(file.statements.first?.line == 2)
    #expect(file.maps == ["one.maps.c"])
    #expect(file.options == [.wait(5), .noGroups])
  }

  @Test func `reads again what it prints`() throws {
    let file = try ChangesFile(parsing: Self.everything)
    let again = try ChangesFile(parsing: file.text)
    #expect(again.statements.map(\.kind) == file.statements.map(\.kind))
  }

  struct Wrong: Sendable, CustomTestStringConvertible {
    let text: String
    let message: String
    var testDescription: String { text }
  }

  @Test(arguments: [
    Wrong(text: "chnaged a", message: "f:1: unknown statement ‘chnaged’; did you mean ‘changed’?"),
    Wrong(text: "\nfrobnicate a", message: "f:2: unknown statement ‘frobnicate’"),
    Wrong(text: "changed", message: "f:1: ‘changed’ needs a name"),
    Wrong(text: "together a", message: "f:1: ‘together’ needs two names or more"),
    Wrong(text: "changed 9lives", message: "f:1: ‘9lives’ is not a name"),
    Wrong(text: "changed a.c:", message: "f:1: ‘a.c:’ is not a name"),
    Wrong(text: "harmless struct", message: "f:1: ‘harmless’ needs a name"),
    Wrong(text: "renamed s.a b c", message: "f:1: unexpected ‘c’"),
    Wrong(text: "renamed s b", message: "f:1: ‘s’ is not a name"),
    Wrong(
      text: "default area.height", message: "f:1: ‘default’ needs ‘P.parameter = constant’"),
    Wrong(
      text: "option --atomic",
      message: "f:1: ‘--atomic’ is no option here; there are --no-groups and --wait S"),
    Wrong(text: "option --wait soon", message: "f:1: ‘--wait’ needs a number of seconds"),
  ])
  func `says where and what is wrong`(_ wrong: Wrong) throws {
    let failure = #expect(throws: ChangesFileFailure.self) {
      _ = try ChangesFile(parsing: wrong.text, path: "f")
    }
    #expect(failure?.description == wrong.message)
  }

  @Test func `counts a swap of neighbours as one edit`() {
    #expect(Suggestion.distance("bake", "abke") == 1)
    #expect(Suggestion.distance("", "abc") == 3)
    #expect(Suggestion.nearest(to: "bake_piza", among: ["mix", "bake_pizza"]) == "bake_pizza")
    #expect(Suggestion.nearest(to: "zzz", among: ["mix", "bake_pizza"]) == nil)
  }
}
