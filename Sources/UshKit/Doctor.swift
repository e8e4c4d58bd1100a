import FoundationEssentials
import Glibc
package import PupProtocol

/// Checks this machine and this user, and what would keep programs from being updated.
package struct Doctor {
  private let environment: [String: String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment
  }

  /// All checks of the machine; each takes milliseconds.
  package func findings() -> [Finding] {
    let traced = selfCheck()
    let canTrace = !traced.contains { $0.state == .problem }
    return MachineFacts.read().findings(canTrace: canTrace) + traced + directories() + tools()
  }

  /// Has the very program that will trace try it.
  private func selfCheck() -> [Finding] {
    let pup: String
    do throws(TalkFailure) {
      pup = try DetachedProcess.sibling("pup")
    } catch {
      return [
        Finding(
          "pup", .problem, "there is no pup beside ush or in PATH",
          remedy: "install pup into the folder of ush: \(Self.folder)")
      ]
    }
    guard let caught = CaughtOutput.of([pup, "--self-check"]),
      let report = try? JSONDecoder().decode(
        SelfCheckReport.self, from: Data(caught.text.utf8))
    else {
      return [
        Finding(
          "pup", .problem, "\(pup) does not check itself: it is broken, or of another version",
          remedy: "install pup of the same version as ush into \(Self.folder)")
      ]
    }
    return [.ok("pup", pup)] + report.findings
  }

  private static var folder: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return splitPath(own).directory
  }

  // MARK: - Directories

  private func directories() -> [Finding] {
    var findings: [Finding] = []
    do throws(TalkFailure) {
      let runtime = try RuntimeDirectory(environment: environment)
      findings.append(.ok("runtime-directory", "\(runtime.path): ours alone"))
      findings += [socket(runtime), mapper(runtime)]
    } catch {
      findings.append(
        Finding(
          "runtime-directory", .problem, error.asServiceFailure.message,
          remedy: "export PUP_RUNTIME_DIR=DIR, a directory of yours with mode 0700"))
    }
    do throws(TalkFailure) {
      findings.append(space(try StateDirectory(environment: environment).path))
    } catch {
      findings.append(
        Finding(
          "state-directory", .problem, error.asServiceFailure.message,
          remedy: "export XDG_STATE_HOME=DIR, a directory that you may write to"))
    }
    return findings
  }

  private func socket(_ runtime: RuntimeDirectory) -> Finding {
    do throws(TalkFailure) {
      try runtime.trySocket()
      return .ok("sockets", "a socket in the runtime directory works")
    } catch {
      return Finding(
        "sockets", .problem, "no socket works there: \(error.asServiceFailure.message)",
        remedy: "export PUP_RUNTIME_DIR=DIR, on a file system that has sockets, such as /run")
    }
  }

  private func mapper(_ runtime: RuntimeDirectory) -> Finding {
    do throws(TalkFailure) {
      let count = try MapperClient(runtime).list().count
      return .ok("mapper", "answers, and knows \(count) \(count == 1 ? "program" : "programs")")
    } catch {
      return Finding(
        "mapper", .problem, "does not answer: \(error.asServiceFailure.message)",
        remedy: "pupmapper --directory \(runtime.path)")
    }
  }

  /// Copies of executables, logs and journals lie there.
  private func space(_ path: String) -> Finding {
    guard unsafe access(path, W_OK) == 0 else {
      return Finding(
        "state-directory", .problem, "\(path): \(errorText(errno))",
        remedy: "export XDG_STATE_HOME=DIR, a directory that you may write to")
    }
    var facts = statvfs()
    guard unsafe statvfs(path, &facts) == 0 else { return .ok("state-directory", path) }
    let free = Int(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    let text = "\(path): \(Session.size(free)) free"
    let remedy = "make room, or export XDG_STATE_HOME=DIR on another disk"
    switch free {
    case ..<(4 << 20): return Finding("state-directory", .problem, text, remedy: remedy)
    case ..<(256 << 20): return Finding("state-directory", .warning, text, remedy: remedy)
    default: return .ok("state-directory", text)
    }
  }

  // MARK: - Tools for building

  /// A host on which programs are only run and updated needs none of them.
  private func tools() -> [Finding] {
    let compiler = environment["PUPCC_GCC"] ?? "gcc"
    return [pupcc, gcc(compiler), linker(compiler), assembler(compiler)]
  }

  private var pupcc: Finding {
    let path = Self.folder + "/pupcc"
    guard unsafe access(path, X_OK) == 0 else {
      return Finding(
        "pupcc", .warning, "there is no pupcc beside ush: programs cannot be built here",
        remedy: "install pupcc into \(Self.folder)")
    }
    return .ok("pupcc", path)
  }

  private func gcc(_ compiler: String) -> Finding {
    let remedy = "apt-get install gcc libc6-dev"
    guard let version = Self.firstLine([compiler, "--version"]) else {
      return Finding(
        "gcc", .warning, "\(compiler) cannot be run: programs cannot be built here", remedy: remedy)
    }
    let full = Self.firstLine([compiler, "-dumpfullversion"]) ?? ""
    guard let major = full.split(separator: ".").first.flatMap({ Int($0) }),
      !version.contains("clang")
    else {
      return Finding("gcc", .warning, "\(version) is no gcc", remedy: "export PUPCC_GCC=gcc")
    }
    guard major >= 12 else {
      return Finding(
        "gcc", .warning, "\(version): 12 is the oldest that is tested",
        remedy: "apt-get install gcc-12, then export PUPCC_GCC=gcc-12")
    }
    return .ok("gcc", version)
  }

  private func linker(_ compiler: String) -> Finding {
    let path = Self.firstLine([compiler, "-print-prog-name=ld"]) ?? "ld"
    guard let version = Self.firstLine([path, "--version"]) else {
      return Finding(
        "ld", .warning, "\(path) cannot be run: programs cannot be built here",
        remedy: "apt-get install binutils")
    }
    guard version.hasPrefix("GNU ld") else {
      return Finding(
        "ld", .warning, "\(version): programs are linked by GNU ld only",
        remedy: "PUPCC_FLAGS=-fuse-ld=bfd, or apt-get install binutils")
    }
    return .ok("ld", version)
  }

  private func assembler(_ compiler: String) -> Finding {
    let path = Self.firstLine([compiler, "-print-prog-name=as"]) ?? "as"
    guard let version = Self.firstLine([path, "--version"]) else {
      return Finding(
        "as", .warning, "\(path) cannot be run: programs cannot be built here",
        remedy: "apt-get install binutils")
    }
    return .ok("as", version)
  }

  private static func firstLine(_ words: [String]) -> String? {
    guard let caught = CaughtOutput.of(words), caught.status == 0 else { return nil }
    return caught.text.split(separator: "\n").first.map(String.init)
  }
}
