"""Edits of where things stand: order, files, indentation; see `edits`."""

import re

from data_edits import _is_constant
from edits import Expectation, _expect
from source import DATUM, LOCAL_STATIC, Program, moved_lines


def swap_data(program, random, optimised):
    """Exchanges two neighbouring definitions of static data: nothing changes."""
    places = []
    for file in program.sources():
        lines = program.files[file].split("\n")
        for number, (one, two) in enumerate(zip(lines, lines[1:])):
            first, second = DATUM.fullmatch(one), DATUM.fullmatch(two)
            if first and second and not re.search(rf"\b{first['name']}\b", second["value"]):
                places.append((file, number))
    if not places:
        return None
    file, number = random.choice(places)
    lines = program.files[file].split("\n")
    lines[number:number + 2] = lines[number + 1], lines[number]
    new = Program(program.name, {**program.files, file: "\n".join(lines)})
    return _expect(program, new)


def reindent(program, random, optimised):
    """Indents a file otherwise: nothing changes."""
    file = random.choice(program.sources())
    text = re.sub(r"^ +(?=\S)", lambda m: m.group() * 2, program.files[file], flags=re.M)
    return _expect(program, Program(program.name, {**program.files, file: text}))


def _own_names(program, file):
    """What only one file knows."""
    names = {f.name for f in program.editable() if f.file == file and f.is_static}
    return names | {m["name"] for f, m in program.data if f == file and "static" in m["head"]}


def move_function(program, random, optimised):
    """Moves a function, with its statics, to another file: nothing changes."""
    if program.name not in ("till", "calc", "grid"):
        return None
    places = []
    for f in program.editable():
        for target in program.sources():
            # Data of another file are reached in another way.
            barred = _own_names(program, f.file) | _own_names(program, target) | {
                m["name"] for _, m in program.data}
            if target != f.file and f.name != "main" and not f.is_static and not any(
                    f.mentions(n) for n in barred) and not re.search(
                    r"__FILE__|__LINE__|assert|CHECK", f.code):
                places.append((f, target))
    if not places:
        return None
    f, target = random.choice(places)
    end = len(program.files[target])
    new = program.replace(
        (f.file, f.start, f.end, ""),
        (target, end, end, "\n" + program.files[f.file][f.start:f.end]))
    return new, Expectation(ignored=moved_lines(program, new))


def rename_file(program, random, optimised):
    """Gives a file another name: only `__FILE__` tells."""
    file = random.choice(program.sources())
    name = file.replace(".c", "_oracle.c")
    files = {name if f == file else f: text for f, text in program.files.items()}
    new = Program(program.name, files)
    telling = {
        f.key for f in new.editable()
        if f.file == name and re.search(r"__FILE__|\bassert\(|\bCHECK\(", f.code)}
    return new, Expectation(ignored=telling)


def variable_table(program, random, optimised):
    """Makes a constant array variable: new storage, and its users change with it."""
    if optimised:
        return None  # what nobody writes, the optimiser takes for a constant anyhow
    places = [
        (file, m) for file, m in program.data
        if "[" in m["rest"] and _is_constant(m) and re.match(r"static const (?!char \*)", m["head"])
        and re.match(r"\{-?\d|\{\{", m["value"])
        and not any(f.mentions(m["name"] + r"\[\d") for f in program.editable())]
    if not places:
        return None
    file, m = random.choice(places)
    start = m.start("head") + len("static ")
    new = program.replace((file, start, start + len("const "), ""))
    users = program.users(file, m["name"], True)
    key = (file, "", m["name"])
    return _expect(
        program, new, users, data={key: "content"},
        groups={("datum", key): users} if len(users) > 1 else {})


def unused(program, random, optimised):
    """Adds what the compiler drops: a prototype, a type, a macro, a static that nobody uses."""
    f = random.choice(program.editable())
    words = random.choice([
        "extern int oracle(long, char **);\n", "struct oracle { int a; struct oracle *next; };\n",
        "#define ORACLE(x) ((x) + 1)\n", "enum oracle { ORACLE_A, ORACLE_B = 70 };\n",
        "static inline int oracle(int x) { return x + 1; }\n"])
    return _expect(program, program.replace((f.file, f.start, f.start, words)))


def shadow_static(program, random, optimised):
    """Adds a static of a block, named like the procedure's own, which must keep its storage."""
    places = []
    for f in program.editable():
        for m in LOCAL_STATIC.finditer(f.body):
            if re.fullmatch(r"static (?:int|long) ", m["head"]) and not m["rest"]:
                places.append((f, m))
    if not places:
        return None
    f, m = random.choice(places)
    kind, name = random.choice(["int", "long"]), m["name"]
    block = f"  {{ static volatile {kind} {name} = 77; {name}++; }}\n"
    at = f.body_start + random.choice([0, m.end() + 1])
    new = program.replace((f.file, at, at, block))
    return _expect(program, new, {f.key}, data={(f.file, f.name, name): "added"})
