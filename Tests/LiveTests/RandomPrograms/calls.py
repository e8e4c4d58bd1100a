"""Random statements that call procedures."""

import shapes
from expressions import Constants, target, word

# Shapes that a procedure may change among.
FLAT = {"plain", "long", "three"}


def direct(g, p, depth):
    callee = g.callee(p)
    if not callee:
        return None
    k, x = Constants(), target(g.rng)
    (a, pa), (b, pb) = word(g.rng, k, 1), word(g.rng, k, 1)
    c, py = shapes.call(callee, a, b, pa, pb)
    kinds = ["calls"] + [c for c in [shapes.SHAPES[callee.shape].construct] if c]
    return g.stmt(f"{x} ^= {c};", f"{x} ^= {py}", k, *kinds, cost=callee.cost)


def nested(g, p, depth):
    inner, outer = g.callee(p, FLAT | {"one"}), g.callee(p, FLAT | {"one"})
    if not inner or not outer:
        return None
    k, x = Constants(k0=g.rng.getrandbits(20)), target(g.rng)
    c, py = shapes.call(inner, x, "#k0", x, "#k0")
    c, py = shapes.call(outer, c, "#k0", py, "#k0")
    return g.stmt(f"{x} += {c};", f"{x} = ({x} + {py}) & M32", k, "nested calls",
                  cost=inner.cost + outer.cost)


def recursion(g, p, depth):
    if p.shape not in FLAT or p.recurses or p.cost > 12:
        return None
    p.recurses = True
    other = p.partner if p.partner is not None else p
    k, x = Constants(k0=g.rng.getrandbits(8)), target(g.rng)
    return g.stmt(f"if (p1 & 3u) {x} += @F{other.id}({x} ^ #k0, (p1 & 3u) - 1u@X{other.id});",
                  f"if p1 & 3: {x} = ({x} + call(@F{other.id}, {x} ^ #k0, (p1 & 3) - 1@X{other.id})) & M32",
                  k, "mutual recursion" if other is not p else "recursion", cost=p.cost * 3)


def pointer(g, p, depth):
    one, two = g.callee(p, {"one"}), g.callee(p, {"one"})
    if not one or not two:
        return None
    k, x, y = Constants(k0=g.rng.getrandbits(9)), target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  fn1 f = {x} & 4u ? @F{one.id} : @F{two.id};\n  {y} ^= f({x} + #k0);\n}}",
        f"{y} ^= call(@F{one.id} if {x} & 4 else @F{two.id}, ({x} + #k0) & M32)", k,
        "function pointers", cost=max(one.cost, two.cost))


def table(g, p, depth):
    """A call through a table in static data, which is sometimes changed."""
    name = g.rng.choice(["functions", "const functions"])
    datum = g.datum(p, name)
    if not datum:
        return None
    k, x, y = Constants(k0=g.rng.getrandbits(9)), target(g.rng), target(g.rng)
    c = f"{y} += @D{datum.id}.f[{x} & 3u]({x} ^ #k0);"
    py = f"{y} = ({y} + call(@D{datum.id}[1 + ({x} & 3)], {x} ^ #k0)) & M32"
    if name == "functions" and g.rng.random() < 0.5:
        c = f"@D{datum.id}.f[{y} & 3u] = @D{datum.id}.f[{x} & 3u];\n" + c
        py = f"@D{datum.id}[1 + ({y} & 3)] = @D{datum.id}[1 + ({x} & 3)]\n" + py
    return g.stmt(c, py, k, datum.kind.construct, cost=g.table_cost)


def sort(g, p, depth):
    callee = g.callee(p, {"compare"}, weigh=20)
    if not callee:
        return None
    k, x, y = Constants(k0=g.rng.getrandbits(32)), target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  u32 t[6];\n  for (u32 i = 0; i < 6; i++) t[i] = rotate({x}, i * 5u) ^ #k0 * i;\n"
        f"  qsort(t, 6, sizeof *t, @F{callee.id});\n"
        f"  for (u32 i = 0; i < 6; i++) {y} = {y} * 3u + t[i];\n}}",
        f"t = sort(@F{callee.id}, [rotate({x}, i * 5) ^ (#k0 * i & M32) for i in range(6)])\n"
        f"for i in range(6): {y} = ({y} * 3 + t[i]) & M32", k, "qsort callbacks", cost=20)


def catch(g, p, depth):
    """setjmp here; `throw` in what is called may jump back."""
    callee = g.callee(p, FLAT | {"one"})
    if not callee:
        return None
    k, x = Constants(k0=g.rng.getrandbits(20)), target(g.rng)
    c, py = shapes.call(callee, "x", "#k0", "x", "#k0")
    return g.stmt(
        f"{{\n  jmp_buf here, *outer = rt_handler;\n  volatile u32 x = {x};\n  rt_handler = &here;\n"
        f"  switch (setjmp(here)) {{\n  case 0: x ^= {c}; break;\n  case 7: x += 7u; break;\n"
        f"  default: x ^= #k0; }}\n  rt_handler = outer;\n  {x} = x;\n}}",
        f"x = {x}\nouter = handler.get()\nhandler.set(True)\ntry:\n  x ^= {py}\n"
        f"except Jump as jump:\n  x = (x + 7) & M32 if jump.code == 7 else x ^ #k0\n"
        f"handler.set(outer)\n{x} = x", k, "setjmp and longjmp", cost=callee.cost)


def throw(g, p, depth):
    k, x = Constants(k0=g.rng.choice([7, 3])), target(g.rng)
    return g.stmt(f"if (rt_handler && ({x} & 7u) == 5u) longjmp(*rt_handler, (int)#k0);",
                  f"if handler.get() and ({x} & 7) == 5: raise Jump(#k0)", k, "longjmp")
