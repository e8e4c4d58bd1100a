import Comparing
import Testing
import TypeModel

@Suite struct DataTests {
  /// Types as the tests' sources need them.
  private static func types(isGrown: Bool) -> Sample.Types {
    var types = Sample.Types()
    let int = types.graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
    let names = isGrown ? ["hits", "misses", "last"] : ["hits", "misses"]
    let stats = types.graph.append(
      .structure(
        Composite(
          tag: "stats", byteCount: 4 * names.count,
          members: names.enumerated().map { Member(name: $1, type: int, bitOffset: 32 * $0) },
          declaredAt: SourceLine(file: "sample.c", line: 1))))
    types.data["stats"] = stats
    let pointer = types.graph.append(.pointer(to: stats))
    types.data["current"] = pointer
    types.prototypes["reader"] = Prototype(result: int, parameters: [])
    types.data["other"] = pointer
    return types
  }

  private static func source(_ more: String, _ extra: String = "") -> String {
    """
    struct stats { int hits, misses;\(more) };
    static struct stats stats;
    \(extra)
    __attribute__((noinline)) int reader(void) { return stats.hits; }
    __attribute__((noinline)) int writer(void) { return ++stats.hits; }
    __attribute__((noinline)) int bystander(void) { return 3; }
    int main(void) { return reader() + writer() + bystander(); }
    """
  }

  @Test func `equal code that reads moved storage is rebound`() async throws {
    let old = Sample(source: Self.source(""), types: Self.types(isGrown: false))
    let new = Sample(source: Self.source(" int last;"), types: Self.types(isGrown: true))
    let refused = try await changes(old, new)
    #expect(
      refused.refusals == [
        .datumNeedsMap(
          name: "stats", oldType: "struct stats", newType: "struct stats",
          at: SourceLine(file: "sample.c", line: 1))
      ])

    let found = try await changes(
      old, new, maps: GivenMaps(functions: ["mproc_data_stats"]))
    #expect(found.refusals == [])
    #expect(found.datum("stats")?.action == .map(by: "mproc_data_stats"))
    #expect(found.procedure("reader")?.status == .changed([.datumMoved("stats")]))
    #expect(found.procedure("reader")?.touches == [.datum("stats"), .structure("stats")])
    #expect(found.procedure("bystander")?.status == .same)
    #expect(found.group(.datum("stats")) == ["reader", "writer"])
    #expect(found.groups.first?.forbidsResidents == true)
  }

  @Test func `an mprocedure moves storage of the same type`() async throws {
    let source = """
      extern int printf(const char *, ...);
      void do_pizza(void) { static int pd = 1; printf("%d", pd); pd++; }
      int main(void) { do_pizza(); }
      """
    var sample = Sample(source: source)
    sample.types.owners["pd"] = "do_pizza"
    let shared = try await changes(sample, sample)
    #expect(shared.datum("pd")?.action == .share)
    let moved = try await changes(
      sample, sample,
      maps: GivenMaps(
        functions: ["mproc_do_pizza"], uses: ["old_do_pizza__pd", "new_do_pizza__pd"]))
    #expect(moved.datum("pd")?.action == .map(by: "mproc_do_pizza"))
    #expect(moved.changedNames.contains("do_pizza"))
  }

  @Test func `refuses a map that names no datum`() async throws {
    let sample = Sample(source: "int known; int get(void) { return known++; }")
    let maps = GivenMaps(functions: ["mproc_data_known", "mproc_data_knwon"])
    let found = try await changes(sample, sample, maps: maps)
    #expect(found.refusals.count == 1)
    #expect("\(found.refusals)".contains("mproc_data_knwon"))
  }

  @Test func `gives the elements whose initial value changed`() async throws {
    func sample(_ values: String, _ text: String) -> Sample {
      var sample = Sample(
        source: """
          int table[4] = {\(values)};
          const char *name = "\(text)";
          int get(int i) { return table[i]++; }
          const char *called(void) { return name; }
          int main(void) { name++; return get(1); }
          """)
      let int = sample.types.graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
      let char = sample.types.graph.append(
        .base(name: "char", encoding: .signedCharacter, byteCount: 1))
      sample.types.data["table"] = sample.types.graph.append(.array(of: int, count: 4))
      sample.types.data["name"] = sample.types.graph.append(.pointer(to: char))
      return sample
    }
    let old = sample("1, 2, 3, 4", "one")
    let new = sample("1, 20, 3, 256", "two")
    let found = try await changes(old, new)
    #expect(
      found.datum("table")?.action
        == .reinitialise([
          .init(offset: 4, oldBytes: [2, 0, 0, 0], newBytes: [20, 0, 0, 0]),
          .init(offset: 12, oldBytes: [4, 0, 0, 0], newBytes: [0, 1, 0, 0]),
        ]))
    let zero = [UInt8](repeating: 0, count: 8)
    #expect(
      found.datum("name")?.action
        == .reinitialise([
          .init(offset: 0, oldBytes: zero, newBytes: zero, isRelocated: true)
        ]))
    #expect(found.changedNames == [])
    #expect(found.group(.datum("table"))?.contains("get") == true)

    let wished = try await changes(old, new, wishes: "keep name\nreset table\n")
    #expect(wished.datum("name")?.action == .share)
    guard case .reinitialise(let elements) = wished.datum("table")?.action else {
      Issue.record("not reinitialised: \(String(describing: wished.datum("table")))")
      return
    }
    #expect(elements.count == 1)
    #expect(elements.first?.isForced == true)
    #expect(elements.first?.newBytes.count == 16)
  }

  @Test func `constant data of other content gets new storage`() async throws {
    func sample(_ word: String) -> Sample {
      var sample = Sample(
        source: """
          const char *const words[] = {"a", "\(word)"};
          const int sizes[2] = {1, 2};
          const char *word(int i) { return words[i & 1]; }
          int size(int i) { return sizes[i & 1]; }
          int main(void) { return word(1)[0] + size(2); }
          """)
      let int = sample.types.graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
      let char = sample.types.graph.append(
        .base(name: "char", encoding: .signedCharacter, byteCount: 1))
      let pointer = sample.types.graph.append(.pointer(to: char))
      sample.types.data["words"] = sample.types.graph.append(.array(of: pointer, count: 2))
      sample.types.data["sizes"] = sample.types.graph.append(.array(of: int, count: 2))
      return sample
    }
    let found = try await changes(sample("b"), sample("c"))
    #expect(found.datum("words")?.action == .create)
    #expect(found.datum("sizes")?.action == .share)
    #expect(found.procedure("word")?.status == .changed([.datumMoved("words")]))
    #expect(found.procedure("size")?.status == .same)
  }

  @Test func `refuses a pointer that may have walked into moved data`() async throws {
    func sample(_ count: Int) -> Sample {
      var sample = Sample(
        source: """
          int items[\(count)] = {1};
          int *cursor = items;
          int next(void) { return *cursor++; }
          int main(void) { return next() + items[2]; }
          """)
      let int = sample.types.graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
      sample.types.data["items"] = sample.types.graph.append(.array(of: int, count: count))
      sample.types.data["cursor"] = sample.types.graph.append(.pointer(to: int))
      return sample
    }
    let maps = GivenMaps(functions: ["mproc_data_items"])
    let found = try await changes(sample(4), sample(8), maps: maps)
    #expect(
      found.refusals == [
        .pointerToMoved(
          datum: "cursor", pointsTo: "items", at: SourceLine(file: "sample.c", line: 1))
      ])
    let harmless = try await changes(
      sample(4), sample(8), wishes: "harmless cursor", maps: maps)
    #expect(harmless.refusals == [])
  }

  @Test func `re-points a pointer to a moved struct`() async throws {
    let extra = "static struct stats *current = &stats;\nint peek(void) { return current++->hits; }"
    let old = Sample(source: Self.source("", extra), types: Self.types(isGrown: false))
    let new = Sample(source: Self.source(" int last;", extra), types: Self.types(isGrown: true))
    let found = try await changes(
      old, new, wishes: "harmless struct stats",
      maps: GivenMaps(functions: ["mproc_data_stats"]))
    guard case .reinitialise(let elements) = found.datum("current")?.action else {
      Issue.record("not re-pointed: \(String(describing: found.datum("current")))")
      return
    }
    #expect(elements.map(\.isRelocated) == [true])
    #expect(found.refusals == [])
    let refused = try await changes(
      old, new, maps: GivenMaps(functions: ["mproc_data_stats"]))
    #expect(
      refused.refusals == [
        .structureNeedsMap(tag: "stats", at: SourceLine(file: "sample.c", line: 1))
      ])
  }
}
