import Foundation
import TestSupport
import Testing

/// Holds what strict tools say about a file of `pupcc` against what they say about gcc's.
struct `The tools that read ELF and DWARF` {
  /// Exhibits of the zoo whose objects have the sections, relocations and DIEs that others have not.
  private static let exhibits = [
    "assembly", "commons", "inlining", "labels", "linkage", "locals", "main", "sections",
    "switches", "tables", "vectors",
  ]

  /// A workshop with these sources in `in`, and the thread-local variable that the runtime adds to
  /// programs: eu-elflint stumbles over how ld aligns `.tbss`, with gcc alone, too.
  private static func workshop() throws -> Workshop {
    let shop = try Workshop([
      "lint.sh": lint,
      "reserve.c": "_Alignas(64) _Thread_local char __pup_tls_reserve[1024];\n",
    ])
    let fixtures = "\(Surroundings.repository)/fixtures"
    let more = ["commons_more", "linkage_more"]
    for name in (exhibits + more).map({ "zoo/\($0).c" }) + ["zoo/zoo.h"] {
      try shop.add("in/\(name)", contents(of: "\(fixtures)/\(name)"))
    }
    for name in try folderContents("\(fixtures)/shop")
    where name.hasSuffix(".h") || name.hasSuffix(".c") && name != "unused.c" {
      try shop.add("in/shop/\(name)", contents(of: "\(fixtures)/shop/\(name)"))
    }
    return shop
  }

  /// Prints what each tool complains of in the files that it is given as `./NAME`.
  ///
  /// Numbers follow from the order of sections and of DIEs. Location lists are read by eu-readelf
  /// alone: for many an object of gcc, readelf never comes to the end of them.
  private static let lint = #"""
    {
      readelf -aW "$@" 2>&1 | grep -E '<(unknown|corrupt)|[Ww]arning:|[Ee]rror:'
      readelf --debug-dump=info,abbrev,aranges,frames-interp,rawline,decodedline,Ranges,macro,str,addr \
        "$@" 2>&1 >/dev/null
      eu-elflint --gnu-ld "$@"
      eu-readelf -aw "$@" 2>&1 >/dev/null
      objdump -dr "$@" 2>&1 | grep -E '\(bad\)|objdump:|[Ww]arning' | sed 's/.*\t/objdump: /'
      for file; do
        set -- "$@" -ex "file $file" -ex 'maintenance expand-symtabs'
        shift
      done
      gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set complaints 1000' "$@" 2>&1 >/dev/null
    } 2>&1 | sed -E "s#[^ ]*($(echo "$@" | tr ' ' '|'))#FILE#g; s/0x[0-9a-f]+/X/g; s/\[ *[0-9]+\]/[N]/g
      s/(symbol|offset|section|entry|index|unit) [0-9]+/\1 N/g; /^No errors|^(FILE:)?$/d" | sort -u

    """#

  /// What is no fault of a file.
  ///
  /// eu-elflint knows the notes of GNU alone, and takes any other in a file that is not an object
  /// for a mistake, although the owner's name is there to tell them apart.
  private static func isExplained(_ line: Substring) -> Bool {
    line.contains("'.note.pup_object': unknown object file note type 1 with owner name 'pup'")
  }

  /// Runs `recipe` with gcc and with pupcc in folders of their own (`$in` has the sources), and
  /// compares the complaints about each of the `folders` that it fills.
  private func expectNoNewComplaint(about folders: [String], _ recipe: String) async throws {
    let shop = try Self.workshop()
    let recipe = "mkdir \(folders.joined(separator: " ")) && \(recipe)"
    #expect(try await shop.gcc("-g", "-c", "reserve.c", "-o", "reserve.o").status == 0)
    async let known = complaints(of: "gcc", about: folders, recipe, in: shop)
    let found = try await complaints(of: "$CC", about: folders, recipe, in: shop)
    #expect(found.contains(where: Self.isExplained), "the tools were not heard")
    let new = try await found.subtracting(known).filter { !Self.isExplained($0) }
    #expect(new.isEmpty, "\(recipe):\n\(new.sorted().joined(separator: "\n"))")
  }

  private func complaints(
    of compiler: String, about folders: [String], _ recipe: String, in shop: Workshop
  ) async throws -> Set<Substring> {
    let (place, reserve) = compiler == "gcc" ? ("gcc", "../reserve.o") : ("pupcc", "")
    let made = try await shop.shell(
      "mkdir \(place) && cd \(place) && in=../in && reserve=\(reserve) && "
        + recipe.replacingOccurrences(of: "CC", with: "\(compiler) -g"))
    try #require(made.status == 0, "\(recipe)\n\(made.summary)")
    let said = try await shop.shell(
      "cd \(place) && for folder in \(folders.joined(separator: " ")); do"
        + " (cd $folder && sh ../../lint.sh ./* | sed \"s/^/$folder: /\"); done")
    return Set(said.output.split(separator: "\n"))
  }

  /// Each kind of debug information, of code and of sections once: an object of `-O2` alone has what
  /// those of programs and of the library have.
  @Test(arguments: [
    "-O0 -gz", "-O3 -fcf-protection -ffunction-sections -fdata-sections -g3",
    "-O2 -gdwarf-4 -fPIC -fdebug-types-section -fcommon", "-O2 -fno-asynchronous-unwind-tables",
  ])
  func `complain of no object`(flags: String) async throws {
    let exhibits = Self.exhibits.map { "../$in/zoo/\($0).c" }.joined(separator: " ")
    try await expectNoNewComplaint(
      about: ["objects"],
      "(cd objects && CC \(flags) -c \(exhibits) ../$in/shop/workers.c ../$in/shop/server.c)")
  }

  @Test func `complain of no member of an archive, ld -r or library`() async throws {
    try await expectNoNewComplaint(
      about: ["members", "joined", "driven", "library", "program"],
      "CC -fPIC -O2 -c $in/shop/*.c"
        + " && ar rcs all.a *.o && (cd members && ar x ../all.a stock.o main.o)"
        + " && ld -r *.o -o joined/shop.o && CC -r *.o -o driven/shop.o"
        + " && CC -shared *.o -o library/shop.so && CC -pthread joined/shop.o -o program/shop $reserve"
    )
  }

  /// Ways to link the same objects.
  private static let links = [
    "", "-fno-pie -no-pie", "-static", "-static-pie", "-Wl,--gc-sections -rdynamic", "-s", "-gz",
    "-Wl,-S,-z,now,-z,noseparate-code",
  ]

  /// With sections for each procedure, as pupcc compiles: what the linker drops is the same.
  @Test(arguments: [
    ("-O2 -fPIE -g3 -ffunction-sections -fdata-sections", links),
    ("-O0 -fno-pie", ["-no-pie", "-static"]),
    ("-O3 -fcf-protection -gdwarf-4 -fPIC", ["", "-static-pie"]),
  ])
  func `complain of no program`(flags: String, links: [String]) async throws {
    let programs = links.enumerated().map { index, link in
      "CC \(flags) -pthread \(link) *.o $reserve -o program\(index)/zoo"
    }
    try await expectNoNewComplaint(
      about: links.indices.map { "program\($0)" },
      "CC \(flags) -c $in/zoo/*.c && " + programs.joined(separator: " && "))
  }
}
