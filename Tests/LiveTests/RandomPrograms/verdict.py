"""Runs one case and says what is wrong with it, if anything is."""

import re
import subprocess

import builds
import live
import replay


def expected_changes(program, old, new, records):
    """Names of the procedures that differ by construction, have a body of their own, and ran: the
    compiler may drop what is never reached."""
    a, b = program.versions[old], program.versions[new]
    ran = {(number, mark) for kind, _, number, mark in records if kind == replay.ENTER}
    return {b.procs[i].name for i in a.procs.keys() & b.procs.keys()
            if a.procs[i].mark != b.procs[i].mark and (i, b.procs[i].mark) in ran
            and (b.procs[i].noinline or program.flags[0] == "-O0")}


def check(program, tools, folder):
    """(outcomes, rounds, what is wrong or nothing)."""
    outcomes = []
    try:
        found = live.Live(program, tools, folder)
        for index in sorted(set(program.route) | ({program.refusal} - {-1})):
            found.build(index)
        steps = found.go()
        records = replay.read_log(f"{folder}/log")
        wrong = [w for w in (_step(program, s, outcomes, records, folder) for s in steps) if w]
        if wrong:
            return outcomes, 0, "\n".join(wrong)
        return outcomes, judge(program, steps, folder), ""
    except (live.Failure, replay.Mismatch, subprocess.TimeoutExpired) as error:
        return outcomes, 0, f"{type(error).__name__}: {error}"


def _step(program, step, outcomes, records, folder):
    """What is wrong with an update's report."""
    old, new, _, _, report = step
    result, reason = report["result"], report.get("reason") or ""
    if new == program.refusal:
        return _refusal(program, old, report, outcomes, folder)
    if result == "refused" and "inlined" in reason and not program.keep_calls:
        outcomes.append("refused: inlined in main")
        return None
    if result == "refused" and _moves(program, reason):
        outcomes.append("refused: a name of two files")
        return None
    outcomes.append(result)
    if old == new:  # the step there was refused
        return None if result == "already" else f"not already: {report}"
    if result != "updated":
        return f"update from {old + 1} to {new + 1}: {report}"
    named = {n.split(":")[-1] for n in report["changed"]}
    missing = expected_changes(program, old, new, records) - named
    if missing:
        return f"update from {old + 1} to {new + 1} does not name {sorted(missing)}: {report}"
    return None


def _refusal(program, old, report, outcomes, folder):
    """What is wrong with the answer to a changed type: it is no change if gcc dropped the datum."""
    if report["result"] == "refused":
        outcomes.append("refused as it must be")
        return None
    number, = program.versions[program.refusal].types
    for index in (old, program.refusal):
        found = builds.symbols(f"{folder}/v{index + 1}/prog")
        if not builds.keeps(found, program, program.versions[index], number):
            outcomes.append("another type of a datum that gcc dropped")
            return None if report["result"] in ("updated", "already") else f"not updated: {report}"
    outcomes.append("not refused")
    return f"a changed type is not refused: {report}"


def _moves(program, reason):
    """Whether a refusal speaks of a static of two files, one of which lost what the other got: it
    may have moved, and changed on the way."""
    said = re.search(r"the type of ‘(\w+)’ changed|the layout of struct (\w+)_t changed", reason)
    name = said and (said.group(1) or said.group(2))
    return len({(d.file, d.id) for d in program.data.values() if d.name == name}) > 1


def judge(program, steps, folder):
    """Replays every thread. Returns how many rounds they ran."""
    records = replay.read_log(f"{folder}/log")
    spans = [_span(program, old, new, start, end, folder)
             for old, new, start, end, report in steps if report["result"] == "updated"]
    rounds = 0
    for thread in range(len(program.threads)):
        rounds += replay.Replay(program, spans, records, thread).run()
    replay.check_order(program, spans, records)
    return rounds


def _span(program, old, new, start, end, folder):
    before, after = program.versions[old], program.versions[new]
    cloned = builds.cloned(builds.symbols(f"{folder}/v{old + 1}/prog"), before)
    return replay.Span(program, before, after, start, end, cloned)
