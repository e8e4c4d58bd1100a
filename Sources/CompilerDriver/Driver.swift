import ELFFile
import Foundation
import Relinking

/// `pupcc`: a C compiler driver that makes what gcc makes, updatable.
package struct Driver: Sendable {
  let invocation: Invocation
  let toolchain: Toolchain

  /// - Parameters:
  ///   - words: the command line without the program's name.
  ///   - environment: `PUPCC_FLAGS` adds options, `PUPCC_GCC` names another gcc.
  /// - Throws: what is wrong with the options.
  package init(_ words: [String], environment: [String: String]) throws(DriverFailure) {
    invocation = try Invocation(words, environment: environment)
    toolchain = Toolchain(environment: environment)
  }

  /// Does what was asked for.
  ///
  /// - Throws: what went wrong, with the exit status to end with.
  package func run() throws(DriverFailure) {
    if invocation.own.showsHelp { return print(Self.help) }
    if invocation.own.printsFlags {
      return print(invocation.compileFlags.joined(separator: " "))
    }
    if let path = invocation.own.explains {
      return print(try Explanation(of: path, asJSON: invocation.own.explainsAsJSON).text)
    }
    for note in invocation.notes { Self.note(note) }
    let command = invocation.command
    if invocation.unprepared != nil { try toolchain.become(command.words) }
    switch invocation.mode {
    case .passThrough: try toolchain.become(command.words)
    case .assembly: try toolchain.mustRun(command.words + flagsFor(invocation.inputs))
    case .objects: try compileObjects()
    case .linkUntouched:
      if command.has("-shared") {
        Self.note("a shared library is linked as it is: it cannot be updated itself")
      }
      try toolchain.mustRun(command.withoutProducts.words)
    case .link: try Linking(driver: self).run()
    }
  }

  static func note(_ text: String) {
    FileHandle.standardError.write(Data("pupcc: note: \(text)\n".utf8))
  }

  func flagsFor(_ inputs: [SourceInput]) -> [String] {
    inputs.contains { $0.isC || $0.isHeader } ? invocation.compileFlags : []
  }

  /// `-c`: gcc writes the objects, then each is rewritten, also when another could not be compiled.
  private func compileObjects() throws(DriverFailure) {
    let inputs = invocation.inputs
    let command = invocation.command
    let status = try toolchain.run(command.words + flagsFor(inputs))
    for input in inputs where input.isC {
      let object = command.output ?? Self.defaultObject(input.path)
      guard Self.isRegularFile(object) else { continue }
      do throws(DriverFailure) {
        try ObjectPreparation.prepare(object, source: input.path)
      } catch {
        try? FileManager.default.removeItem(atPath: object)
        throw error
      }
    }
    guard status == 0 else { throw .child(status) }
  }

  static func defaultObject(_ input: String) -> String {
    let name = input.split(separator: "/").last.map(String.init) ?? input
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    return stem + ".o"
  }

  /// `/dev/null` and pipes are not rewritten.
  static func isRegularFile(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    return attributes?[.type] as? FileAttributeType == .typeRegular
  }
}

extension CompilerCommand {
  /// Without the companions that `pupcc` wrote beside programs.
  fileprivate var withoutProducts: CompilerCommand {
    var copy = self
    copy.arguments.removeAll { argument in
      if case .input(let path) = argument { LinkInputs.isProduct(path) } else { false }
    }
    return copy
  }
}

extension Driver {
  static let help = """
    pupcc: a C compiler driver that makes programs which can be updated while they run.

    Usage: pupcc [pupcc's options] [gcc's options] files
      make CC=pupcc
      pupcc -O2 -o server server.c net.c
      pupcc --explain server

    pupcc's options:
      --keep-calls          keep small and once-called procedures apart, so that each can be updated
      --arena SIZE          room for later versions, each of two arenas (16M)
      --tls-reserve SIZE    room in each thread for later thread-local variables (1K)
      --call-mode=MODE      direct: calls go straight to a procedure until it is first replaced;
                            table: all calls go through the binding table
      --companions          also write PROGRAM.delta and PROGRAM.pup.o
      --explain PROGRAM     print what was made of a program; with --json as JSON
      --print-flags         print the code generation options that gcc is given beside yours
      --help                this text, when it is the only word; also --pupcc-help

    PUPCC_FLAGS adds options of pupcc; PUPCC_GCC names the gcc to use.
    """
}
