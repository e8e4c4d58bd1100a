"""Makes version 1 of a random program."""

import random as randoms

import accesses
import calls
import data
import mutations
import shapes
import statements
from program import MAIN, PURE, WORKER, Datum, Proc, Program, Stmt, Version, prune

NAMES = ["count", "table", "state", "total", "last", "mode", "rate", "level"]
VERBS = ["step", "mix", "pick", "fold_in", "weigh", "turn", "settle", "probe"]
MAKERS = [
    (statements.arithmetic, 4), (statements.signed, 1), (statements.wide, 1),
    (statements.int128, 1), (statements.floating, 1), (statements.string, 1),
    (statements.branch, 2), (statements.loop, 2), (statements.switch, 1.5),
    (statements.computed_goto, 0.7), (statements.array, 1.2), (statements.pun, 0.7),
    (statements.nap, 1.2), (calls.direct, 6), (calls.nested, 1.2), (calls.recursion, 1),
    (calls.pointer, 1), (calls.table, 2), (calls.sort, 1), (calls.catch, 1.2), (calls.throw, 0.8),
    (accesses.elements, 4), (accesses.reals, 0.8), (accesses.scalar, 2), (accesses.members, 2),
    (accesses.texts, 0.8),
]
LEVELS = ["-O0", "-Og", "-O1", "-O2", "-O3", "-Os"]
LINKS = [[], ["-no-pie", "-fno-pie"], ["-static"]]


class Generator:
    """Grows one version of a program; every choice comes from the seed."""

    def __init__(self, seed, budget=36):
        self.rng = randoms.Random(seed)
        self.budget = budget
        self.uid = 0
        self.files = self.rng.randint(2, 4)
        self.data, self.next_proc, self.next_datum = {}, 1, 1
        self.version = Version(1, {}, {})
        self.table_cost = 1
        self.building = None

    def stmt(self, c, py, k, *kinds, subs=None, cost=0):
        self.uid += 1
        subs = subs or []
        cost += sum(max((s.cost for s in sub), default=0) * len(sub) for sub in subs)
        return Stmt(self.uid, c, py, k, kinds, subs, cost)

    def block(self, p, depth, most, cheap=False):
        """A few statements in a row."""
        made = []
        for _ in range(self.rng.randint(1, most)):
            made.append(self.statement(p, depth, cheap))
        return made

    def statement(self, p, depth, cheap=False):
        """One statement that fits in a procedure and its budget."""
        while True:
            maker = self.rng.choices([m for m, _ in MAKERS], [w for _, w in MAKERS])[0]
            if p.shape == "compare" and (maker.__module__ == "calls"):
                continue
            if cheap and maker in (statements.nap, statements.string, calls.catch):
                continue
            made = maker(self, p, depth)
            if made and p.cost + made.cost <= self.budget:
                p.cost += made.cost if depth == 2 else 0
                return made

    def callee(self, p, wanted=None, weigh=None):
        """A procedure that may be called from another: made before it, affordable, of its threads."""
        found = [q for q in self.version.procs.values()
                 if q is not p and q is not p.partner and q.rank < self.limit(p)
                 and q.family in (p.family, PURE) and not q.name.startswith(("round", "dump"))
                 and (q.shape in wanted if wanted else q.shape != "compare")
                 and p.cost + (weigh or q.cost) <= self.budget
                 and (not q.static or q.file == p.file)]
        return self.rng.choice(found) if found else None

    def limit(self, p):
        """The rank that what it calls stays below: pairs count as the first of them."""
        return min(p.rank, p.partner.rank) if p.partner else p.rank

    def datum(self, p, kind_name):
        """A datum that a procedure may use, old or new."""
        kind = data.BY_NAME[kind_name]
        if "functions" in kind_name and self.limit(p) < 5:
            return None
        if p.family == PURE and not (kind.const or kind.thread):
            return None
        known = [d for d in self.data.values() if d.kind is kind and self._reaches(p, d)]
        if known and self.rng.random() < 0.6:
            return self.rng.choice(known)
        return self.new_datum(p, kind)

    def _reaches(self, p, d):
        procs = self.version.procs
        if "functions" in d.kind.name and any(
                f not in procs or procs[f].rank >= self.limit(p) or procs[f].family not in (p.family, PURE)
                for f in self.version.inits.get(d.id, [0])[1:]):
            return False
        if d.family != p.family and not (d.kind.const and d.family == PURE):
            return False
        return d.id in self.version.inits and (
            d.owner == p.id if d.scope == "local" else d.scope == "global" or d.file == p.file)

    def new_datum(self, p, kind):
        functions = [q for q in self.version.procs.values()
                     if q.shape == "one" and q.rank < self.limit(p) and q.cost <= 4
                     and q.family in (p.family, PURE) and (not q.static or q.file == p.file)]
        if "functions" in kind.name and len(functions) < 2:
            return None
        rng, scope = self.rng, self.rng.choice(["global", "static", "local"])
        if "functions" in kind.name:
            scope = "static"
            self.table_cost = 4
        number = self.next_datum
        self.next_datum += 1
        name = rng.choice(NAMES) if scope == "local" else f"{rng.choice(NAMES)}_{number}"
        if scope == "static":  # of one name in several files
            name = self._unique(rng.choice(NAMES) + "_here", p.file, number)
        if scope == "local" and any(
                d.name == name and d.owner == p.id for d in self.data.values()):
            name += str(number)
        made = Datum(number, name, kind, p.family, p.file, scope, p.id if scope == "local" else -1)
        self.data[number] = made
        self.version.inits[number] = data.initial(
            kind, rng, self.version.number, [q.id for q in functions])
        if "functions" in kind.name:
            for f in self.version.inits[number][1:]:
                self.version.procs[f].address_taken = True
        return made

    def _unique(self, name, file, number):
        taken = {d.name for d in self.data.values() if d.file == file}
        taken |= {q.name for q in self.version.procs.values() if q.file == file}
        return f"{name}{number}" if name in taken else name

    def proc(self, family, shape=None, name=None, file=None, rank=None):
        """A new procedure with a random body, which calls only what was there before."""
        rng, number = self.rng, self.next_proc
        self.next_proc += 1
        made = Proc(number, name or f"{rng.choice(VERBS)}_{number}",
                    rng.randrange(self.files) if file is None else file, family,
                    shape or rng.choices(
                        list(shapes.SHAPES),
                        [3, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1.2, 1])[0],
                    rank=number if rank is None else rank, mark=self.version.number)
        made.static = name is None and rng.random() < 0.4
        made.noinline = name is not None or rng.random() < 0.5
        if made.static and rng.random() < 0.6:
            made.name = self._unique(rng.choice(VERBS), made.file, number)
        made.mark_kind = rng.choice(["immediate", "immediate", "table", "text", "inline"])
        self.version.procs[number] = made
        return made

    def fill(self, made, least=3, most=7):
        """Gives a procedure its body."""
        normal, self.budget = self.budget, (
            5 if made.partner else 11 if made.shape == "plain" else self.budget)
        if made.name.startswith("round"):
            self.budget = normal
        for _ in range(self.rng.randint(least, most)):
            stmt = self.statement(made, 2)
            self._taken(stmt)
            made.body.append(stmt)
        if made.recurses and made.partner is None:
            made.cost *= 4
        self.budget = normal
        if shapes.SHAPES[made.shape].result == "u32" and self.rng.random() < 0.15:
            callee = self.callee(made, {"one"})
            if callee:
                made.tail = callee.id
                made.cost += callee.cost

    def call_the_rest(self, entry):
        """Calls what nothing has called yet, where it is cheap enough."""
        called = set().union(*(p.calls for p in self.version.procs.values()))
        for proc in list(self.version.procs.values()):
            if proc.id in called or proc.family != entry.family or proc.shape == "compare" \
                    or proc.name.startswith("round") or entry.cost + proc.cost > 160 \
                    or proc.static and proc.file != entry.file:
                continue
            c, py = shapes.call(proc, "$v2", "$v1", "$v2", "$v1")
            entry.body.append(self.stmt(f"$v0 ^= {c};", f"$v0 ^= {py}", {}, "calls", cost=proc.cost))
            entry.cost += proc.cost

    def _taken(self, stmt):
        """Notes whose addresses a statement takes."""
        for each in stmt.walk():
            if set(each.kinds) & {"function pointers", "qsort callbacks"}:
                for callee in each.calls:
                    self.version.procs[callee].address_taken = True


def program(seed):
    """The whole of it: version 1, those after it, and how to go through them."""
    g = Generator(seed)
    rng = g.rng
    has_worker, has_more = rng.random() < 0.45, rng.random() < 0.3
    families = [PURE, MAIN] + ([WORKER] if has_worker else [])
    for n in range(rng.randint(9, 18)):
        family = PURE if n < 3 else rng.choice(families)
        made = g.proc(family)
        if made.shape == "plain" and rng.random() < 0.3:
            other = g.proc(family, "plain")
            made.partner, other.partner = other, made
            for each in (other, made):
                each.static, each.name = False, f"{rng.choice(VERBS)}_{each.id}"
            g.fill(other, 2, 4)
        g.fill(made)
        if made.partner and (made.recurses or made.partner.recurses):
            made.cost = made.partner.cost = 4 * (made.cost + made.partner.cost)
    threads = []
    for family, name in [(MAIN, "round_main"), (WORKER, "round_worker"), (PURE, "round_pure")]:
        if family == WORKER and not has_worker or family == PURE and not has_more:
            continue
        g.budget = 110
        entry = g.proc(family, "plain", name, 0)
        g.fill(entry, 6, 10)
        entry.tail = -1
        g.call_the_rest(entry)
        nap = statements.nap(g, entry, 0)
        nap.c, nap.k = "rt_nap(#k0);", {"k0": rng.randint(300, 1500)}
        entry.body.insert(rng.randrange(len(entry.body)), nap)
        threads += [(family, entry.id)] * (2 if family == PURE else 1)
    flags = [rng.choice(LEVELS)] + rng.choice(LINKS)
    made = Program(seed, g.files, g.data, [g.version], threads, flags, rng.random() < 0.5, [], [], [])
    prune(made, g.version)
    g.budget = 60
    mutations.grow(g, made)
    return made
