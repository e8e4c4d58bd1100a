/// What one stop showed of a target's stacks.
package struct StackReport: Codable, Hashable, Sendable {
  package var program: String
  /// The target's process ID.
  package var pid: Int
  /// The highest accepted version.
  package var version: Int
  /// How long the target was stopped, in microseconds.
  package var pauseMicroseconds: Int
  package var threads: [ThreadReport]

  package init(
    program: String, pid: Int, version: Int, pauseMicroseconds: Int, threads: [ThreadReport]
  ) {
    self.program = program
    self.pid = pid
    self.version = version
    self.pauseMicroseconds = pauseMicroseconds
    self.threads = threads
  }

  enum CodingKeys: String, CodingKey {
    case program, pid, version
    case pauseMicroseconds = "pause_us"
    case threads
  }
}

/// The activations of one thread.
package struct ThreadReport: Codable, Hashable, Sendable {
  package var tid: Int
  /// As the program or the kernel named it.
  package var name: String
  /// Innermost first.
  package var frames: [FrameReport]
  /// How many activations are left out of a stack that is too long to be sent, before its last ones.
  package var omitted: Int
  /// Why the stack cannot be walked to its end, and where; then nothing may be concluded from it.
  package var notSafe: String?

  package init(
    tid: Int, name: String, frames: [FrameReport], omitted: Int = 0, notSafe: String? = nil
  ) {
    self.tid = tid
    self.name = name
    self.frames = frames
    self.omitted = omitted
    self.notSafe = notSafe
  }

  enum CodingKeys: String, CodingKey {
    case tid, name, frames, omitted
    case notSafe = "not_safe"
  }
}

/// An activation, or several that follow each other and are alike, as in a recursion.
package struct FrameReport: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Hashable, Sendable {
    /// Of the program: it can be updated.
    case procedure
    /// Code of the executable that no update replaces: the start files, the runtime.
    case program
    case library
    /// A return gate, in which a thread waits for an update.
    case gate
    /// The frame by which a signal handler returns.
    case signal
    /// In no file.
    case unknown
  }

  package var kind: Kind
  /// How many activations this stands for.
  package var count: Int
  /// Of the procedure: `name`, or `file.c:name` where a name alone is ambiguous.
  package var procedure: String?
  /// The nearest symbol before the address, if one is known.
  package var symbol: String?
  /// From `symbol`, else from the start of `object`, in bytes.
  package var offset: Int
  /// The procedure that is inlined there.
  package var inlined: String?
  /// The version that brought the code.
  package var version: Int?
  /// Whether calls lead to newer code already.
  package var isOld: Bool
  /// Whether it holds no update back, since it never returns.
  package var isResident: Bool
  package var file: String?
  package var line: Int?
  /// The library's file.
  package var object: String?
  /// Hexadecimal.
  package var address: String

  package init(kind: Kind, offset: Int, address: String) {
    self.kind = kind
    count = 1
    self.offset = offset
    isOld = false
    isResident = false
    self.address = address
  }

  enum CodingKeys: String, CodingKey {
    case kind, count, procedure, symbol, offset, inlined, version
    case isOld = "old"
    case isResident = "resident"
    case file, line, object, address
  }
}
