"""Edits of procedures whose effect on the compiled program is known by construction.

Each takes the old program, a random generator and whether the optimiser is at work, and gives
(new program, Expectation), or None if it does not apply.
"""

import re
from dataclasses import dataclass, field

from source import blank_literals, moved_lines

ADDED = 'oracle'


@dataclass
class Expectation:
    changed: set = field(default_factory=set)
    added: set = field(default_factory=set)
    removed: set = field(default_factory=set)
    ignored: set = field(default_factory=set)
    """(file, procedure or '', name) -> added, removed, reset or content."""
    data: dict = field(default_factory=dict)
    """Reason -> members, for groups of more than one."""
    groups: dict = field(default_factory=dict)
    """What refusals name."""
    refused: set = field(default_factory=set)

    def reversed(self):
        swap = {"added": "removed", "removed": "added"}
        return Expectation(
            self.changed, self.removed, self.added, self.ignored,
            {key: swap.get(action, action) for key, action in self.data.items()}, self.groups,
            self.refused)


def _expect(old, new, changed=(), **others):
    changed = set(changed)
    moved = moved_lines(old, new) - changed
    return new, Expectation(changed=changed, ignored=moved, **others)


def _in_function(program, random, pattern, change, usable=lambda f, m: True):
    """Replaces one random match in one random function; gives (new program, function)."""
    places = []
    for f in program.editable():
        for match in re.finditer(pattern, f.body):
            line = f.body[f.body.rfind("\n", 0, match.start()) + 1:match.start()]
            if "static" not in line and usable(f, match):
                places.append((f, match))
    if not places:
        return None
    f, match = random.choice(places)
    start = f.body_start
    return program.replace(
        (f.file, start + match.start(), start + match.end(), change(match))), f


def _is_code(f, match):
    return f.code[match.start():match.end()] == match.group()


def constant(program, random, optimised):
    """Changes an integer constant."""
    found = _in_function(
        program, random, r"(?:(?<=[+*-] )|(?<=[+-]= )|(?<=return ))\d+(?=[;) ])",
        lambda m: str(int(m.group()) + random.randint(2, 9)), _is_code)
    return found and _expect(program, found[0], {found[1].key})


def text(program, random, optimised):
    """Changes a string literal."""
    def usable(f, match):
        return len(match.group()) > 3 and not re.search(r"[%\\]", match.group()[-4:])
    found = _in_function(
        program, random, r'"(?:\\.|[^"\\\n])*"',
        lambda m: m.group()[:-2] + random.choice("qQ7!") + 'z"', usable)
    return found and _expect(program, found[0], {found[1].key})


def floating(program, random, optimised):
    """Changes a floating constant."""
    found = _in_function(
        program, random, r"(?<![\w.])\d+\.\d+(?=[fL]?\b)",
        lambda m: f"{float(m.group()) + random.choice([1, 3, 16]) / 8:.6f}", _is_code)
    return found and _expect(program, found[0], {found[1].key})


def _statement_places(f):
    """Where a statement of depth one begins."""
    return [
        f.body_start + m.start()
        for m in re.finditer(r"^  (?=[a-z*])(?!case|default|static|[a-z]+:)", f.body, re.M)]


def add_statement(program, random, optimised):
    """Adds a statement in a line of its own."""
    f = random.choice(program.editable())
    places = _statement_places(f)
    if not places:
        return None
    words = random.choice(["{ extern int puts(const char *); puts(\"added\"); }",
                           "{ volatile int oracle = 5; (void)oracle; }"])
    new = program.replace((f.file, places[0], places[0], f"  {words}\n"))
    return _expect(program, new, {f.key})


def remove_statement(program, random, optimised):
    """Removes a statement and its line."""
    kept = {name for _, name in _static_names(program)}

    def usable(f, match):
        words = set(re.findall(r"\w+", blank_literals(match.group())))
        return not words & (kept | {"va_start", "va_end", "memset", "assert"}) and _is_live(f, match)
    found = _in_function(
        program, random, r"(?m)^ +(?:[a-z]\w*\(.*\)|[a-z][\w.>-]*(?: [+*-]?= [^;]*|\+\+|--));\n",
        lambda m: "", usable)
    return found and _expect(program, found[0], {found[1].key})


def _is_live(f, match):
    """Whether it may go: not what leaves, nor all that a branch without braces has."""
    before = f.code[:match.start()].rstrip()
    return not re.match(r" +(return|break|continue)\b", match.group()) and before[-1:] != ")"


def _static_names(program):
    """Statics that the compiler drops when nothing mentions them any more."""
    names = {(f.file, f.name) for f in program.editable() if f.is_static}
    names |= {(file, m["name"]) for file, m in program.data}
    for f in program.editable():
        names |= {(f.file, m) for m in re.findall(r"\bstatic [^;=]*?(\w+)(?:\[.*?\])*(?: =|;)", f.body)}
    return names


def add_parameter(program, random, optimised):
    """Adds a parameter: the procedure and its callers change, in one stop."""
    candidates = [
        f for f in program.editable()
        if f.name != "main" and "..." not in f.parameters and f.parameters.count(",") < 4
        and not program.address_taken(f) and not program.mentioned_in_header(f.name)
        and not re.search(r"\*\*|void \*", f.parameters)
        and sum(len(re.findall(rf"\b{f.name}\(", text))
                for file, text in program.files.items() if file.endswith(".h")) < 2]
    if not candidates:
        return None
    f = random.choice(candidates)
    edits = []
    for file, whole in program.files.items():
        if f.is_static and file != f.file:
            continue
        blanked = blank_literals(whole)
        for match in re.finditer(rf"(?<![.\w>]){f.name}\(", blanked):
            end = _closing(blanked, match.end())
            line = whole[whole.rfind("\n", 0, match.start()) + 1:match.start()]
            is_declaration = bool(re.match(r"[a-z_]", line))
            inside = whole[match.end():end].strip()
            word = "int oracle" if is_declaration else "7"
            if inside in ("", "void"):
                edits.append((file, match.end(), end, word))
            else:
                edits.append((file, end, end, f", {word}"))
    if len({(e[0], e[1]) for e in edits}) != len(edits) or _nested(edits, program, f):
        return None
    new = program.replace(*edits)
    callers = {
        g.key for g in program.editable() if g.calls(f.name)
        and (not f.is_static or g.file == f.file)}
    members = callers | {f.key}
    groups = {("the signature of", f.key): members} if len(members) > 1 else {}
    return _expect(program, new, members, groups=groups)


def _nested(edits, program, f):
    return any(len(re.findall(rf"\b{f.name}\(", line)) > 1 and "return" not in line
               for file, *_ in edits for line in program.files[file].split("\n")
               if re.search(rf"\b{f.name}\(.*\b{f.name}\(.*\)\)", line))


def _closing(text, place):
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
    return place - 1


def add_static(program, random, optimised):
    """Adds a file-level static and its use."""
    f = random.choice(program.editable())
    places = _statement_places(f)
    if not places:
        return None
    new = program.replace(
        (f.file, f.start, f.start, "static volatile int oracle_static = 5;\n"),
        (f.file, places[0], places[0], "  oracle_static += 2;\n"))
    return _expect(program, new, {f.key}, data={(f.file, "", "oracle_static"): "added"})


def add_local_static(program, random, optimised):
    """Adds a static of a procedure, named like one of another: gcc numbers them anew."""
    f = random.choice(program.editable())
    places = _statement_places(f)
    taken = set(re.findall(r"\w+", program.files[f.file])) - {"calls", "last"}
    names = [n for n in ("calls", "last", "oracle") if n not in taken and not f.mentions(n)
             and not re.search(rf"\b{n}\b", f.parameters)]
    if not places or not names:
        return None
    name = random.choice(names)
    new = program.replace((
        f.file, places[0], places[0], f"  static volatile long {name} = 9; {name}++;\n"))
    return _expect(program, new, {f.key}, data={(f.file, f.name, name): "added"})


def swap_functions(program, random, optimised):
    """Changes the order of two neighbours: nothing changes but line numbers."""
    functions, pairs = program.editable(), []
    for first, second in zip(functions, functions[1:]):
        if first.file != second.file or second.mentions(first.name):
            continue
        between = program.files[first.file][first.end:second.start]
        if blank_literals(between).strip() == "" and "#" not in between:
            pairs.append((first, second))
    if not pairs:
        return None
    first, second = random.choice(pairs)
    whole = program.files[first.file]
    new = program.replace((
        first.file, first.start, second.end,
        whole[second.start:second.end] + whole[first.end:second.start]
        + whole[first.start:first.end]))
    return _expect(program, new)


def comment(program, random, optimised):
    """Adds a comment or an empty line between functions: only line numbers move."""
    f = random.choice(program.editable())
    words = random.choice(["\n", "/* oracle */\n", "/* oracle\n * and more\n */\n\n\n"])
    return _expect(program, program.replace((f.file, f.start, f.start, words)))


def _rename_in(program, f, name, new_name):
    start = program.files[f.file].rfind("(", 0, f.body_start - len(f.parameters) - 3)
    whole = program.files[f.file][f.start:f.end]
    code = blank_literals(whole)
    edits = [
        (f.file, f.start + m.start(), f.start + m.end(), new_name)
        for m in re.finditer(rf"(?<![.\w>]){name}\b(?!\()", code)]
    del start
    changed = {f.key} if re.search(rf"\bassert\([^;]*\b{name}\b", f.code) else set()
    new = program.replace(*edits)
    return _expect(program, new, changed)


def rename_local(program, random, optimised):
    """Renames a local variable: nothing changes, except what `assert` spells."""
    found = []
    for f in program.editable():
        for m in re.finditer(
                r"^ +(?:const )?(?:int|long|double|char|unsigned|uint32_t|size_t) [*]?(\w+)"
                r"(?: =|;|\[)", f.body, re.M):
            found.append((f, m[1]))
    if not found:
        return None
    f, name = random.choice(found)
    return _rename_in(program, f, name, name + "_oracle")


def rename_parameter(program, random, optimised):
    """Renames a parameter: nothing changes, except what `assert` spells."""
    found = [
        (f, m) for f in program.editable()
        for m in re.findall(r"(\w+)(?:\[\])?(?:,|$)", f.parameters) if m not in ("void", "int")]
    if not found:
        return None
    f, name = random.choice(found)
    if re.search(rf"[.>]\s*{name}\b", f.head):
        return None
    return _rename_in(program, f, name, name + "_oracle")


def rename_function(program, random, optimised):
    """Renames a static function that is only called."""
    candidates = [
        f for f in program.editable()
        if f.is_static and not program.address_taken(f)
        and not re.search(r"^ +static |\bassert\(", f.body, re.M)
        and sum(g.name == f.name for g in program.editable()) == 1]
    if not candidates:
        return None
    f = random.choice(candidates)
    new = program.replace(*[
        (f.file, m.start(), m.end(), f.name + "_oracle")
        for m in re.finditer(rf"(?<![.\w>]){f.name}(?=\()", blank_literals(program.files[f.file]))])
    callers = {g.key for g in program.editable() if g.file == f.file and g.calls(f.name)}
    after = (f.file, f.name + "_oracle")
    expected = _expect(
        program, new, callers - {f.key}, added={after}, removed={f.key})
    expected[1].ignored -= {f.key, after}
    return expected


def linkage(program, random, optimised):
    """Makes a function static, or no longer so: nothing changes."""
    candidates = [
        f for f in program.editable()
        if f.name != "main" and not program.address_taken(f) and f.head.count("static") < 2
        and sum(g.name == f.name for g in program.editable()) == 1
        and not program.mentioned_in_header(f.name)
        and any(g.calls(f.name) and g.key != f.key for g in program.editable())
        and not any(g.file != f.file and g.mentions(f.name) for g in program.functions)]
    if not candidates:
        return None
    f = random.choice(candidates)
    edits = []
    for file, whole in program.files.items():
        for m in re.finditer(rf"^(?=\w)[^\n;{{}}=#]*?\b{f.name}\([^;{{}}]*\)[;{{ ]+\n", whole, re.M):
            text = m.group()
            if f.is_static:
                edits.append((file, *m.span(), re.sub(r"\bstatic ", "", text, count=1)))
            elif file.endswith(".h"):
                edits.append((file, *m.span(), "\n" * text.count("\n")))
            else:
                edits.append((file, m.start(), m.start(), "static "))
    return _expect(program, program.replace(*edits))


def case_label(program, random, optimised):
    """Changes which value leads to a case."""
    found = _in_function(
        program, random, r"(?<=case )\d+(?=:)", lambda m: str(int(m.group()) + 40), _is_code)
    return found and _expect(program, found[0], {found[1].key})


def case_swap(program, random, optimised):
    """Exchanges two cases' values: only what a table holds may differ."""
    candidates = []
    for f in program.editable():
        labels = list(re.finditer(r"(?<=case )[\w']+(?=:)", f.code))
        if len(labels) > 3 and f.body.count("switch (") == 1:
            candidates.append((f, labels[0], labels[random.randint(1, len(labels) - 1)]))
    if not candidates:
        return None
    f, one, other = random.choice(candidates)
    start = f.body_start
    return _expect(program, program.replace(
        (f.file, start + one.start(), start + one.end(), f.body[other.start():other.end()]),
        (f.file, start + other.start(), start + other.end(), f.body[one.start():one.end()])),
        {f.key})


def several(program, random, optimised):
    """Several of the above in one version."""
    current, changed = program, set()
    for _ in range(random.randint(2, 4)):
        found = random.choice([constant, text, floating])(current, random, optimised)
        if found:
            current, changed = found[0], changed | found[1].changed
    return _expect(program, current, changed) if changed else None
