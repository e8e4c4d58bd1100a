"""Plants faults of which the model must speak: an oracle that is silent is worth nothing."""

import copy

import builds
import emit
import live
import replay
import verdict


def _steps(program, tools, folder, spoil):
    """Runs a program of which `spoil` changed the last version's C behind the model's back."""
    found = live.Live(program, tools, folder)
    last = program.route[-1]
    spoilt = copy.deepcopy(program)
    spoil(spoilt.versions[last])
    for index in sorted(set(program.route)):
        found.program = spoilt if index == last else program
        found.build(index)
    found.program = program
    return found.go()


def plants(program):
    """(name, what it does to the last version) of each planted fault."""
    entry = program.threads[0][1]

    def wrong_statement(version):
        extra = copy.copy(version.procs[entry].body[0])
        extra.c, extra.subs, extra.k = "$v0 ^= 1u;", [], {}
        version.procs[entry].body = version.procs[entry].body + [extra]

    def wrong_mark(version):
        version.procs[entry].mark -= 1

    def wrong_initial(version):
        for datum, values in version.inits.items():
            if program.mutable(datum) and not program.data[datum].kind.thread:
                version.inits[datum] = [v + 1 if isinstance(v, int) else v for v in values[:1]] + values[1:]

    return [("a statement that the model has not", wrong_statement),
            ("a procedure that says that it is the old one", wrong_mark),
            ("another initial value", wrong_initial)]


def run(program, tools, folder):
    """What the oracle failed to see, as lines; empty if it saw every plant."""
    silent = []
    # So that the version that is spoilt is not the one that begins.
    program.route, program.refusal = program.route[:2], -1
    outcomes, _, wrong = verdict.check(program, tools, folder)
    if wrong or "updated" not in outcomes:
        return [f"unspoilt: {outcomes} {wrong}"]
    for name, spoil in plants(program):
        steps = _steps(program, tools, folder, spoil)
        try:
            verdict.judge(program, steps, folder)
            silent.append(f"not seen: {name}")
        except replay.Mismatch as mismatch:
            print(f"seen: {name}: {mismatch}")
    return silent + _beginnings(program) + _types(program, folder) + _promises(program)


def _beginnings(program):
    """Whether a datum that the first version was without begins as the next one says."""
    program = copy.deepcopy(program)
    old, new = (program.versions[i] for i in program.route[:2])
    old.procs, old.used_data, old.marks = {}, set(), {}
    old.inits = {datum: ["never"] for datum in old.inits}
    begun = replay.Replay(program, [replay.Span(program, old, new, 0, 0)], [], 0)
    return ["a datum begins as a version without it says"] if ["never"] in begun.data.values() else []


def _types(program, folder):
    """Whether a changed type must be refused exactly if the datum is in both builds."""
    program = copy.deepcopy(program)
    old, program.refusal = program.route[:2]
    first, new = program.versions[old], program.versions[program.refusal]
    found = builds.symbols(f"{folder}/v{old + 1}/prog")
    number = [d.id for d in emit.Emitter(program, first).used if not d.kind.const and d.scope != "global"
              and not d.kind.thread and d.id in replay.emit_used(program, new)
              and builds.keeps(found, program, first, d.id)][0]
    new.types = {number: "u64"}
    silent = []
    if not verdict._step(program, (old, program.refusal, 0, 0, {"result": "updated"}), [], [], folder):
        silent.append("not seen: a changed type that is not refused")
    program.data[number].name = "dropped"
    if verdict._step(program, (old, program.refusal, 0, 0, {"result": "updated"}), [], [], folder):
        silent.append("a changed type of what is not there must be refused")
    return silent


def _breaks_order(program, span, records):
    try:
        replay.check_order(program, [span], records)
    except replay.Mismatch:
        return True
    return False


def _promises(program):
    """Logs that break a promise, made by hand."""
    old, new = (program.versions[i] for i in program.route[:2])
    changed = [n for n, p in new.procs.items() if n in old.procs and p.mark != old.procs[n].mark
               and p.noclone and p.shape == old.procs[n].shape]
    number = changed[0]
    promised = replay.Span(program, old, new, 0, 2)
    records = [(replay.ENTER, 0, number, new.procs[number].mark),
               (replay.ENTER, 0, number, old.procs[number].mark)]
    silent = []
    if not _breaks_order(program, promised, records):
        silent.append("not seen: old after new")
    cloned = copy.deepcopy(program)
    cloned.keep_calls, cloned.flags = True, ["-O2"]
    span = replay.Span(cloned, *(cloned.versions[i] for i in cloned.route[:2]), 0, 2)
    span.old.procs[number].noinline = False
    if not _breaks_order(cloned, span, records):
        silent.append("not seen: old after new, of a procedure that is kept apart")
    span.cloned = {number}
    if _breaks_order(cloned, span, records):
        silent.append("an old clone must not be entered after a new one")
    within = replay.Replay(program, [promised], records, 0)
    within.at, within.stack = 2, [(number, new.procs[number].mark)]
    try:
        within._admit(number, old.procs[number].mark)
        silent.append("not seen: old within new")
    except replay.Mismatch:
        pass
    within.stack = [(number, old.procs[number].mark)]
    try:
        within._finish(promised)
        silent.append("not seen: old active after `updated`")
    except replay.Mismatch:
        pass
    return silent
