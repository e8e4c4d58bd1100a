#!/usr/bin/python3
"""Random C programs, updated while they run, against a model of them.

    random_programs.py --tools DIR [--cases N] [--seed S] [--jobs J] [--document FILE]
    random_programs.py --tools DIR --only S        one case again; its files are kept if it fails
    random_programs.py --tools DIR --self-test     whether planted faults are seen
"""

import argparse
import collections
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time
import traceback

import generator
import selftest
import shrinking
import verdict
from replay import emit_used

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "document.md")


def kinds_of(program):
    """The constructs that a program has in any version."""
    found = set()
    for version in program.versions:
        for proc in version.procs.values():
            found |= {kind for stmt in proc.walk() for kind in stmt.kinds}
            found |= {"tail calls"} if proc.tail >= 0 else set()
            found |= {"inline procedures in headers"} if proc.mark_kind == "inline" else set()
        used = [program.data[d] for d in emit_used(program, version)]
        for scope in ("global", "static", "local"):
            names = [d.name for d in used if d.scope == scope]
            found |= {f"{scope} data"} if names else set()
            if len(names) > len(set(names)) and scope != "global":
                found.add(f"{scope} data of one name")
        names = [p.name for p in version.procs.values() if p.static]
        if len(names) > len(set(names)):
            found.add("static procedures of one name")
    if len(program.threads) > 1:
        found.add("threads")
    return found


def changes_enough(program):
    """Whether a case's first step changes two procedures or more, and a datum."""
    old, new = (program.versions[i] for i in program.route[:2])
    procs = [i for i in old.procs.keys() | new.procs.keys()
             if i not in old.procs or i not in new.procs or old.procs[i].mark != new.procs[i].mark]
    used = emit_used(program, old), emit_used(program, new)
    data = (used[0] ^ used[1]) | {d for d in used[0] & used[1] if old.inits[d] != new.inits[d]}
    return len(procs) >= 2 and bool(data)


def run_case(seed, tools, folder, shrink_seconds):
    """Everything that is to be counted of a case."""
    sys.setrecursionlimit(20000)
    place = f"{folder}/{seed}"
    started = time.monotonic()
    outcomes, rounds, program = [], 0, None
    try:
        program = generator.program(seed)
        outcomes, rounds, wrong = verdict.check(program, tools, place)
        if wrong and shrink_seconds:
            shutil.copytree(place, f"{place}-whole", ignore=shutil.ignore_patterns("run"))
            program, wrong = shrinking.Shrinker(program, wrong, tools, place, shrink_seconds).run()
            verdict.check(program, tools, place)
    except Exception:
        wrong = traceback.format_exc()
    result = {"seed": seed, "outcomes": outcomes, "rounds": rounds, "wrong": wrong, "place": place,
              "seconds": time.monotonic() - started, "kinds": set(), "mutations": set(), "flags": "",
              "enough": False}
    if program:
        result.update(
            kinds=kinds_of(program), mutations={m.replace("_", " ") for _, m, _ in program.mutations},
            flags=" ".join(program.flags + ["--keep-calls"] * program.keep_calls),
            enough=changes_enough(program))
    if wrong:
        os.makedirs(place, exist_ok=True)
        with open(f"{place}/what-is-wrong.txt", "w") as file:
            file.write(f"seed {seed}, {result['flags']}\n{wrong}\n")
    else:
        shutil.rmtree(place, ignore_errors=True)
    return result


def table(title, counts):
    rows = "\n".join(f"| {name} | {count} |" for name, count in sorted(counts.items()))
    return f"| {title} | cases |\n|---|---|\n{rows}\n"


def summary(results):
    counts = {key: collections.Counter() for key in ("kinds", "mutations", "outcomes", "flags")}
    for result in results:
        for key in ("kinds", "mutations"):
            counts[key].update(result[key])
        counts["outcomes"].update(result["outcomes"])
        counts["flags"].update([result["flags"]])
    return "\n".join([
        table("construct", counts["kinds"]), table("change", counts["mutations"]),
        table("update's outcome", counts["outcomes"]).replace("cases", "updates"),
        table("flags", counts["flags"])])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int)
    parser.add_argument("--shrink", type=float, default=0, help="seconds for making a failure smaller")
    parser.add_argument("--document", help="where to write the tables")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    tools = os.path.abspath(arguments.tools)
    folder = tempfile.mkdtemp(prefix="random-", dir="/tmp")
    if arguments.self_test:
        silent = selftest.run(generator.program(arguments.seed), tools, f"{folder}/self")
        print("\n".join(silent) or "every planted fault was seen")
        shutil.rmtree(folder)
        return 1 if silent else 0
    seeds = range(arguments.seed, arguments.seed + arguments.cases)
    if arguments.only is not None:
        seeds = [arguments.only]
    results = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(run_case, s, tools, folder, arguments.shrink) for s in seeds]
        for job in concurrent.futures.as_completed(jobs):
            result = job.result()
            results.append(result)
            if result["wrong"]:
                print(f"WRONG seed {result['seed']}: {result['flags']}\n{result['wrong']}\n"
                      f"kept in {result['place']}, again: scripts/random-programs --only "
                      f"{result['seed']}\n", flush=True)
    return finish(results, arguments, folder)


def finish(results, arguments, folder):
    """Prints what the cases came to, and gives the exit status."""
    bad = [r for r in results if r["wrong"]]
    enough = sum(r["enough"] for r in results)
    text = summary(results)
    print(text)
    rounds = sum(r["rounds"] for r in results)
    print(f"{enough} of {len(results)} change two procedures or more and a datum; {rounds} rounds")
    if arguments.document:
        with open(DOCUMENT) as file:
            document = file.read()
        with open(arguments.document, "w") as file:
            file.write(document.format(
                command=f"scripts/random-programs {arguments.cases} --seed {arguments.seed}",
                cases=len(results), wrong=len(bad), rounds=rounds, enough=enough, tables=text))
    if not bad:
        shutil.rmtree(folder, ignore_errors=True)
    few = len(results) >= 20 and enough * 10 < len(results) * 8
    if few:
        print("too few cases change enough")
    print(f"{len(results)} cases, {len(bad)} wrong")
    return 1 if bad or few or not results else 0


if __name__ == "__main__":
    sys.exit(main())
