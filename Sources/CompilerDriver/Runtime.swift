/// What is linked into every updatable program.
enum Runtime {
  /// Gathers the slots into one table among what is read-only after relocation.
  static let script = """
    SECTIONS
    {
      .pup_table : ALIGN(8)
      {
        PROVIDE_HIDDEN(__pup_table_start = .);
        *(.pup_table.*)
        PROVIDE_HIDDEN(__pup_table_end = .);
      }
    }
    INSERT AFTER .data.rel.ro;

    """

  /// Compiles the runtime for a link; it is small, and the compiler at hand is the right one for it.
  static func objects(
    arena: Int, threadReserve: Int, toolchain: Toolchain, in directory: TemporaryDirectory
  ) throws(DriverFailure) -> [String] {
    let files: [(String, [UInt8])] = [
      ("pup_runtime.h", PackageResources.pup_runtime_h),
      ("pup_runtime.c", PackageResources.pup_runtime_c),
      ("pup_gates.S", PackageResources.pup_gates_S),
    ]
    for (name, contents) in files {
      try AtomicFile.write(contents, to: directory.path + "/" + name)
    }
    return try ["pup_gates.S", "pup_runtime.c"].map { (name) throws(DriverFailure) -> String in
      let object = directory.path + "/" + name + ".o"
      try toolchain.mustRun([
        "-c", "-O2", "-fPIC", "-fno-stack-protector", "-fno-lto", "-w", "-std=gnu11",
        "-DPUP_ARENA_SIZE=\(arena)", "-DPUP_TLS_RESERVE=\(threadReserve)",
        directory.path + "/" + name, "-o", object,
      ])
      return object
    }
  }
}
