import PupProtocol
import TestSupport
import Testing

/// What is published of the interfaces is what the services tell.
@Suite struct PublishedTests {
  struct Published: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    var testDescription: String { name }

    /// The names that the definition gives to methods, types and errors.
    var members: [String] {
      text.split(separator: "\n").compactMap { line in
        let words = line.split(whereSeparator: { " (".contains($0) })
        guard words.count > 1, ["method", "type", "error"].contains(words[0]), !line.hasPrefix(" ")
        else { return nil }
        return String(words[1])
      }
    }
  }

  private static let all = [
    Published(name: ProgramInterface.name, text: ProgramInterface.text),
    Published(name: MapperMessages.interface, text: MapperMessages.text),
    Published(name: BridgeMessages.interface, text: BridgeMessages.text),
  ]

  /// After a change, `PUP_PUBLISH=1 swift test --filter PublishedTests` writes the files.
  @Test(arguments: all)
  func `the definition is in docs`(_ interface: Published) throws {
    let file = "\(Surroundings.repository)/docs/interfaces/\(interface.name).varlink"
    if Surroundings.environment["PUP_PUBLISH"] != nil {
      try write(Array(interface.text.utf8), to: file)
    }
    #expect(contents(of: file) == interface.text)
  }

  @Test(arguments: all)
  func `the page on the protocol has every method, type and error`(_ interface: Published) {
    let page = contents(of: "\(Surroundings.repository)/docs/protocol.md")
    #expect(interface.members.count > 5)
    for member in interface.members {
      #expect(page.contains("`\(member)`"), "\(interface.name).\(member)")
    }
  }

  @Test func `the page has every kind of event and every result`() {
    let page = contents(of: "\(Surroundings.repository)/docs/protocol.md")
    let words = ["kind: (", "result: ("].flatMap { start -> [String] in
      let rest = ProgramInterface.text.split(separator: start, maxSplits: 1).last ?? ""
      return rest.prefix { $0 != ")" }.split { !$0.isLetter }.map(String.init)
    }
    #expect(words.count > 15)
    for word in words { #expect(page.contains("`\(word)`"), "\(word)") }
  }
}
