"""Random changes that make the next version, and the way through the versions."""

import copy

import data
import emit
import shapes
import statements
from calls import FLAT
from program import PURE, prune


def _victim(g, version, allow=lambda p: True):
    found = [p for p in version.procs.values() if allow(p) and p.body]
    return g.rng.choice(found) if found else None


def _new_stmt(g, proc):
    normal, g.budget = g.budget, max(proc.cost + 4, 12)
    made = g.statement(proc, 2)
    g.budget = normal
    g._taken(made)
    return made


def constant(g, version):
    proc = _victim(g, version)
    places = [i for i, s in enumerate(proc.body) if s.k and "sleep" not in s.kinds]
    if not places:
        return None
    at = g.rng.choice(places)
    made = copy.copy(proc.body[at])
    made.k = type(made.k)(made.k)
    key = g.rng.choice(list(made.k))
    old = made.k[key]
    if isinstance(old, str):
        made.k[key] = old + g.rng.choice("xyz")
    elif isinstance(old, float):
        made.k[key] = old + 0.25
    elif "setjmp and longjmp" in made.kinds or old > 64 and old != 0xffffffff:
        made.k[key] = old + 1
    else:  # masks and shifts stay what they may be
        return None
    proc.body[at] = made
    return proc.id


def add_statement(g, version):
    proc = _victim(g, version)
    proc.body.insert(g.rng.randint(0, len(proc.body)), _new_stmt(g, proc))
    return proc.id


def change_statement(g, version):
    proc = _victim(g, version)
    proc.body[g.rng.randrange(len(proc.body))] = _new_stmt(g, proc)
    return proc.id


def remove_statement(g, version):
    proc = _victim(g, version, lambda p: len(p.body) > 2)
    if not proc:
        return None
    del proc.body[g.rng.randrange(len(proc.body))]
    return proc.id


def swap_statements(g, version):
    proc = _victim(g, version, lambda p: len(p.body) > 1)
    if not proc:
        return None
    at = g.rng.randrange(len(proc.body) - 1)
    proc.body[at], proc.body[at + 1] = proc.body[at + 1], proc.body[at]
    return proc.id


def change_switch(g, version):
    def has(p):
        return any("switch with a jump table" in s.kinds for s in p.body)
    proc = _victim(g, version, has)
    if not proc:
        return None
    at = [i for i, s in enumerate(proc.body) if "switch with a jump table" in s.kinds][0]
    proc.body[at] = statements.switch(g, proc, 2)
    return proc.id


def add_procedure(g, version):
    caller = _victim(g, version, lambda p: p.shape != "compare")
    made = g.proc(caller.family if caller.family != PURE else PURE,
                  g.rng.choice(["one", "plain", "big", "variadic", "many"]),
                  file=caller.file, rank=g.limit(caller) - 0.5)
    normal, g.budget = g.budget, 10
    g.fill(made, 2, 4)
    g.budget = normal
    c, py = shapes.call(made, "$v1", "$v0", "$v1", "$v0")
    caller.body.append(g.stmt(f"$v2 += {c};", f"$v2 = ($v2 + {py}) & M32", {}, "calls", cost=made.cost))
    return made.id


def remove_procedure(g, version):
    roots = {p.tail for p in version.procs.values()}
    proc = _victim(g, version, lambda p: not p.address_taken and p.id not in roots
                   and not p.partner and not p.name.startswith("round"))
    if not proc:
        return None
    for caller in version.procs.values():
        caller.body = [s for s in caller.body if proc.id not in s.calls or caller is proc]
    del version.procs[proc.id]
    return proc.id


def signature(g, version):
    """A parameter more or less, or another size; all callers follow."""
    proc = _victim(g, version, lambda p: p.shape in FLAT and not p.address_taken
                   and not p.name.startswith("round"))
    if not proc:
        return None
    proc.shape = g.rng.choice(sorted(FLAT - {proc.shape}))
    return proc.id


def add_datum(g, version):
    proc = _victim(g, version, lambda p: p.family != PURE)
    if not proc:
        return None
    before = set(version.inits)
    for _ in range(200):
        made = _new_stmt(g, proc)
        new = made.data - before
        if new and not any(g.data[d].kind.thread for d in new):
            proc.body.insert(g.rng.randint(0, len(proc.body)), made)
            return min(new)
    return None


def initialiser(g, version):
    """Another initial value for a datum that is used."""
    used = set().union(*(p.data for p in version.procs.values()))
    # Pointers to strings do not take a new value: docs/limits.md.
    found = [i for i in sorted(used) if not g.data[i].kind.thread and g.data[i].kind.name != "texts"]
    if not found:
        return None
    datum = g.data[g.rng.choice(found)]
    values = list(version.inits[datum.id])
    if datum.kind.name in ("scalar", "union"):
        values[0] ^= g.rng.getrandbits(40) | 1
    else:
        values[0] = type(values[0])(version.number)
        functions = sorted(set(version.inits[datum.id][1:])) if "functions" in datum.kind.name else []
        for index in range(1, len(values)):
            if g.rng.random() < 0.6:
                values[index] = data.element(datum.kind, index, g.rng, functions)
    version.inits[datum.id] = values
    return datum.id


def reorder(g, version):
    file = g.rng.randrange(g.files)
    ids = [p.id for p in version.procs.values() if p.file == file]
    version.orders[file] = dict(zip(ids, g.rng.sample(range(len(ids)), len(ids))))
    return 0


def rename_locals(g, version):
    proc = _victim(g, version)
    proc.names = {n: f"{g.rng.choice(['alpha', 'beta', 'gamma'])}_{n[1]}" for n in emit.LOCALS}
    return proc.id


def lines(g, version):
    proc = _victim(g, version)
    proc.blank = g.rng.randint(1, 7)
    return proc.id


def resident(g, version):
    version.main_constant += 1
    return 0


PROCS = [(constant, 4), (add_statement, 3), (change_statement, 3), (remove_statement, 2),
         (swap_statements, 2), (change_switch, 1), (add_procedure, 2), (remove_procedure, 1),
         (signature, 1.5)]
OTHERS = [reorder, rename_locals, lines, resident]


def grow(g, program):
    """Adds the later versions, and a way through them."""
    rng = g.rng
    count = rng.choice([2, 2, 3])
    for number in range(2, count + 1):
        _grow_one(g, program, number)
    program.route = rng.choice(
        {2: [[0, 1], [0, 1, 0], [0, 1, 0, 1]], 3: [[0, 1, 2], [0, 1, 2, 0], [0, 2, 1]]}[count])
    if rng.random() < 0.15:
        _refuse(g, program)
    _calm_thread_data(program)
    program.delays = [rng.random() * 0.25 for _ in program.route]


def _calm_thread_data(program):
    """What some version has not begins as zero, for a new one of another value is refused."""
    used = [set().union(*(p.data for p in v.procs.values())) for v in program.versions]
    for datum in program.data.values():
        if datum.kind.thread and not all(datum.id in u for u in used):
            for version in program.versions:
                if datum.id in version.inits:
                    version.inits[datum.id] = [0] * len(datum.kind.elements)


def _grow_one(g, program, number):
    rng, old = g.rng, program.versions[-1]
    version = old.copy(number)
    for proc in version.procs.values():
        if proc.partner:
            proc.partner = version.procs.get(proc.partner.id)
    g.version = version
    wanted = [rng.choices([m for m, _ in PROCS], [w for _, w in PROCS])[0]
              for _ in range(rng.randint(3, 6))]
    wanted += [rng.choice([add_datum, initialiser, initialiser])] if rng.random() < 0.95 else []
    wanted += [o for o in OTHERS if rng.random() < 0.25]
    for mutation in wanted:
        for _ in range(8):
            target = mutation(g, version)
            if target is not None:
                program.mutations.append((number - 1, mutation.__name__, target))
                break
    prune(program, version)
    program.versions.append(version)
    mark(program, number - 1)


def mark(program, index):
    """Gives each procedure that differs from the version before the number of its own."""
    before, version = program.versions[index - 1], program.versions[index]
    was, now = emit.Emitter(program, before), emit.Emitter(program, version)
    for proc in version.procs.values():
        old = before.procs.get(proc.id)
        proc.mark = old.mark if old and was.text(old) == now.text(proc) else version.number


def _refuse(g, program):
    """A version that changes the type of a datum, which must be refused."""
    base = program.versions[program.route[0]]
    used = set().union(*(p.data for p in base.procs.values()))
    found = [i for i in sorted(used) if g.data[i].kind.name == "words"]
    if not found:
        return
    made = base.copy(len(program.versions) + 1)
    made.types[g.rng.choice(found)] = "u64"
    program.refusal = len(program.versions)
    program.versions.append(made)
