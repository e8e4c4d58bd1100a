// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A library target of ours; `uses` names siblings and products.
func module(_ name: String, _ uses: Target.Dependency..., resources: [Resource]? = nil) -> Target {
  .target(name: name, dependencies: uses, resources: resources, swiftSettings: settings)
}

func tool(_ name: String, _ uses: Target.Dependency...) -> Target {
  .executableTarget(
    name: name,
    dependencies: uses + [.product(name: "ArgumentParser", package: "swift-argument-parser")],
    swiftSettings: settings)
}

func tests(_ name: String, _ uses: Target.Dependency..., exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: uses + ["TestSupport"], exclude: exclude, swiftSettings: settings)
}

let package = Package(
  name: "pup",
  products: [
    .library(name: "PupKit", targets: ["PupKit"]),
    .executable(name: "pup", targets: ["pup"]),
    .executable(name: "ush", targets: ["ush"]),
    .executable(name: "pupmapper", targets: ["pupmapper"]),
    .executable(name: "pupcc", targets: ["pupcc"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Pure modules: no system interface of any kind.
    module("VersionSpace"),
    module("ByteCoding"),
    module("X86Code", "VersionSpace"),
    module("ObjectModel"),
    module("TypeModel"),
    module("Unwinding", "VersionSpace", "ByteCoding"),
    module("Relinking", "VersionSpace", "ByteCoding", "X86Code", "ObjectModel", "TypeModel"),
    module(
      "Comparing", "VersionSpace", "ByteCoding", "X86Code", "ObjectModel", "TypeModel", "Relinking"),
    module("Mapping", "VersionSpace", "TypeModel", "Relinking", "Comparing"),
    module(
      "Updating", "VersionSpace", "ByteCoding", "X86Code", "ObjectModel", "TypeModel", "Unwinding",
      "Relinking", "Comparing"),

    module("GraphDrawing"),

    // Adapters: each owns one foreign interface.
    .systemLibrary(name: "CLibelf", path: "CSupport/libelf"),
    .systemLibrary(name: "CLibdwarf", path: "CSupport/libdwarf"),
    .systemLibrary(name: "CZydis", path: "CSupport/zydis"),
    .systemLibrary(name: "CSQLite", path: "CSupport/sqlite"),
    .systemLibrary(name: "CZlib", path: "CSupport/zlib"),
    .systemLibrary(name: "CDigest", path: "CSupport/libmd"),
    .target(name: "CPtrace", path: "CSupport/ptrace", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CSocket", path: "CSupport/socket", cSettings: [.define("_GNU_SOURCE")]),
    .target(
      name: "CEditLine", path: "CSupport/editline", cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.linkedLibrary("edit")]),
    module("ELFFile", "ByteCoding", "ObjectModel", "CLibelf", "CZlib"),
    module("DWARFInfo", "TypeModel", "ByteCoding", "CLibdwarf"),
    module("Disassembler", "X86Code", "CZydis"),
    module("Tracee", "ByteCoding", "VersionSpace", "Unwinding", "CPtrace"),
    module("Journal", "VersionSpace", "CSQLite"),
    module("Digest", "CDigest"),
    module("PupProtocol", "CSocket", "Digest"),
    module("LineEditing", "CEditLine"),
    module(
      "ProgramImages", "ELFFile", "ObjectModel", "TypeModel", "VersionSpace", "Relinking",
      "ByteCoding", "Digest"),

    // What each tool does.
    module(
      "CompilerDriver", "ProgramImages", "VersionSpace", "ObjectModel", "TypeModel", "Relinking",
      "ELFFile", "DWARFInfo", "Disassembler",
      "X86Code", resources: [.embedInCode("Resources")]),
    module(
      "PupKit", "VersionSpace", "ByteCoding", "ObjectModel", "TypeModel", "X86Code", "Unwinding",
      "Relinking",
      "Comparing", "Mapping", "Updating", "ELFFile", "DWARFInfo", "Disassembler", "Tracee",
      "Journal",
      "PupProtocol", "ProgramImages"),
    module("MapperKit", "PupProtocol"),
    module("UshKit", "PupProtocol", "PupKit", "LineEditing", "Comparing", "GraphDrawing"),

    tool("pup", "PupKit", "PupProtocol"),
    tool("ush", "UshKit", "PupKit", "PupProtocol", "Comparing"),
    tool("pupmapper", "MapperKit"),
    tool("pupcc", "CompilerDriver"),

    // What is measured, and how it is published (scripts/benchmark).
    .target(name: "Measuring", path: "Benchmarks/Measuring", swiftSettings: settings),
    .executableTarget(
      name: "benchmarks",
      dependencies: [
        "Measuring", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/benchmarks", swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["ObjectModel", "TypeModel", "VersionSpace"],
      path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("VersionSpaceTests", "VersionSpace"),
    tests("GraphDrawingTests", "GraphDrawing"),
    tests("BenchmarksTests", "Measuring"),
    tests("ByteCodingTests", "ByteCoding"),
    tests("X86CodeTests", "X86Code", "Disassembler"),
    tests("ELFFileTests", "ELFFile", "ObjectModel"),
    tests("DWARFInfoTests", "DWARFInfo", "TypeModel"),
    tests(
      "UnwindingTests", "Unwinding", "VersionSpace", "Tracee", "Updating", "pupcc",
      exclude: ["Programs"]),
    tests(
      "RelinkingTests", "Relinking", "ObjectModel", "ELFFile", "Disassembler", "X86Code",
      "TypeModel", "VersionSpace", "ProgramImages", "pupcc"),
    tests(
      "ComparingTests", "Comparing", "Relinking", "ObjectModel", "TypeModel", "VersionSpace",
      "X86Code",
      "ELFFile", "Disassembler", "pupcc", "ush", exclude: ["Oracle"]),
    tests("TypeModelTests", "TypeModel"),
    tests("MappingTests", "Mapping", "TypeModel"),
    tests("UpdatingTests", "Updating", "VersionSpace", "Unwinding"),
    .executableTarget(
      name: "BorrowingTracer", dependencies: ["Tracee", "VersionSpace"],
      path: "Tests/BorrowingTracer", swiftSettings: settings),
    tests("TraceeTests", "Tracee", "VersionSpace", "Unwinding", "BorrowingTracer"),
    .executableTarget(
      name: "JournalWriter", dependencies: ["Journal"], path: "Tests/JournalWriter",
      swiftSettings: settings),
    tests("JournalTests", "Journal", "VersionSpace", "JournalWriter"),
    .executableTarget(
      name: "ScriptedPup", dependencies: ["PupProtocol"], path: "Tests/ScriptedPup",
      swiftSettings: settings),
    tests("PupProtocolTests", "PupProtocol", "Digest", "MapperKit", "UshKit", "ScriptedPup"),
    tests("CompilerDriverTests", "CompilerDriver", "pupcc"),
    tests(
      "ProgramImagesTests", "ProgramImages", "ByteCoding", "Digest", "VersionSpace", "ELFFile",
      "Relinking", "pupcc"),
    // What preparing an update costs, in instructions.
    .executableTarget(
      name: "ScaleProbe",
      dependencies: [
        "ByteCoding", "Comparing", "Disassembler", "ELFFile", "ProgramImages", "Relinking",
        "Unwinding", "Updating", "VersionSpace",
      ],
      path: "Tests/ScaleProbe", swiftSettings: settings),
    tests("ScaleTests", "ScaleProbe", "pupcc"),
    tests("LiveTests", exclude: ["Clients", "RandomPrograms"]),
  ]
)
