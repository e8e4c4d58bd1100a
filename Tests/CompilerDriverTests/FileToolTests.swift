import Foundation
import TestSupport
import Testing

/// Holds what strict tools say about a file of `pupcc` against what they say about gcc's.
struct `The tools that read ELF and DWARF` {
  /// The sources of three fixtures under names of their own, and the thread-local variable that the
  /// runtime adds to programs: eu-elflint stumbles over how ld aligns `.tbss`, with gcc alone, too.
  private static func workshop() throws -> Workshop {
    let shop = try Workshop([
      "lint.sh": lint,
      "reserve.c": "_Alignas(64) _Thread_local char __pup_tls_reserve[1024];\n",
    ])
    let fixtures = "\(Surroundings.repository)/fixtures"
    for name in ["zoo/v1.c", "zoo/zoo.h", "tick.h", "pizza/pizza1.c", "pizza/pizza.h"] {
      try shop.add("in/\(name)", contents(of: "\(fixtures)/\(name)"))
    }
    for name in try folderContents("\(fixtures)/shop")
    where name.hasSuffix(".h") || name.hasSuffix(".c") && name != "unused.c" {
      try shop.add("in/shop/\(name)", contents(of: "\(fixtures)/shop/\(name)"))
    }
    return shop
  }

  /// Prints what each tool complains of in each file.
  ///
  /// Numbers follow from the order of sections and of DIEs. Location lists are read by eu-readelf
  /// alone: for many an object of gcc, readelf never comes to the end of them.
  private static let lint = #"""
    for file; do
      {
        readelf -aW "$file" 2>&1 | grep -E '<(unknown|corrupt)|[Ww]arning:|[Ee]rror:'
        readelf --debug-dump=info,abbrev,aranges,frames-interp,rawline,decodedline,Ranges,macro,str,addr \
          "$file" 2>&1 >/dev/null
        eu-elflint --gnu-ld "$file"
        eu-readelf -aw "$file" 2>&1 >/dev/null
        objdump -dr "$file" 2>&1 | grep -E '\(bad\)|objdump:|[Ww]arning' | sed 's/.*\t/objdump: /'
        gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set complaints 1000' -ex "file $file" \
          -ex 'maintenance expand-symtabs' 2>&1 >/dev/null
      } 2>&1 | sed -E "s#[^ ]*$file#FILE#g; s/0x[0-9a-f]+/X/g; s/\[ *[0-9]+\]/[N]/g
        s/(symbol|offset|section|entry|index|unit) [0-9]+/\1 N/g; /^No errors/d"
    done | sort -u

    """#

  /// What is no fault of a file.
  ///
  /// eu-elflint knows the notes of GNU alone, and takes any other in a file that is not an object
  /// for a mistake, although the owner's name is there to tell them apart.
  private static func isExplained(_ line: Substring) -> Bool {
    line.contains("'.note.pup_object': unknown object file note type 1 with owner name 'pup'")
  }

  /// Runs `recipe` with gcc and with pupcc in folders of their own (`$in` has the fixtures), and
  /// compares the complaints about all files that lie in `out` then.
  ///
  /// An option that pupcc drops with a note is not given to gcc, either.
  private func expectNoNewComplaint(_ recipe: String) async throws {
    let shop = try Self.workshop()
    var complaints: [Set<Substring>] = []
    for (name, compiler) in [("gcc", "gcc -g"), ("pupcc", "$CC -g")] {
      var recipe = recipe
      for dropped in ["-fuse-ld=gold", "-fuse-ld=lld", "-flto"] where name == "gcc" {
        recipe = recipe.replacingOccurrences(of: dropped, with: "")
      }
      let made = try await shop.shell(
        "gcc -g -c reserve.c -o reserve.o; mkdir -p \(name)/out && cd \(name) && in=../in"
          + " && reserve=\(name == "gcc" ? "../reserve.o" : "") && cc='\(compiler)' &&"
          + recipe.replacingOccurrences(of: "CC", with: compiler))
      try #require(made.status == 0, "\(recipe)\n\(made.summary)")
      let said = try await shop.shell("cd \(name)/out && sh ../../lint.sh *")
      complaints.append(Set(said.output.split(separator: "\n")))
    }
    let new = complaints[1].subtracting(complaints[0]).filter { !Self.isExplained($0) }
    #expect(new.isEmpty, "\(recipe):\n\(new.sorted().joined(separator: "\n"))")
  }

  /// Flag sets with which everything is compiled.
  static let flags = [
    "-O0", "-O2", "-O3 -fcf-protection", "-O2 -ffunction-sections -fdata-sections -g3",
    "-O2 -gdwarf-4 -fPIC", "-O2 -fdebug-types-section -fcommon",
    "-O2 -fno-asynchronous-unwind-tables",
  ]

  @Test(arguments: flags)
  func `complain of no object`(flags: String) async throws {
    try await expectNoNewComplaint(
      "(cd out && CC \(flags) -c ../$in/*/[ps-v]*.c)")
  }

  @Test(arguments: ["-O2"])
  func `complain of no member of an archive, ld -r or library`(flags: String) async throws {
    try await expectNoNewComplaint(
      "CC -fPIC \(flags) -c $in/shop/*.c"
        + " && ar rcs all.a *.o && (cd out && ar x ../all.a stock.o main.o)"
        + " && ld -r *.o -o out/joined && CC -r *.o -o out/joined-by-driver"
        + " && CC -shared *.o -o out/library.so && CC -pthread out/joined -o out/program $reserve")
  }

  @Test(arguments: [
    "", "-O0", "-O3 -fcf-protection", "-fno-pie -no-pie", "-static", "-static-pie -fPIE",
    "-Wl,--gc-sections -rdynamic", "-fuse-ld=gold", "-fuse-ld=lld", "-flto", "-g3 -gz",
    "-gdwarf-4 -fPIC", "-s", "-Wl,-S,-z,now,-z,noseparate-code",
  ])
  func `complain of no program`(flags: String) async throws {
    try await expectNoNewComplaint(
      "CC -O2 \(flags) -pthread $in/zoo/v1.c $reserve -o out/zoo")
  }
}
