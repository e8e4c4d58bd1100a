"""Random statements that read and write static data."""

from expressions import Constants, target, word


def _index(g, x, count):
    """A random element that is not the tag, chosen by variable x: for 1 + 2^n elements."""
    return f"[1 + ({x} & {count - 2}u)]", f"[1 + ({x} & {count - 2})]"


def elements(g, p, depth):
    datum = g.datum(p, g.rng.choice(["words", "bytes", "halves", "const words", "thread words"]))
    if not datum:
        return None
    kind = datum.kind
    k, x, y = Constants(), target(g.rng), target(g.rng)
    count, bits = len(kind.elements), kind.elements[0][1]
    at = _index(g, x, count) if not kind.thread else (f"[{x} & 3u]", f"[{x} & 3]")
    d = f"@D{datum.id}"
    if kind.const:
        return g.stmt(f"{y} ^= {d}{at[0]};", f"{y} ^= {d}{at[1]}", k, kind.construct)
    c, py = word(g.rng, k, 1)
    element = {8: "uint8_t", -16: "int16_t", 32: "u32"}[bits]
    wrap = {8: "{} & 255", -16: "sext16({})", 32: "({}) & M32"}[bits]
    new = wrap.format(f"({d}{at[1]} + {py})")
    return g.stmt(f"{d}{at[0]} = ({element})((u32){d}{at[0]} + {c});\n{y} ^= (u32){d}{at[0]};",
                  f"{d}{at[1]} = {new}\n{y} ^= {d}{at[1]} & M32", k, kind.construct)


def reals(g, p, depth):
    datum = g.datum(p, "reals")
    if not datum:
        return None
    k, x, y = Constants(k0=g.rng.randint(1, 64) / 8), target(g.rng), target(g.rng)
    d = f"@D{datum.id}[1 + ({x} & 1{{u}})]"
    c, py = d.format(u="u"), d.format(u="")
    return g.stmt(f"{c} = {c} * 0.5 + (double)({y} & 0xffffu) * #k0;\n{y} ^= fold((u64)(int64_t)({c} * 8.0));",
                  f"{py} = {py} * 0.5 + ({y} & 0xffff) * #k0\n{y} ^= fold(int({py} * 8.0) & M64)",
                  k, datum.kind.construct)


def scalar(g, p, depth):
    datum = g.datum(p, g.rng.choice(["scalar", "union"]))
    if not datum:
        return None
    k, x = Constants(k0=g.rng.getrandbits(50)), target(g.rng)
    member = ".w" if datum.kind.union else ""
    d, e = f"@D{datum.id}{member}", f"@D{datum.id}[0]"
    # Often only read, so that it still holds its initial value when an update comes.
    if g.rng.random() < 0.4:
        return g.stmt(f"{x} ^= fold({d}) + (u32)#k0;", f"{x} ^= (fold({e}) + #k0) & M32", k,
                      datum.kind.construct)
    return g.stmt(f"{d} = {d} * 3u + #k0 + {x};\n{x} += fold({d});",
                  f"{e} = ({e} * 3 + #k0 + {x}) & M64\n{x} = ({x} + fold({e})) & M32", k,
                  datum.kind.construct)


def members(g, p, depth):
    datum = g.datum(p, g.rng.choice(["record", "bits"]))
    if not datum:
        return None
    k, x, y = Constants(k0=g.rng.getrandbits(30)), target(g.rng), target(g.rng)
    index = g.rng.randrange(1, len(datum.kind.elements))
    text, bits = datum.kind.elements[index]
    d, e = text.replace("{n}", f"@D{datum.id}"), f"@D{datum.id}[{index}]"
    cast = "(int16_t)" if bits < 0 else ""
    new = f"({e} + {x} + #k0)"
    new = f"sext16({new})" if bits < 0 else f"{new} & {hex((1 << bits) - 1)}"
    return g.stmt(f"{d} = {cast}({d} + {x} + #k0);\n{y} ^= fold((u64)(int64_t){d});",
                  f"{e} = {new}\n{y} ^= fold({e} & M64)", k, datum.kind.construct)


def texts(g, p, depth):
    datum = g.datum(p, "texts")
    if not datum:
        return None
    k, x, y = Constants(k0=g.rng.getrandbits(9)), target(g.rng), target(g.rng)
    d = f"@D{datum.id}"
    return g.stmt(f"for (const char *s = {d}.s[{x} & 1u]; *s; s++) {y} = {y} * 33u + (u32)*s + #k0;",
                  f"for s in {d}[1 + ({x} & 1)]: {y} = ({y} * 33 + ord(s) + #k0) & M32", k,
                  datum.kind.construct)
