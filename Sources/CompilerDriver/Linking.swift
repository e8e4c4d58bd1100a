import Foundation
import Relinking

/// The user's own link, with the runtime added, and then completed.
struct Linking {
  let driver: Driver

  /// What goes to the linker in the place of an input.
  private enum Input {
    case asIs
    case dropped
    case object(String)
  }

  func run() throws(DriverFailure) {
    let directory = try TemporaryDirectory()
    var arguments: [Argument] = []
    /// By the object that it became.
    var sources: [String: String] = [:]
    var failure: DriverFailure?
    // As gcc does, every source is compiled, also after one has failed; then nothing is linked.
    for (argument, source) in driver.invocation.command.withoutOutput.argumentsWithSources {
      guard let source else {
        if case .option(let option, _) = argument, option.hasPrefix("-x") { continue }
        arguments.append(argument)
        continue
      }
      do throws(DriverFailure) {
        switch try prepare(source, number: arguments.count, in: directory) {
        case .asIs: arguments.append(argument)
        case .dropped: Driver.note("\(source.path) is a product of pupcc: not linked again")
        case .object(let object):
          arguments.append(.input(object))
          sources[object] = source.path
        }
      } catch {
        guard case .child = error else { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    let output = driver.invocation.command.output ?? "a.out"
    try link(arguments, sources, to: output, in: directory)
  }

  /// Compiles a source file aside; leaves other inputs as they are.
  private func prepare(
    _ source: SourceInput, number: Int, in directory: TemporaryDirectory
  ) throws(DriverFailure) -> Input {
    guard source.isSource else { return LinkInputs.isProduct(source.path) ? .dropped : .asIs }
    let object = directory.path + "/\(number)-" + Driver.defaultObject(source.path)
    try SourceCompilation(driver: driver, source: source, object: object).run()
    return .object(object)
  }

  private func link(
    _ arguments: [Argument], _ sources: [String: String], to output: String,
    in directory: TemporaryDirectory
  ) throws(DriverFailure) {
    let plain = arguments.flatMap(\.words) + ["-o", output]
    guard Self.isLinkable(output) else { return try driver.toolchain.mustRun(plain) }
    let inputs = LinkInputs(arguments)
    if let reason = inputs.reasonAgainst ?? (inputs.hasPrepared ? nil : Completing.nothingPrepared)
    {
      Driver.note("\(output): \(reason): it cannot be updated")
      return try driver.toolchain.mustRun(plain)
    }
    let strip = StripWishes(arguments)
    try driver.toolchain.mustRun(
      try words(strip.remaining, in: directory) + ["-o", output])
    do throws(DriverFailure) {
      let missing = try Completing(
        path: output, own: driver.invocation.own,
        linkLine: ["pupcc"] + driver.invocation.command.words, strip: strip,
        names: LinkNames(linkerWords: LinkInputs.linkerWords(arguments)),
        files: inputs.files(called: sources)
      ).run()
      guard let missing else { return }
      Driver.note("\(output): \(missing): it cannot be updated")
    } catch {
      try? FileManager.default.removeItem(atPath: output)
      throw error
    }
    try driver.toolchain.mustRun(plain)
  }

  /// The link with the runtime, which comes last, since so do its constructors.
  private func words(
    _ arguments: [Argument], in directory: TemporaryDirectory
  ) throws(DriverFailure) -> [String] {
    let runtime = try Runtime.objects(
      arena: driver.invocation.own.arenaByteCount,
      threadReserve: driver.invocation.own.tlsReserveByteCount, toolchain: driver.toolchain,
      in: directory)
    let script = directory.path + "/pup.ld"
    try AtomicFile.write(Array(Runtime.script.utf8), to: script)
    var words = arguments.flatMap(\.words) + runtime
    words += ["-Wl,-T,\(script)", "-Wl,--eh-frame-hdr,--compress-debug-sections=none"]
    let identities = words.filter { $0.contains("--build-id") }
    if let unusable = identities.last.flatMap(Self.unusableIdentity) {
      Driver.note("--build-id=\(unusable) is dropped: versions are told apart by it")
      words.append("-Wl,--build-id=sha1")
    } else if identities.isEmpty {
      words.append("-Wl,--build-id=sha1")
    }
    return words
  }

  /// `none`, or an ID given as a number, which would be that of the next version as well.
  private static func unusableIdentity(_ word: String) -> String? {
    guard let style = word.components(separatedBy: "--build-id=").dropFirst().last else {
      return nil
    }
    let text = String(style.prefix { $0 != "," })
    return text == "none" || text.lowercased().hasPrefix("0x") ? text : nil
  }

  /// `-o /dev/null` is only linked.
  private static func isLinkable(_ path: String) -> Bool {
    !FileManager.default.fileExists(atPath: path) || Driver.isRegularFile(path)
  }
}
