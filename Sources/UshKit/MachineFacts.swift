import Glibc
package import PupProtocol

/// What the kernel says of this machine and of this process, as far as updates care.
package struct MachineFacts: Hashable, Sendable {
  /// As uname(2) gives them.
  package var release = ""
  package var machine = ""
  package var user: UInt32 = 0
  /// `kernel.yama.ptrace_scope`; `nil` where there is no Yama.
  package var yama: Int?
  /// `CapEff` of proc(5).
  package var capabilities: UInt64 = 0
  package var noNewPrivileges = false
  /// 0 none, 1 strict, 2 a filter.
  package var seccomp = 0
  package var perfParanoid: Int?
  package var hasShadowStacks = false
  /// What says that this is a container, if anything does.
  package var container: String?

  package init() {}

  /// Reads the facts of this process.
  package static func read() -> MachineFacts {
    var facts = MachineFacts()
    var name = utsname()
    if unsafe uname(&name) == 0 {
      facts.release = unsafe withUnsafeBytes(of: &name.release) { unsafe text($0) }
      facts.machine = unsafe withUnsafeBytes(of: &name.machine) { unsafe text($0) }
    }
    facts.user = geteuid()
    facts.yama = number("/proc/sys/kernel/yama/ptrace_scope")
    facts.perfParanoid = number("/proc/sys/kernel/perf_event_paranoid")
    let status = fields(of: "/proc/self/status")
    facts.capabilities = UInt64(status["CapEff"] ?? "", radix: 16) ?? 0
    facts.noNewPrivileges = status["NoNewPrivs"] == "1"
    facts.seccomp = Int(status["Seccomp"] ?? "") ?? 0
    facts.hasShadowStacks = contents("/proc/cpuinfo").contains(" user_shstk")
    facts.container = container()
    return facts
  }

  /// The lines `Name:\tvalue` of a file of `/proc`.
  static func fields(of path: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in contents(path).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      fields[String(parts[0])] = parts[1].split(whereSeparator: \.isWhitespace)
        .joined(separator: " ")
    }
    return fields
  }

  private static func contents(_ path: String) -> String {
    readFile(path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func number(_ path: String) -> Int? {
    contents(path).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
  }

  private static func container() -> String? {
    for mark in ["/.dockerenv", "/run/.containerenv"] where unsafe access(mark, F_OK) == 0 {
      return mark
    }
    let words = ["docker", "kubepods", "containerd", "lxc"]
    let groups = contents("/proc/1/cgroup")
    return words.first(where: groups.contains).map { "\($0) in /proc/1/cgroup" }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension MachineFacts {
  /// CAP_SYS_PTRACE (capability.h).
  package var canTraceAll: Bool { capabilities >> 19 & 1 == 1 }
  /// CAP_PERFMON or CAP_SYS_ADMIN.
  private var canMeasureAll: Bool { (capabilities >> 38 | capabilities >> 21) & 1 == 1 }

  /// What the facts mean for updates.
  ///
  /// `canTrace`: whether a trial has shown that this user may trace its own child.
  package func findings(canTrace: Bool) -> [Finding] {
    [kernel, yamaFinding, privileges, confinement(canTrace), perf, shadowStacks]
  }

  private var kernel: Finding {
    guard machine == "x86_64" else {
      return Finding("kernel", .problem, "\(machine): only x86_64 can be updated")
    }
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2, (numbers[0], numbers[1]) >= (5, 3) else {
      return Finding(
        "kernel", .problem, "Linux \(release): 5.3 or later is needed",
        remedy: "install a newer kernel and boot it")
    }
    return .ok("kernel", "Linux \(release), \(machine)")
  }

  private var yamaFinding: Finding {
    let remedy = "sysctl -w kernel.yama.ptrace_scope=0"
    switch yama ?? 0 {
    case 0: return .ok("yama", yama == nil ? "no Yama" : "ptrace_scope 0")
    case 1 where canTraceAll, 2 where canTraceAll:
      return .ok("yama", "ptrace_scope \(yama ?? 0), and CAP_SYS_PTRACE is there")
    case 1:
      return Finding(
        "yama", .warning,
        "ptrace_scope 1: a program can be updated by the pup that started it, but `ush attach` cannot "
          + "adopt one", remedy: remedy)
    case 2:
      return Finding(
        "yama", .problem, "ptrace_scope 2: only with CAP_SYS_PTRACE may a process be traced",
        remedy: remedy)
    default:
      return Finding(
        "yama", .problem, "ptrace_scope 3: no process may be traced until the next boot",
        remedy: "boot with kernel.yama.ptrace_scope=0 in /etc/sysctl.d")
    }
  }

  private var privileges: Finding {
    .ok(
      "privileges",
      "user \(user), "
        + (canTraceAll
          ? "CAP_SYS_PTRACE: programs of every user"
          : "no CAP_SYS_PTRACE: programs of this user only"))
  }

  /// Seccomp and containers do no harm as long as tracing works.
  private func confinement(_ canTrace: Bool) -> Finding {
    var words: [String] = []
    if seccomp != 0 { words.append("seccomp") }
    if let container { words.append("container (\(container))") }
    if noNewPrivileges { words.append("no_new_privs") }
    guard !words.isEmpty else { return .ok("confinement", "no seccomp filter, no container") }
    let text = words.joined(separator: ", ")
    guard !canTrace, seccomp != 0 || container != nil else {
      return .ok("confinement", text + (canTrace ? ": tracing works all the same" : ""))
    }
    return Finding(
      "confinement", .problem, "\(text): may be what keeps processes from being traced",
      remedy: "docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined ...")
  }

  private var perf: Finding {
    guard let perfParanoid else {
      return Finding(
        "perf", .warning, "this kernel has no perf events: gates are looked at by time")
    }
    guard perfParanoid > 2, !canMeasureAll else {
      return .ok("perf", "perf_event_paranoid \(perfParanoid)")
    }
    return Finding(
      "perf", .warning,
      "perf_event_paranoid \(perfParanoid): gates are looked at every few milliseconds instead",
      remedy: "sysctl -w kernel.perf_event_paranoid=2")
  }

  private var shadowStacks: Finding {
    guard hasShadowStacks else {
      return .ok("shadow-stacks", "this machine gives programs no shadow stacks")
    }
    return Finding(
      "shadow-stacks", .warning,
      "this machine has shadow stacks: a program that runs with one cannot be updated",
      remedy: "GLIBC_TUNABLES=glibc.cpu.x86_shstk=off ush run NAME PROGRAM")
  }
}
