/// Where programs run: this machine, or one that ssh reaches.
package enum Host: Hashable, Sendable {
  case local
  /// What ssh is given: a name or address, an alias of its configuration, `user@host`.
  case ssh(String)

  /// The host that ssh knows as `text`.
  ///
  /// - Throws: `malformed("bad-host")` for what ssh would take for an option, and for characters
  ///   that no host has but a shell would act on.
  package init(ssh text: String) throws(ServiceFailure) {
    let isGood = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "._-+@:[]%/".utf8.contains(byte)
      }
    }
    guard isGood, !text.isEmpty, !text.hasPrefix("-"), text.utf8.count <= 255 else {
      throw .malformed("bad-host", "\(String(text.prefix(64)).debugDescription) is no host")
    }
    self = .ssh(text)
  }
}

/// A program's name, and its host: `shop`, `shop@web1`, `shop@admin@web1`.
package struct ProgramAddress: Hashable, Sendable {
  package let name: String
  package let host: Host

  /// The address in `text`; a name alone is on `host`.
  ///
  /// - Throws: `malformed` for what can be no name or no host.
  package init(_ text: String, on host: Host = .local) throws(ServiceFailure) {
    if let at = text.firstIndex(of: "@") {
      name = String(text[..<at])
      self.host = try Host(ssh: String(text[text.index(after: at)...]))
    } else {
      name = text
      self.host = host
    }
    try ProgramRecord.check(name)
  }

  /// The address as a user may write it.
  package var text: String { host.suffixed(name) }
}

extension Host {
  /// `name`, with the host behind it if that is not this one.
  package func suffixed(_ name: String) -> String {
    switch self {
    case .local: name
    case .ssh(let host): "\(name)@\(host)"
    }
  }
}
