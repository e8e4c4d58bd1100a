import PupProtocol
import Testing
import UshKit

/// What `ush doctor` says of machines that this one is not.
@Suite struct MachineFactsTests {
  /// A common machine and an ordinary user: nothing to mend.
  private static let sound: MachineFacts = {
    var facts = MachineFacts()
    facts.release = "6.1.0-18-amd64"
    facts.machine = "x86_64"
    facts.user = 1000
    facts.perfParanoid = 2
    return facts
  }()

  private static let tracing: UInt64 = 1 << 19
  private static let measuring: UInt64 = 1 << 38

  private func finding(
    _ check: String, canTrace: Bool = true, _ change: (inout MachineFacts) -> Void
  ) throws -> Finding {
    var facts = Self.sound
    change(&facts)
    return try #require(facts.findings(canTrace: canTrace).first { $0.check == check })
  }

  @Test func `a common machine has nothing to mend`() {
    let findings = Self.sound.findings(canTrace: true)
    #expect(findings.allSatisfy { $0.state == .ok && $0.remedy == nil })
    #expect(findings.count == 6)
  }

  @Test func `kernels before 5_3 and other processors are problems`() throws {
    #expect(try finding("kernel") { $0.release = "5.2.21" }.state == .problem)
    #expect(try finding("kernel") { $0.release = "4.19.0" }.state == .problem)
    #expect(try finding("kernel") { $0.release = "5.3.0-rc1" }.state == .ok)
    #expect(try finding("kernel") { $0.release = "10.0" }.state == .ok)
    #expect(try finding("kernel") { $0.machine = "aarch64" }.state == .problem)
  }

  @Test func `Yama matters by its scope and by the capability`() throws {
    let scopes = try (0...3).map { scope in try finding("yama") { $0.yama = scope } }
    #expect(scopes.map(\.state) == [.ok, .warning, .problem, .problem])
    #expect(scopes[1].message.contains("ush attach"))
    #expect(scopes[1].remedy == "sysctl -w kernel.yama.ptrace_scope=0")
    let capable = try (0...3).map { scope in
      try finding("yama") {
        $0.yama = scope
        $0.capabilities = Self.tracing
      }
    }
    #expect(capable.map(\.state) == [.ok, .ok, .ok, .problem])
  }

  @Test func `a confined process is a problem only where it cannot trace`() throws {
    #expect(try finding("confinement") { $0.seccomp = 2 }.state == .ok)
    let confined = try finding("confinement", canTrace: false) { $0.seccomp = 2 }
    #expect(confined.state == .problem && confined.remedy?.contains("SYS_PTRACE") == true)
    let container = try finding("confinement", canTrace: false) { $0.container = "/.dockerenv" }
    #expect(container.state == .problem && container.message.contains("/.dockerenv"))
  }

  @Test func `perf events and shadow stacks are warnings`() throws {
    let perf = try finding("perf") { $0.perfParanoid = 3 }
    #expect(perf.state == .warning && perf.remedy == "sysctl -w kernel.perf_event_paranoid=2")
    let capable = try finding("perf") {
      $0.perfParanoid = 4
      $0.capabilities = Self.measuring
    }
    #expect(capable.state == .ok)
    #expect(try finding("perf") { $0.perfParanoid = nil }.state == .warning)
    let shadow = try finding("shadow-stacks") { $0.hasShadowStacks = true }
    #expect(shadow.state == .warning && shadow.remedy?.contains("x86_shstk=off") == true)
  }
}
