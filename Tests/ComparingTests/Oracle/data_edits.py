"""Edits of static data, types, macros and headers; see `edits`."""

import re

from edits import _expect
from source import LOCAL_STATIC, blank_literals


def _data(program):
    """(file, procedure or None, match, offset of the match's text in the file)."""
    for file, match in program.data:
        yield file, None, match, 0
    for f in program.editable():
        for match in LOCAL_STATIC.finditer(f.body):
            if match["value"]:
                yield f.file, f, match, f.body_start


def _users(program, file, f, match):
    if f:
        return {f.key}
    return program.users(file, match["name"], "static" in match["head"])


def _is_constant(match):
    head = match["head"]
    return bool(re.search(r"\bconst [*]?$|\*const |\bconst (?!char \*)", head)) or (
        re.match(r"const rule", head) is not None)


def _initialiser(program, random, optimised, pattern, change, wanted, usable=lambda m: True):
    places = []
    for file, f, match, offset in _data(program):
        if not wanted(match) or not usable(match):
            continue
        if optimised and not _is_constant(match) and "static" in match["head"]:
            if not (f and re.search(rf"\b{match['name']}(?:\+\+|--| [+-]?= )", f.body)
                    or not f and program.is_written(file, match["name"])):
                continue
        start = offset + match.start("value")
        for value in re.finditer(pattern, match["value"]):
            places.append((file, f, match, start + value.start(), start + value.end(), value))
    if not places:
        return None
    file, f, match, start, end, value = random.choice(places)
    new = program.replace((file, start, end, change(value, match)))
    users = _users(program, file, f, match)
    key = (file, f.name if f else "", match["name"])
    groups = {("datum", key): users} if len(users) > 1 else {}
    if _is_constant(match):
        return _expect(program, new, users, data={key: "content"}, groups=groups)
    return _expect(program, new, data={key: "reset"}, groups=groups)


_NUMBER = r"(?<![\w.\"])-?\d+(?:\.\d+)?(?=[fu]?[,};]|[fu]?$|\})"


def _other(value, _):
    if "." in value.group():
        return f"{float(value.group()) + 0.25:.6f}"
    return str(abs(int(value.group())) + 3)


def scalar(program, random, optimised):
    """Changes the initialiser of a scalar."""
    return _initialiser(
        program, random, optimised, r"^-?\d+(?:\.\d+)?(?=f?$)", _other,
        lambda m: not m["rest"] and not _is_constant(m))


def element(program, random, optimised):
    """Changes one element of an array of variables."""
    return _initialiser(
        program, random, optimised, _NUMBER, _other,
        lambda m: "[" in m["rest"] and not _is_constant(m))


def constant_element(program, random, optimised):
    """Changes one element of a constant array."""
    return _initialiser(
        program, random, optimised, _NUMBER, _other,
        lambda m: "[" in m["rest"] and _is_constant(m),
        # Where all places are constant, the compiler puts the elements in.
        lambda m: not any(f.mentions(m["name"] + r"\[\d") for f in program.editable()))


def member(program, random, optimised):
    """Changes one member of a struct."""
    return _initialiser(
        program, random, optimised, r"(?<== )\d+(?=[,}])", _other,
        lambda m: m["value"].startswith("{."))


def pointed_text(program, random, optimised):
    """Changes a string that static data point to."""
    return _initialiser(
        program, random, optimised, r'"[^"\n]+"', lambda v, _: v.group()[:-1] + 'z"',
        lambda m: m["value"].startswith("{") and "char name[12]" not in m["head"])


def table_callee(program, random, optimised):
    """Changes which procedure a table names."""
    names = {f.name: f for f in program.editable()}

    def change(value, match):
        peers = sorted(
            n for n in set(re.findall(r"\b[a-z]\w*\b", match["value"])) & names.keys()
            if n != value.group())
        return random.choice(peers or ["square"])

    def usable(match):
        found = [n for n in re.findall(r"\b[a-z]\w*\b", blank_literals(match["value"])) if n in names]
        return any(not names[n].is_static or _is_called(program, n, match) for n in found) and (
            len(set(found)) > 1 or match["name"] == "fallback")
    pattern = "|".join(
        rf"\b{n}\b(?!\")" for n, f in sorted(names.items())
        if not f.is_static or _is_called(program, n, None)) or "$^"
    return _initialiser(program, random, optimised, pattern, change, lambda m: True, usable)


def _is_called(program, name, _):
    return any(f.calls(name) for f in program.editable())


def _variables(program, optimised):
    """(file, match) of data at file level that no other datum names and no folding removes."""
    for file, match in program.data:
        name = match["name"]
        others = [m["value"] for _, m in program.data if re.search(rf"\b{name}\b", m["value"])]
        is_static = "static" in match["head"]
        if others or program.mentioned_in_header(name) or not match["head"].strip():
            continue
        if optimised and is_static and not program.is_written(file, name):
            continue
        yield file, match, is_static


def retype(program, random, optimised):
    """Gives a static another type: new storage, which needs a map; its users change with it."""
    places = [p for p in _variables(program, optimised)
              if re.search(r"\bint $", p[1]["head"]) and not p[1]["rest"]]
    if not places:
        return None
    file, match, is_static = random.choice(places)
    name = match["name"]
    edits = [
        (f, m.start(1), m.end(1), "long") for f, text in program.files.items()
        for m in re.finditer(rf"^(?:static |extern )?(int) {name}\b(?: =|;)", text, re.M)
        if f == file or not is_static and "extern" in m.group()]
    users = program.users(file, name, is_static)
    key = (file, "", name)
    return _expect(
        program, program.replace(*edits), users, data={key: "mapped"}, refused={name},
        groups={("datum", key): users} if len(users) > 1 else {})


def rename_datum(program, random, optimised):
    """Renames a static: one goes, another comes, and its users change."""
    places = [p for p in _variables(program, optimised) if p[2] and not _is_constant(p[1])]
    if not places:
        return None
    file, match, _ = random.choice(places)
    name, code = match["name"], blank_literals(program.files[file])
    new = program.replace(*[
        (file, *m.span(), name + "_oracle")
        for m in re.finditer(rf"(?<![.\w])(?<!->){name}\b", code)])
    return _expect(
        program, new, program.users(file, name, True),
        data={(file, "", name): "removed", (file, "", name + "_oracle"): "added"})


def designators(program, random, optimised):
    """Writes designated initialisers in another order: nothing changes."""
    pattern = r"\{(\.\w+ = [\w\"]+), (\.\w+ = [\w\"]+)([,}])"
    places = [
        (file, m) for file, text in program.files.items() if file.endswith(".c")
        for m in re.finditer(pattern, text)]
    if not places:
        return None
    file, m = random.choice(places)
    return _expect(
        program, program.replace((file, *m.span(), "{" + m[2] + ", " + m[1] + m[3])))


def macro(program, random, optimised):
    """Changes what a macro expands to."""
    places = [
        ("till.h", "TAX", r"\(cents\) \* 19 / 100", "(cents) * 21 / 100"),
        ("grid.h", "REPORT_EVERY", r"REPORT_EVERY 16", "REPORT_EVERY 12"),
        ("grid.h", "WRAPPED", r"\(\(x\) \+ \(size\)\)", "((x) + 2 * (size))"),
        ("shop.h", "SHOP_WORKERS", r"$^", ""),
    ]
    places = [p for p in places if p[0] in program.files and p[2] != "$^"]
    if not places:
        return None
    file, name, old, new_text = random.choice(places)
    m = re.search(old, program.files[file])
    users = {f.key for f in program.editable() if re.search(rf"\b{name}\b", f.code)}
    return _expect(program, program.replace((file, *m.span(), new_text)), users)


def header_inline(program, random, optimised):
    """Changes a `static inline` function of a header: each unit's copy."""
    inline = [f for f in program.functions if f.is_inline]
    places = [
        (f, m) for f in inline
        for m in re.finditer(r"(?<=[+] )\d+|(?<=== ')\w|(?<=x > )high(?= \?)", f.body)]
    if not places:
        return None
    f, m = random.choice(places)
    change = {"high": "high + 1", "_": "@"}.get(m.group()) or str(int(m.group()) + 1)
    new = program.replace((f.file, f.body_start + m.start(), f.body_start + m.end(), change))
    users = {(g.file, f.name) for g in program.editable() if g.mentions(f.name)}
    return _expect(program, new, users)


# A struct that only lives on stacks and behind parameters: (header, tag, a member, whose code
# depends on the size, whose on the places of what follows that member).
_STRUCTS = [
    ("till.h", "receipt", "  long sum;\n", "  int till;\n",
     {("main.c", "sell")}, {("receipts.c", n) for n in
                            ("check", "receipt_add", "receipt_close", "receipt_show")}),
    ("calc.h", "lexer", "  const char *at;\n", "  int taken;\n",
     {("main.c", "work")},
     {("lex.c", n) for n in ("single", "number", "name", "lexer_start", "lexer_next")}
     | {("parse.c", n) for n in ("primary", "power", "product", "sum", "parse")}),
]


def _struct(program, place):
    for header, tag, first, last, size_users, others in _STRUCTS:
        if header not in program.files:
            continue
        line = first if place == "first" else last
        at = program.files[header].index(line) + (len(line) if place == "last" else 0)
        new = program.replace((header, at, at, "  long oracle[5];\n"))
        changed = size_users | (others if place == "first" else set())
        return _expect(
            program, new, changed, groups={("struct", tag): size_users | others})
    return None


def struct_end(program, random, optimised):
    """Adds a member at the end of a struct: only who makes objects of it changes."""
    return _struct(program, "last")


def struct_front(program, random, optimised):
    """Adds a member at the front of a struct: all that touch its members change."""
    return _struct(program, "first")


def struct_static(program, random, optimised):
    """Adds a member to a struct of static data: new storage, which needs a map."""
    places = {
        "till.h": ("day", "  int receipts;\n", ("receipts.c", "", "today"), set()),
        "grid.h": ("grid", "  long changes;\n", ("main.c", "", "grid"), {("main.c", "run")}),
    }
    for header, (tag, line, key, _) in places.items():
        if header not in program.files:
            continue
        at = program.files[header].index(line)
        new = program.replace((header, at, at, "  long oracle;\n"))
        file, _, name = key
        users = program.users(file, name, tag == "grid")
        touching = set(users)
        if tag == "grid":
            touching |= {
                f.key for f in program.editable()
                if re.search(r"struct grid \*", f.parameters)}
        changed = users | ({
            ("rules.c", "at"), ("grid.c", "grid_step"), ("grid.c", "grid_plant"),
            ("grid.c", "grid_hash"), ("main.c", "grid_show")} if tag == "grid" else set())
        return _expect(
            program, new, changed, refused={name}, data={key: "mapped"},
            groups={("datum", key): users, ("struct", tag): touching})
    return None
