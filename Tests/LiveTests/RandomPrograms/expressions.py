"""Random expressions without undefined behaviour, as C and as Python."""

LOCALS = ["v0", "v1", "v2", "v3"]


class Constants(dict):
    """A statement's constants, named as they come."""

    def new(self, value):
        name = f"k{len(self)}"
        self[name] = value
        return f"#{name}"


def word(rng, k, depth=2):
    """A 32-bit expression: (C, Python)."""
    roll = rng.random()
    if depth == 0 or roll < 0.2:
        if rng.random() < 0.3:
            value = k.new(rng.choice([rng.getrandbits(32), rng.getrandbits(7), 1, 0xffffffff]))
            return value, value
        name = "$" + rng.choice(LOCALS)
        return name, name
    a, pa = word(rng, k, depth - 1)
    if roll < 0.3:
        n = k.new(rng.randint(1, 31))
        return f"rotate({a}, {n})", f"rotate({pa}, {n})"
    if roll < 0.36:
        n = k.new(rng.randint(1, 31))
        return f"({a} >> {n})", f"({pa} >> {n})"
    if roll < 0.42:
        return f"({a} ^ 0xffffffffu)", f"({pa} ^ M32)"
    b, pb = word(rng, k, depth - 1)
    if roll < 0.5:
        n = k.new(rng.randint(1, 9999))
        return f"({a} / ({b} % {n} + 1u))", f"({pa} // ({pb} % {n} + 1))"
    if roll < 0.58:
        x = f"({a} < {b} ? {a} : {b} + 3u)"
        return x, f"({pa} if {pa} < {pb} else ({pb} + 3) & M32)"
    op = rng.choice("+-*^&|")
    return f"({a} {op} {b})", f"(({pa} {op} {pb}) & M32)"


def target(rng):
    return "$" + rng.choice(LOCALS)
