import Foundation
import TestSupport
import Testing

struct `A build system that is told to use pupcc` {
  @Test func `make builds, and builds again only what changed`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add(
      "Makefile",
      """
      CFLAGS = -O2 -MMD
      prog: main.o twice.o
      \t$(CC) $(LDFLAGS) -o $@ $^
      -include main.d twice.d

      """)
    let first = try await shop.run("make", ["CC=\(Workshop.pupcc)"])
    #expect(first.status == 0 && first.errors.isEmpty, "\(first.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])

    try shop.add(
      "twice.c", "#include \"twice.h\"\nint twice(int number) { return number + number + 1; }\n")
    let second = try await shop.run("make", ["CC=\(Workshop.pupcc)"])
    #expect(second.status == 0 && !second.output.contains("main.c"), "\(second.summary)")
    #expect(try await shop.run("./prog").output == "43\n")
  }

  @Test func `CMake configures, builds a library and a program`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add(
      "CMakeLists.txt",
      """
      cmake_minimum_required(VERSION 3.20)
      project(example C)
      include(CheckFunctionExists)
      check_function_exists(printf HAS_PRINTF)
      check_function_exists(no_such_function HAS_NO_SUCH)
      if(NOT HAS_PRINTF OR HAS_NO_SUCH OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
        message(FATAL_ERROR "the compiler was not understood")
      endif()
      add_library(twice STATIC twice.c)
      add_executable(prog main.c)
      target_link_libraries(prog twice)

      """)
    let made = try await shop.shell(
      "cmake -S . -B b -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=$CC && cmake --build b")
    #expect(made.status == 0, "\(made.summary)")
    try await expectFortyTwo(shop, "./b/prog")
    #expect(try await shop.procedures(of: "b/prog") == ["main", "twice"])
  }

  @Test func `a configure script finds out what it finds out with gcc`() async throws {
    let shop = try Workshop()
    try shop.add(
      "configure.ac",
      """
      AC_INIT([example], [1])
      AC_PROG_CC
      AC_CHECK_FUNCS([memmem no_such_function])
      AC_CHECK_LIB([m], [cos])
      AC_CHECK_SIZEOF([long])
      AC_RUN_IFELSE([AC_LANG_PROGRAM([], [[return 0;]])], [AC_DEFINE([RUNS])])
      AC_RUN_IFELSE([AC_LANG_PROGRAM([], [[return 1;]])], [AC_DEFINE([LIES])])
      AC_OUTPUT

      """)
    let outcome = try await shop.shell(
      "autoconf && for c in gcc $CC; do ./configure CC=$c >log 2>&1 || cat log;"
        + " grep -E '^(DEFS|LIBS|EXEEXT|OBJEXT|cross_compiling)=' config.log; echo; done")
    let found = outcome.output.components(separatedBy: "\n\n")
    try #require(found.count == 3, "\(outcome.summary)")
    #expect(found[0] == found[1])
    #expect(found[1].contains("DRUNS") && found[1].contains("DHAVE_MEMMEM"))
  }

  @Test func `a lone source becomes a.out in one call, and nothing is left beside it`() async throws
  {
    let shop = try Workshop(["conftest.c": "int main(void) { return 7; }\n"])
    let outcome = try await shop.pupcc("conftest.c")
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
    #expect(try await shop.run("./a.out").status == 7)
    #expect(try await shop.shell("ls").output == "a.out\nconftest.c\n")
  }
}
