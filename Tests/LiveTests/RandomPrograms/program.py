"""A program in several versions: statements that are both C and Python, procedures, data."""

import copy
import re
from dataclasses import dataclass, field

M32, M64 = (1 << 32) - 1, (1 << 64) - 1
# Which threads use a procedure's data: main's, the worker's, or any (`pure` has no data but its thread's).
MAIN, WORKER, PURE = "main", "worker", "pure"


@dataclass
class Stmt:
    """One statement as two texts. `$v` is a local variable, `#k` a constant of `k`, `@D7` datum 7,
    `@F7` procedure 7, `@X7` its last argument if it has one more in some version, `%0` on a line of its own the statements `subs[0]`, `~` this statement's number."""

    uid: int
    c: str
    py: str
    k: dict = field(default_factory=dict)
    kinds: tuple = ()
    subs: list = field(default_factory=list)
    cost: int = 0

    def _references(self, letter):
        found = {int(n) for n in re.findall(rf"@{letter}(\d+)", self.c)}
        for sub in self.subs:
            for stmt in sub:
                found |= stmt._references(letter)
        return found

    @property
    def data(self):
        return self._references("D")

    @property
    def calls(self):
        return self._references("F")

    def walk(self):
        yield self
        for sub in self.subs:
            for stmt in sub:
                yield from stmt.walk()


@dataclass
class Datum:
    """A static or global datum; its elements' values are in each version's `inits`."""

    id: int
    name: str
    kind: object  # data.Kind
    family: str
    file: int  # where it is defined
    scope: str  # "global", "static", or "local"
    owner: int = -1  # the procedure of a local one


@dataclass
class Proc:
    id: int
    name: str
    file: int
    family: str
    shape: str
    static: bool = False
    noinline: bool = True
    rank: float = 0  # only procedures of lesser rank are called
    mark: int = 1  # the version in which the body last changed
    mark_kind: str = "immediate"
    body: list = field(default_factory=list)
    names: dict = field(default_factory=dict)  # other names of local variables
    tail: int = -1  # the procedure that it ends in
    address_taken: bool = False
    blank: int = 0  # empty lines in front
    cost: int = 1
    partner: object = None  # the other of a pair that call each other
    recurses: bool = False

    @property
    def noclone(self):
        """Whether no caller has a copy of its own; a round may not exist only as main's."""
        return self.noinline and (self.id % 2 == 0 or self.name.startswith("round_"))

    def walk(self):
        for stmt in self.body:
            yield from stmt.walk()

    @property
    def data(self):
        return set().union(*(s.data for s in self.body)) if self.body else set()

    @property
    def calls(self):
        found = set().union(*(s.calls for s in self.body)) if self.body else set()
        return found | ({self.tail} if self.tail >= 0 else set())


@dataclass
class Version:
    """One version: procedures in the order of their files, and the data's initial values."""

    number: int
    procs: dict  # id: Proc
    inits: dict  # datum's id: list of elements' values
    types: dict = field(default_factory=dict)  # datum's id: another element type, for refusals
    main_constant: int = 1
    orders: dict = field(default_factory=dict)  # file: what to sort its procedures by

    def copy(self, number):
        made = Version(number, {}, dict(self.inits), dict(self.types), self.main_constant,
                       dict(self.orders))
        made.procs = {i: copy.copy(p) for i, p in self.procs.items()}
        for proc in made.procs.values():
            proc.body, proc.names = list(proc.body), dict(proc.names)
        return made


@dataclass
class Program:
    seed: int
    files: int
    data: dict  # id: Datum
    versions: list
    threads: list  # of (family, entry procedure's id), main's first
    flags: list
    keep_calls: bool
    route: list  # indices of versions, in the order in which they are visited
    delays: list  # seconds before each update
    mutations: list  # of (index of version, name, procedure or datum)
    refusal: int = -1  # the index of a version that must be refused
    plan: str = ""

    def mutable(self, datum):
        """Whether any version has another initial value for a datum than another."""
        seen = [v.inits[datum] for v in self.versions if datum in v.inits]
        return any(s != seen[0] for s in seen)


def substitute(text, stmt, local, constant, datum, proc, extra):
    """A statement's text with all that it names put in."""
    text = text.replace("~", str(stmt.uid))
    text = re.sub(r"\$(\w+)", lambda m: local(m[1]), text)
    text = re.sub(r"#(\w+)", lambda m: constant(stmt.k[m[1]]), text)
    text = re.sub(r"@D(\d+)", lambda m: datum(int(m[1])), text)
    text = re.sub(r"@X(\d+)", lambda m: extra(int(m[1])), text)
    return re.sub(r"@F(\d+)", lambda m: proc(int(m[1])), text)


def render(stmts, which, indent, *names):
    """The lines of statements in C (`which` "c") or in Python ("py")."""
    lines = []
    for stmt in stmts:
        for line in substitute(getattr(stmt, which), stmt, *names).split("\n"):
            found = re.fullmatch(r"( *)%(\d+)", line)
            if not found:
                lines.append(indent + line)
                continue
            inner = render(stmt.subs[int(found[2])], which, indent + found[1], *names)
            if not inner and which == "py":
                inner = [indent + found[1] + "pass"]
            lines += inner
    return lines


def reachable(program, version):
    """The procedures that its threads may come to."""
    found, left = set(), [entry for _, entry in program.threads]
    while left:
        number = left.pop()
        if number in found or number not in version.procs:
            continue
        found.add(number)
        proc = version.procs[number]
        left += proc.calls
        for datum in proc.data:
            if "functions" in program.data[datum].kind.name:
                left += version.inits[datum][1:]
    return found


def prune(program, version):
    """Drops procedures that nothing calls: gcc would drop static ones as well."""
    kept = reachable(program, version)
    version.procs = {i: p for i, p in version.procs.items() if i in kept}
