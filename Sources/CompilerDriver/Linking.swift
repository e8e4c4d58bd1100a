import ELFFile
import Foundation
import ObjectModel
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
    let command = driver.invocation.command
    var arguments: [Argument] = []
    for argument in command.withoutOutput.arguments {
      guard case .input(let path) = argument else {
        arguments.append(argument)
        continue
      }
      switch try prepare(path, number: arguments.count, in: directory) {
      case .asIs: arguments.append(argument)
      case .dropped: Driver.note("\(path) is a product of pupcc: not linked again")
      case .object(let object): arguments.append(.input(object))
      }
    }
    let output = command.output ?? "a.out"
    try link(arguments, to: output, in: directory)
  }

  /// Compiles a source file aside; leaves other inputs as they are.
  private func prepare(
    _ path: String, number: Int, in directory: TemporaryDirectory
  ) throws(DriverFailure) -> Input {
    if driver.isSource(path) {
      return .object(try compile(path, number: number, in: directory))
    }
    return Self.isProduct(path) ? .dropped : .asIs
  }

  private func compile(
    _ path: String, number: Int, in directory: TemporaryDirectory
  ) throws(DriverFailure) -> String {
    let object = directory.path + "/\(number)-" + Driver.defaultObject(path)
    var words = driver.invocation.command.withoutOutput.arguments.filter { argument in
      switch argument {
      case .input: false
      case .option(let option, _): !option.hasPrefix("-l") && !option.hasPrefix("-Wl,")
      }
    }.flatMap(\.words)
    words += driver.flagsFor([path]) + dependencyFlags(path)
    try driver.toolchain.mustRun(words + ["-c", path, "-o", object])
    if driver.isCSource(path) { try ObjectPreparation.prepare(object, source: path) }
    return object
  }

  /// `-MD` names its file after the program: `prog-file.d`, or `prog.d` before gcc 11.
  private func dependencyFlags(_ path: String) -> [String] {
    let command = driver.invocation.command
    guard command.has("-MD") || command.has("-MMD"), !command.has("-MF") else { return [] }
    let stem = Driver.defaultObject(path).dropLast(2)
    let prefix = command.output.map { $0 + "-" } ?? "a-"
    return ["-MF", prefix + stem + ".d", "-MT", String(stem) + ".o"]
  }

  private static func isProduct(_ path: String) -> Bool {
    guard path.hasSuffix(".o"), let bytes = try? ELFReader.bytes(atPath: path),
      let object = try? ELFReader.object(bytes, name: path)
    else { return false }
    return object.section(named: PreparedName.productNote) != nil
  }

  private func link(
    _ arguments: [Argument], to output: String, in directory: TemporaryDirectory
  ) throws(DriverFailure) {
    guard Self.isLinkable(output) else {
      return try driver.toolchain.mustRun(arguments.flatMap(\.words) + ["-o", output])
    }
    let runtime = try Runtime.objects(
      arena: driver.invocation.own.arenaByteCount, toolchain: driver.toolchain, in: directory)
    let script = directory.path + "/pup.ld"
    try AtomicFile.write(Array(Runtime.script.utf8), to: script)
    let strip = StripWishes(arguments)
    var words = strip.remaining.flatMap(\.words) + runtime
    words += ["-Wl,-T,\(script)", "-Wl,--eh-frame-hdr", "-o", output]
    if !words.contains(where: { $0.contains("--build-id") }) { words.append("-Wl,--build-id=sha1") }
    try driver.toolchain.mustRun(words)
    do throws(DriverFailure) {
      try Completing(
        path: output, own: driver.invocation.own,
        linkLine: ["pupcc"] + driver.invocation.command.words, strip: strip
      ).run()
    } catch {
      try? FileManager.default.removeItem(atPath: output)
      throw error
    }
  }

  /// `-o /dev/null` is only linked.
  private static func isLinkable(_ path: String) -> Bool {
    !FileManager.default.fileExists(atPath: path) || Driver.isRegularFile(path)
  }
}

/// `-s` and its like: taken out of the link, since completing needs what they drop, and done after.
struct StripWishes: Sendable {
  var remaining: [Argument] = []
  var dropsSymbols = false
  var dropsDebug = false

  init(_ arguments: [Argument]) {
    for argument in arguments {
      guard case .option(let option, _) = argument else {
        remaining.append(argument)
        continue
      }
      if option == "-s" {
        dropsSymbols = true
        continue
      }
      guard option.hasPrefix("-Wl,") else {
        remaining.append(argument)
        continue
      }
      let words = option.dropFirst(4).split(separator: ",").map(String.init)
      let kept = words.filter { !["-s", "--strip-all", "-S", "--strip-debug"].contains($0) }
      dropsSymbols = dropsSymbols || words.contains("-s") || words.contains("--strip-all")
      dropsDebug = dropsDebug || words.contains("-S") || words.contains("--strip-debug")
      if !kept.isEmpty { remaining.append(.option("-Wl," + kept.joined(separator: ","), [])) }
    }
    dropsDebug = dropsDebug || dropsSymbols
  }
}
