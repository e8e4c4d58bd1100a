"""Random statements. Each maker takes the generator, the procedure that it is for and a depth, and
gives a statement, or nothing if it does not fit there."""

from expressions import Constants, target, word


def arithmetic(g, p, depth):
    k = Constants()
    c, py = word(g.rng, k, 3)
    x = target(g.rng)
    return g.stmt(f"{x} = {c};", f"{x} = {py}", k, "arithmetic")


def signed(g, p, depth):
    k = Constants(k0=g.rng.randint(1, 900), k1=g.rng.randint(1, 60))
    x, y = target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  int s = (int)({x} & 0xffffu) - (int)#k0 * 30;\n"
        f"  {y} += (u32)(s / (int)#k1 + s % (int)#k1 + (s >> 2) + (s < 0 ? -5 : 3));\n}}",
        f"s = ({x} & 0xffff) - #k0 * 30\n"
        f"{y} = ({y} + cdiv(s, #k1) + cmod(s, #k1) + (s >> 2) + (-5 if s < 0 else 3)) & M32",
        k, "signed arithmetic")


def wide(g, p, depth):
    k = Constants(k0=g.rng.getrandbits(64), k1=g.rng.randint(1, 63))
    x, y = target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  u64 w = (u64){x} * #k0 + {y};\n  w ^= w >> #k1;\n  {y} = fold(w * 7u);\n}}",
        f"w = ({x} * #k0 + {y}) & M64\nw ^= w >> #k1\n{y} = fold((w * 7) & M64)", k, "long long")


def int128(g, p, depth):
    k = Constants(k0=g.rng.getrandbits(64), k1=g.rng.randint(33, 90), k2=g.rng.randint(3, 9999))
    x, y = target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  u128 w = (u128)#k0 * {x};\n  w = w * #k0 + {y};\n  {y} ^= (u32)(w >> #k1) + "
        f"(u32)(w / #k2);\n}}",
        f"w = (#k0 * {x} * #k0 + {y}) & M128\n{y} = ({y} ^ ((w >> #k1) + w // #k2)) & M32",
        k, "__int128")


def floating(g, p, depth):
    k = Constants(k0=g.rng.randint(1, 999) / 16, k1=g.rng.randint(3, 77))
    x, y = target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  double r = (double){x} * #k0 + {y} / (double)#k1;\n"
        f"  float f = (float)({y} & 0xfffu) / 3.0f;\n"
        f"  {y} = fold((u64)(r * 16.0)) + (u32)(f * 64.0f);\n}}",
        f"r = {x} * #k0 + {y} / float(#k1)\nf = f32(f32({y} & 0xfff) / f32(3.0))\n"
        f"{y} = (fold(int(r * 16.0)) + int(f32(f * 64.0))) & M32", k, "floating arithmetic")


def string(g, p, depth):
    text = "".join(g.rng.choice("abcdefghij KLM") for _ in range(g.rng.randint(1, 24)))
    k, x = Constants(k0=text), target(g.rng)
    return g.stmt(f"for (const char *s = #k0; *s; s++) {x} = {x} * 31u + (u32)*s;",
                  f"for s in #k0: {x} = ({x} * 31 + ord(s)) & M32", k, "string literals")


def branch(g, p, depth):
    if depth <= 0:
        return None
    k = Constants()
    c, py = word(g.rng, k, 2)
    mask = k.new(g.rng.choice([1, 3, 8]))
    return g.stmt(f"if ({c} & {mask}) {{\n  %0\n}} else {{\n  %1\n}}",
                  f"if {py} & {mask}:\n  %0\nelse:\n  %1", k, "if",
                  subs=[g.block(p, depth - 1, 2), g.block(p, depth - 1, 2)])


def loop(g, p, depth):
    if depth <= 0:
        return None
    x = target(g.rng)
    k = Constants(k0=g.rng.choice([1, 3, 3]))
    body = g.block(p, 0, 2, cheap=g.rng.random() < 0.7)
    if sum(s.cost for s in body) > 12:
        return None
    kind = g.rng.choice(["for", "while", "do"])
    c = {"for": f"for (u32 i~ = {x} & #k0, n~ = 0; n~ <= i~; n~++) {{\n  %0\n}}",
         "while": f"{{\n  u32 i~ = ({x} & #k0) + 1;\n  while (i~ > 0) {{\n    %0\n    i~--;\n  }}\n}}",
         "do": f"{{\n  u32 i~ = {x} & #k0;\n  do {{\n    %0\n  }} while (i~-- > 0);\n}}"}[kind]
    made = g.stmt(c, f"for _ in range(({x} & #k0) + 1):\n  %0", k, "loops", subs=[body])
    made.cost *= 4
    return made


def switch(g, p, depth):
    cases = g.rng.randint(8, 12)
    k, x, y = Constants(), target(g.rng), target(g.rng)
    c = [f"switch ({x} & 15u) {{"]
    bodies, falls = [], []
    for n in range(cases):
        made = word(g.rng, k, 1)
        bodies.append((f"{y} ^= {made[0]};", f"{y} ^= {made[1]}"))
        falls.append(g.rng.random() < 0.2)
        c += [f"case {n}:", "  " + bodies[n][0]] + ([] if falls[n] else ["  break;"])
    c += ["default:", f"  {y} += 3u;", "}"]
    py = [f"s = {x} & 15"]
    for n in range(cases):
        at, lines = n, [bodies[n][1]]
        while falls[at] and at + 1 < cases:
            at += 1
            lines.append(bodies[at][1])
        if falls[at]:
            lines.append(f"{y} = ({y} + 3) & M32")
        py += [("if" if n == 0 else "elif") + f" s == {n}:"] + ["  " + line for line in lines]
    py += ["else:", f"  {y} = ({y} + 3) & M32"]
    return g.stmt("\n".join(c), "\n".join(py), k, "switch with a jump table")


def computed_goto(g, p, depth):
    k, x, y = Constants(), target(g.rng), target(g.rng)
    const = g.rng.choice(["const ", ""])
    labels = ", ".join(f"&&l~_{n}" for n in range(4))
    c = [f"{{\n  static const void *{const}labels~[] = {{{labels}}};", f"  goto *labels~[{x} & 3u];"]
    py = [f"s = {x} & 3"]
    for n in range(4):
        made = word(g.rng, k, 1)
        c.append(f"l~_{n}: {y} += {made[0]};" + ("" if n == 2 else " goto e~;"))
        py += [f"if s == {n}{' or s == 2' if n == 3 else ''}:",
               f"  {y} = ({y} + {made[1]}) & M32"]
    c.append(f"e~: {y} ^= 1u;\n}}")
    return g.stmt("\n".join(c), "\n".join(py + [f"{y} ^= 1"]), k, "computed goto")


def array(g, p, depth):
    k = Constants(k0=g.rng.getrandbits(32), k1=g.rng.choice([7, 15]))
    x, y = target(g.rng), target(g.rng)
    how, kind = g.rng.choice([("u32 t[n];", "variable-length arrays"), ("u32 *t = alloca(n * 4);", "alloca"),
                              ("u32 t[16];", "arrays"),
                              ("u32 *t = malloc(n * 4);", "heap")])
    end = "\n  free(t);" if kind == "heap" else ""
    return g.stmt(
        f"{{\n  u32 n = ({x} & #k1) + 1, m = n;\n  {how}\n"
        f"  for (u32 i = 0; i < n; i++) t[i] = {y} * i ^ #k0;\n"
        f"  while (m-- > 0) {y} += rotate(t[m], m);{end}\n}}",
        f"n = ({x} & #k1) + 1\nt = [({y} * i & M32) ^ #k0 for i in range(n)]\n"
        f"for i in range(n): {y} = ({y} + rotate(t[i], i)) & M32", k, kind)


def pun(g, p, depth):
    k, x, y = Constants(k0=g.rng.getrandbits(32)), target(g.rng), target(g.rng)
    return g.stmt(
        f"{{\n  union {{ u64 w; uint8_t b[8]; uint16_t h[4]; }} u;\n"
        f"  u.w = (u64){x} << 20 ^ #k0;\n  u.b[3] = (uint8_t){y};\n  {y} = u.h[1] + u.b[0] * 3u;\n}}",
        f"u = ((({x} << 20) ^ #k0) & (M64 ^ 0xff000000)) | (({y} & 255) << 24)\n"
        f"{y} = ((u >> 16) & 0xffff) + (u & 255) * 3", k, "unions")


def nap(g, p, depth):
    if g.rng.random() < 0.6:
        return g.stmt("rt_spin(#k0);", "pass", Constants(k0=g.rng.randint(100, 4000)), "busy")
    return g.stmt("rt_nap(#k0);", "pass", Constants(k0=g.rng.randint(50, 500)), "sleep")
