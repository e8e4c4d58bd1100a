"""Kinds of data: how each is defined in C, what its elements are, and how statements use them.

Element 0 is a tag that the program never writes: it shows whose initial value a datum has. Scalars
have none and show themselves."""

from dataclasses import dataclass

from program import M32, M64


@dataclass
class Kind:
    name: str
    c_type: str  # with {n} for the name
    tag: str  # the C expression of what is seen, with {n}
    elements: list  # of (C expression with {n}, bits; negative: signed; 0: floating)
    construct: str
    const: bool = False
    thread: bool = False
    union: bool = False
    before: str = ""  # a type's definition, with {n}

    def define(self, name, values, linkage, proc_names, declare_only=False):
        """The datum's definition; `values` are integers, floats, texts, or ids of procedures."""
        text = linkage + self.c_type.replace("{n}", name)
        if declare_only:
            return text + ";"
        if not any(values) and not self.const and self.name not in ("functions", "texts"):
            return text + ";"
        return f"{text} = {self._initialiser(values, proc_names)};"

    def _initialiser(self, values, proc_names):
        if self.name in ("scalar", "union"):
            value = constant(values[0])
            return value if self.name == "scalar" else "{" + value + "}"
        if "functions" in self.name:
            return "{%d, {%s}}" % (values[0], ", ".join(proc_names(v) for v in values[1:]))
        if self.name == "texts":
            return '{%d, {%s}}' % (values[0], ", ".join(f'"{v}"' for v in values[1:]))
        return "{" + ", ".join(constant(v) for v in values) + "}"


def constant(value):
    """A constant in C."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return repr(value)
    if value < 0:
        return f"({value})"
    return f"{value}u" if value <= M32 else f"{value}ull"


def _array(name, element, count, bits, construct, **more):
    return Kind(name, f"{element} {{n}}[{count}]", "(u32){n}[0]",
                [(f"{{n}}[{i}]", bits) for i in range(count)], construct, **more)


RECORD = "struct {n}_t { u32 tag; uint8_t b; u64 w; int16_t s; u32 x; };"
# Bit-fields that share a byte are one element of an update: these do not.
BITS = ("struct {n}_t { u32 tag; unsigned a : 5, : 3; unsigned b : 11, : 5; unsigned c : 16; "
        "u64 d : 40; };")
KINDS = [
    _array("words", "u32", 5, 32, "static data"),
    _array("bytes", "uint8_t", 9, 8, "static data"),
    _array("halves", "int16_t", 5, -16, "static data"),
    _array("reals", "double", 3, 0, "floating data"),
    Kind("scalar", "u64 {n}", "fold({n})", [("{n}", 64)], "static data"),
    Kind("record", "struct {n}_t {n}", "{n}.tag",
         [("{n}.tag", 32), ("{n}.b", 8), ("{n}.w", 64), ("{n}.s", -16), ("{n}.x", 32)],
         "struct data", before=RECORD),
    Kind("bits", "struct {n}_t {n}", "{n}.tag",
         [("{n}.tag", 32), ("{n}.a", 5), ("{n}.b", 11), ("{n}.c", 16), ("{n}.d", 40)],
         "bit-fields", before=BITS),
    Kind("union", "union {n}_t {n}", "fold({n}.w)", [("{n}.w", 64)], "union data", union=True,
         before="union {n}_t { u64 w; uint8_t b[8]; u32 x[2]; };"),
    Kind("functions", "struct {n}_t {n}", "{n}.tag", [("{n}.tag", 32)] + [(None, 64)] * 4,
         "function pointers in data", before="struct {n}_t { u32 tag; fn1 f[4]; };"),
    Kind("texts", "struct {n}_t {n}", "{n}.tag", [("{n}.tag", 32)] + [(None, 64)] * 2,
         "string pointers in data", before="struct {n}_t { u32 tag; const char *s[2]; };"),
    _array("const words", "const u32", 9, 32, "const data", const=True),
    Kind("const functions", "const struct {n}_t {n}", "{n}.tag",
         [("{n}.tag", 32)] + [(None, 64)] * 4, "const function tables", const=True,
         before="struct {n}_t { u32 tag; fn1 f[4]; };"),
    _array("thread words", "__thread u32", 4, 32, "thread-local data", thread=True),
]
BY_NAME = {kind.name: kind for kind in KINDS}


def initial(kind, rng, version, functions):
    """Initial values of a new datum; `functions` are ids of procedures that tables may hold."""
    if kind.name in ("scalar", "union"):
        return [rng.choice([0, 1, rng.getrandbits(40), rng.getrandbits(64)])]
    if kind.thread:
        return [rng.choice([0, rng.getrandbits(16)]) for _ in kind.elements] \
            if version == 1 and rng.random() < 0.5 else [0] * len(kind.elements)
    return [version if kind.name != "reals" else float(version)] + [
        element(kind, i, rng, functions) for i in range(1, len(kind.elements))]


def element(kind, index, rng, functions):
    """A value for one element."""
    if "functions" in kind.name:
        return rng.choice(functions)
    if kind.name == "texts":
        return "".join(rng.choice("abcdefgh ") for _ in range(rng.randint(0, 12)))
    bits = kind.elements[index][1]
    if bits == 0:
        return rng.randint(-4000, 4000) / 8
    if bits < 0:
        return rng.randint(-(1 << (-bits - 1)), (1 << (-bits - 1)) - 1)
    return rng.choice([0, rng.getrandbits(bits)]) & M64
