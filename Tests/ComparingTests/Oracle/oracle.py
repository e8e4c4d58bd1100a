#!/usr/bin/python3
"""An oracle for `ush diff`: edits C programs at random where the effect is known, and compares.

    oracle.py --tools DIR [--cases N] [--seed S] [--document FILE]     cases S, S+1, ...
    oracle.py --tools DIR --only S                                  one case again, at length
"""

import argparse
import collections
import difflib
import os
import random as randoms
import re
import subprocess
import sys
import tempfile
import time

import building
import data_edits
import edits
import layout_edits
import objects
from source import LOCAL_STATIC, Program

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.normpath(os.path.join(HERE, "../../../fixtures"))
LEVELS = ["-O0", "-Og", "-O1", "-O2", "-O3", "-Os"]

EXACT = [
    edits.constant, edits.text, edits.floating, edits.add_statement, edits.remove_statement,
    edits.add_parameter, edits.add_static, edits.add_local_static, edits.swap_functions,
    edits.comment, edits.rename_local, edits.rename_parameter, edits.rename_function,
    edits.linkage, edits.case_label, edits.case_swap, edits.several,
    data_edits.scalar, data_edits.element, data_edits.constant_element, data_edits.member,
    data_edits.pointed_text, data_edits.table_callee, data_edits.designators, data_edits.macro,
    data_edits.header_inline, data_edits.struct_end, data_edits.struct_front,
    data_edits.struct_static, data_edits.retype, data_edits.rename_datum,
    layout_edits.swap_data, layout_edits.reindent, layout_edits.move_function,
    layout_edits.rename_file, layout_edits.variable_table, layout_edits.unused,
    layout_edits.shadow_static,
]
# Their changed procedures are read from plain gcc objects; the lines must not move.
DERIVED = [edits.constant, edits.text, edits.floating, edits.case_label, edits.case_swap,
           edits.several, data_edits.macro]


DOCUMENT = """# Comparing, against an oracle

Written by `{command}`.

Each case makes an edit, chosen by its number, to one of five programs (`fixtures/oracle`, the shop,
the zoo), builds both versions with `pupcc` in directories of their own, and compares what
`ush diff --json` says with what must come out: the changed, added, removed and not counted
procedures, what happens to each datum, the groups, and what refusals name. Nothing more, nothing
less. The oracle (`Tests/ComparingTests/Oracle`) is Python and shares no code with `Comparing`. Three
in ten cases use `--keep-calls`, and three in ten of the exact ones go from the edited program to the
original: what adds then removes.

What must come out is known in one of two ways:

- *by construction*, from the text alone. With optimisation each procedure is then marked
  `noinline,noclone`, so that an edit stays where it was made;
- *(inlined)*: without marks. Which procedures differ is read from objects that plain gcc makes with
  the code generation options of `pupcc`, by a reader of its own: bytes, and what each relocation
  refers to by content. With optimisation that holds for `linkage` too.

A cell is right/tried. A case is *void*, not right, if it found something else than expected and
plain gcc makes the same code of an edit that was meant to change it: the optimiser saw through it.

{table}"""


def programs():
    found = []
    for name in ("till", "calc", "grid", "medley"):
        folder = f"{FIXTURES}/oracle/{name}"
        found.append(_read(name, folder, os.listdir(folder)))
    shop = [f for f in os.listdir(f"{FIXTURES}/shop") if f.endswith((".c", ".h"))]
    found.append(_read("shop", f"{FIXTURES}/shop", [f for f in shop if f != "unused.c"]))
    return found


def _read(name, folder, files):
    contents = {}
    for file in sorted(files):
        with open(f"{folder}/{file}") as handle:
            contents[file] = handle.read()
    return Program(name, contents)


class Case:
    """One edit of one program at one level, all chosen by the seed."""

    def __init__(self, seed, known):
        self.seed = seed
        kinds = [(k, True) for k in EXACT] + [(k, False) for k in DERIVED] + [
            ("rebuild", True), ("rebuild later", True)]
        self.edit, self.is_exact = kinds[seed % len(kinds)]
        random = randoms.Random(seed)
        self.level = random.choice(LEVELS)
        self.flags = [self.level] + (["--keep-calls"] if random.random() < 0.3 else [])
        self.later = self.edit == "rebuild later"
        if not self.is_exact and self.level == "-O0":
            self.level = self.flags[0] = "-O2"
        if self.edit is layout_edits.variable_table:
            self.level = self.flags[0] = "-O0"
        optimised = self.level != "-O0"
        self.old = self.new = None
        for _ in range(40):
            program = random.choice(known)
            if optimised and self.is_exact:
                program = program.marked()
            found = self._apply(program, random, optimised)
            if found:
                self.old, (self.new, self.expected) = program, found
                break
        # A file's new name is what its procedures go by.
        can_reverse = self.is_exact and bool(self.old) and self.edit is not layout_edits.rename_file
        self.is_reversed = can_reverse and random.random() < 0.3
        if self.is_reversed:
            self.old, self.new = self.new, self.old
            self.expected = self.expected.reversed()

    def _apply(self, program, random, optimised):
        if isinstance(self.edit, str):
            names = {
                f.key for f in program.editable()
                if self.later and re.search("__DATE__|__TIME__", f.body)}
            return program, edits.Expectation(ignored=names)
        return self.edit(program, random, optimised)

    @property
    def kind(self):
        name = self.edit if isinstance(self.edit, str) else self.edit.__name__.replace("_", " ")
        return name if self.is_exact else f"{name} (inlined)"

    @property
    def stamped(self):
        """The data whose initial value holds the date or the time of the build."""
        return {m["name"] for _, m in self.old.data if re.search("__DATE__|__TIME__", m["value"])}

    def diff(self):
        lines = []
        for file in sorted(self.old.files.keys() | self.new.files.keys()):
            lines += difflib.unified_diff(
                self.old.files.get(file, "").splitlines(),
                self.new.files.get(file, "").splitlines(), file, file, lineterm="", n=1)
        return "\n".join(lines)


def run(case, shop):
    """The differences between what is expected and what is found, as text; empty if none."""
    old = shop.build(case.old, case.flags, "old")
    new = shop.build(case.new, case.flags, "new", later=case.later)
    found = shop.compare(old, new)
    expected = case.expected
    if not case.is_exact:
        changed, added, removed = objects.compare(
            shop.plain(case.old, case.flags, "old"), shop.plain(case.new, case.flags, "new"))
        expected.changed, expected.added, expected.removed = changed, added, removed
    elif case.edit is edits.linkage and case.level != "-O0":
        # The optimiser treats what only one file knows otherwise.
        expected.changed, _, _ = objects.compare(
            shop.plain(case.old, case.flags, "old"), shop.plain(case.new, case.flags, "new"))
    for f in case.old.editable():
        if f.key in expected.changed:  # tables of its own labels lead into its new code
            for match in LOCAL_STATIC.finditer(f.body):
                if "&&" in (match["value"] or ""):
                    expected.data[(f.file, f.name, match["name"])] = "reset"
    return building.differences(expected, found, case)


def is_void(case, shop):
    """Whether plain gcc makes the same code of an edit that was meant to change some."""
    if not case.expected.changed or not case.is_exact or case.expected.data:
        return False
    changed, _, _ = objects.compare(
        shop.plain(case.old, case.flags, "old"), shop.plain(case.new, case.flags, "new"))
    groups = case.expected.groups.items()
    by_rule = {key for (kind, _), group in groups if kind == "the signature of" for key in group}
    return not case.expected.changed - by_rule <= changed


def outcome(case, shop):
    """right, wrong or void, and what differs."""
    try:
        wrong = run(case, shop)
        if not wrong:
            return "right", ""
        return ("void" if is_void(case, shop) else "wrong"), wrong
    except subprocess.CalledProcessError as error:
        return "wrong", f"  {' '.join(error.cmd)}\n{error.stderr}"


def report(case, wrong):
    where = "plain gcc's objects" if not case.is_exact else "construction"
    way = ", backwards" if case.is_reversed else ""
    print(f"\nWRONG seed {case.seed}: {case.kind} in {case.old.name}, {' '.join(case.flags)}{way}"
          f" (expected by {where})\n{wrong}\n{case.diff()}\n"
          f"again: scripts/compare-oracle --only {case.seed}", flush=True)


def table(counts):
    lines = ["| edit | " + " | ".join(LEVELS) + " | cases | right | wrong | void |",
             "|---|" + "---|" * (len(LEVELS) + 4)]
    sums = collections.Counter()
    for kind in sorted(counts):
        row, total = [], collections.Counter()
        for level in LEVELS:
            cell = counts[kind][level]
            total += cell
            tried = cell["right"] + cell["wrong"]
            row.append(f"{cell['right']}/{tried}" if tried else "–")
        sums += total
        lines.append(f"| {kind} | " + " | ".join(row) + " | " + " | ".join(
            str(v) for v in (sum(total.values()), total["right"], total["wrong"], total["void"])) + " |")
    lines.append("| all |" + " |" * len(LEVELS) + " " + " | ".join(
        str(v) for v in (sum(sums.values()), sums["right"], sums["wrong"], sums["void"])) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--document", help="where to write the table")
    parser.add_argument("--seconds", type=float, default=1e9)
    arguments = parser.parse_args()
    known = programs()
    counts = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    first, last = arguments.seed, arguments.seed + arguments.cases
    if arguments.only is not None:
        first, last = arguments.only, arguments.only + 1
    start, done, bad = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        shop = building.Workshop(os.path.abspath(arguments.tools), folder)
        for seed in range(first, last):
            if time.monotonic() - start > arguments.seconds:
                break
            case = Case(seed, known)
            if case.old is None:
                continue
            result, wrong = outcome(case, shop)
            if result == "wrong":
                bad += 1
                report(case, wrong)
            elif arguments.only is not None:
                print(f"{case.kind} in {case.old.name}, {' '.join(case.flags)}: {result}")
                print(case.diff(), case.expected, sep="\n")
            counts[case.kind][case.level][result] += 1
            done += 1
    if arguments.document:
        with open(arguments.document, "w") as file:
            file.write(DOCUMENT.format(
                command=f"scripts/compare-oracle {arguments.cases} --seed {arguments.seed}",
                table=table(counts)))
    print(f"{done} cases, {bad} wrong")
    return 1 if bad or not done else 0


if __name__ == "__main__":
    sys.exit(main())
