"""Kinds of signatures: how a procedure of each is declared, begun, ended and called."""

from dataclasses import dataclass


@dataclass
class Shape:
    result: str
    parameters: str
    begin_c: str  # gives v0 and v1
    begin_py: str
    end_c: str  # the result from the 32-bit `result`
    call_c: str  # a 32-bit expression from {a}, {b}; {f} is the procedure
    call_py: str  # the model's arguments
    py_parameters: str = "p0, p1"
    construct: str = ""


SHAPES = {
    "one": Shape("u32", "u32 p0", "v0 = p0; v1 = 9u ^ rt_zero;", "v0 = p0; v1 = 9", "result",
                 "{f}({a})", "{a}", "p0"),
    "plain": Shape("u32", "u32 p0, u32 p1", "v0 = p0; v1 = p1;", "v0 = p0; v1 = p1", "result",
                   "{f}({a}, {b}{x})", "{a}, {b}{x}"),
    # What a `plain` one may become in another version, and the other way round.
    "long": Shape("u64", "u32 p0, u64 p1", "v0 = p0; v1 = (u32)p1;", "v0 = p0; v1 = p1", "result",
                  "{f}({a}, {b}{x})", "{a}, {b}{x}", construct="long long"),
    "three": Shape("u32", "u32 p0, u32 p1, u32 p2", "v0 = p0; v1 = p1 ^ p2;",
                   "v0 = p0; v1 = p1 ^ p2", "result", "{f}({a}, {b}{x})",
                   "{a}, {b}{x}", "p0, p1, p2"),
    "wide": Shape("u64", "u64 p0, long long p1", "v0 = fold(p0); v1 = fold((u64)p1);",
                  "v0 = fold(p0); v1 = fold(p1)", "result * 0x100000001ull ^ 5u",
                  "fold({f}({a} * 0x9e3779b97f4a7c15ull, {b}))",
                  "({a} * 0x9e3779b97f4a7c15) & M64, {b}", construct="long long"),
    "many": Shape(
        "u32", "u32 p0, u64 q1, double q2, uint8_t q3, u32 p1, u64 q5, short q6, u32 q7, u128 q8, float q9",
        "v0 = p0 ^ fold(q1) ^ (u32)q2 ^ q3; v1 = p1 + fold(q5) + (u32)q6 + q7 + (u32)(q8 >> 70) + (u32)q9;",
        "v0 = p0 ^ p1 ^ p0 ^ (p1 & 255); v1 = (p1 + p0 + sext16(p0) + 7 + (p1 >> 1) + (p0 & 0xffff)) & M32",
        "result",
        "{f}({a}, {b}, (double)({a}), (uint8_t)({b}), {b}, {a}, (short)({a}), 7, (u128)({b}) << 69, (float)({a} & 0xffff))",
        "{a}, {b}", construct=">6 arguments"),
    "small": Shape("struct small", "struct small p", "v0 = p.a; v1 = p.b;", "v0 = p0; v1 = p1",
                   "((struct small){result, result + 1u})",
                   "small_sum({f}((struct small){{{a}, {b}}}))", "{a}, {b}",
                   construct="structs in registers"),
    "mixed": Shape("struct mixed", "struct mixed p, u32 p1", "v0 = (u32)p.d ^ (u32)p.n; v1 = p1;",
                   "v0 = p0 ^ p1; v1 = p1", "((struct mixed){(double)result, result})",
                   "mixed_sum({f}((struct mixed){{(double)({a}), {b}}}, {b}))", "{a}, {b}",
                   construct="structs in registers"),
    "big": Shape("struct big", "struct big p, u32 p1", "v0 = (u32)p.v[0] ^ (u32)p.v[4]; v1 = p1;",
                 "v0 = p0 ^ p1; v1 = p1", "((struct big){{result, 1, 2, 3, result >> 1}})",
                 "big_sum({f}((struct big){{{{{a}, 0, 0, 0, {b}}}}}, {b}))", "{a}, {b}",
                 construct="structs by memory"),
    "real": Shape("double", "double p0, float p1", "v0 = (u32)p0; v1 = (u32)p1;",
                  "v0 = p0; v1 = p1 & 0xffff", "((double)result * 0.5)",
                  "(u32)({f}((double)({a}), (float)({b} & 0xffff)) * 2.0)", "{a}, {b}",
                  construct="floating arguments"),
    "compare": Shape(
        "int", "const void *q0, const void *q1",
        "v0 = rt_see(KEY, *(const u32 *)q0); v1 = rt_see(KEY, *(const u32 *)q1); "
        "u32 p0 = v0, p1 = v1;", "v0 = p0 = key(); v1 = p1 = key()", "(p0 > p1) - (p0 < p1)",
        "", "", ""),
    "variadic": Shape(
        "u32", "u32 given, ...",
        "va_list list; va_start(list, given); v0 = given; v1 = 0; "
        "for (u32 i = 0; i < given; i++) v1 += i & 1 ? (u32)va_arg(list, double) : "
        "fold(va_arg(list, u64)); va_end(list);",
        "v0 = 9; v1 = (5 * p0 + 4 * (p1 & 0xffff)) & M32", "result",
        "{f}(9u, " + ", ".join("(double)({b} & 0xffff)" if i & 1 else "(u64)({a})"
                               for i in range(9)) + ")",
        "{a}, {b}", construct="varargs"),
}

# What a caller of each shape sees of the 32-bit result, in Python.
RESULTS = {
    "wide": "fold(({r} * 0x100000001) ^ 5)", "small": "(2 * {r} + 1) & M32",
    "mixed": "(2 * {r}) & M32", "big": "({r} + 6 + ({r} >> 1)) & M32",
}

HEADER = """enum { KEY = 60000 };
struct small { u32 a, b; };
struct mixed { double d; u64 n; };
struct big { u64 v[5]; };
static inline u32 small_sum(struct small s) { return s.a + s.b; }
static inline u32 mixed_sum(struct mixed s) { return (u32)s.d + (u32)s.n; }
static inline u32 big_sum(struct big s) {
  u64 sum = 0;
  for (u32 i = 0; i < 5; i++) sum += s.v[i];
  return (u32)sum;
}
"""


def call(proc, a, b, pa, pb):
    """A call of a procedure with two 32-bit arguments, which must have no effects: (C, Python)."""
    shape = SHAPES[proc.shape]
    made = shape.call_py.format(a=pa, b=pb, x=f"@X{proc.id}")
    c = shape.call_c.format(f=f"@F{proc.id}", a=a, b=b,
                            x=f"@X{proc.id}")
    py = f"call(@F{proc.id}, {made})"
    if proc.shape in RESULTS:
        py = f"after({proc.shape!r}, {py})"
    return f"({c})", py
