import Disassembler
import ELFFile
import ObjectModel
import Relinking
import TestSupport
import Testing

/// A source as gcc compiles it and as the rewriter leaves it.
struct RewrittenSource {
  /// What gcc made.
  var plain: ObjectFile
  var rewritten: RewrittenObject

  /// The flags that `pupcc` adds.
  static let preparing = [
    "-g", "-ffunction-sections", "-fdata-sections", "-flive-patching=inline-clone",
    "-mno-direct-extern-access",
  ]

  init(_ text: String, file: String = "a.c", _ flags: [String] = ["-O2"]) async throws {
    let source = CompiledSource(text, file: file, flags: Self.preparing + flags)
    plain = try ELFReader.object(try await source.object(), name: file)
    rewritten = try ObjectRewriter(decoder: ZydisDecoder()).rewrite(plain)
  }

  /// The rewritten object as a file.
  func bytes() throws -> [UInt8] {
    try ELFWriter.bytes(of: rewritten.object, name: "rewritten")
  }

  /// The rewritten object with other bodies in the slots of some procedures: whatever means one of
  /// those procedures then reaches the other body, and whatever means its body does not.
  func rebound(_ bodies: [String: String]) throws -> [UInt8] {
    var object = rewritten.object
    for (procedure, body) in bodies {
      let slot = try #require(object.section(named: PreparedName.slotSection + procedure))
      let symbol = try #require(
        object.symbols.firstIndex { $0.name == body + PreparedName.bodySuffix })
      object[slot].relocations[0].symbol = SymbolID(rawValue: symbol)
    }
    return try ELFWriter.bytes(of: object, name: "rebound")
  }
}

/// The linker's flags for objects that were compiled with `flags`.
func linkFlags(_ flags: [String]) -> [String] {
  flags.contains("-fno-pie") ? ["-no-pie"] : []
}
