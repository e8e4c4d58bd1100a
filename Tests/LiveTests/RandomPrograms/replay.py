"""The model: runs the same program in Python, each procedure in the version that the log shows, and
compares every result and every datum; and checks what an update promises about the order."""

import struct

import emit
from program import M32, M64, MAIN, PURE, WORKER
from shapes import RESULTS

ENTER, LEAVE, SEE, KEY = 1, 2, 3, 60000
KINDS = {ENTER: "enter", LEAVE: "leave", SEE: "see"}


class Mismatch(Exception):
    """The program did something else than the model, or broke a promise."""


class Jump(Exception):
    """A longjmp."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Handler:
    """Whether there is a place for a longjmp."""

    def __init__(self):
        self.value = False

    def get(self):
        return self.value

    def set(self, value):
        self.value = value


class Span:
    """One update as seen from outside: asked for at record `start`, reported at record `end`.
    Of the procedures `cloned` the old build has several bodies."""

    def __init__(self, program, old, new, start, end, cloned=frozenset()):
        self.old, self.new, self.start, self.end, self.cloned = old, new, start, end, cloned
        self.old_marks, self.new_marks = marks_of(program, old), marks_of(program, new)

    def differs(self, number):
        return self.old_marks.get(number) != self.new_marks.get(number)

    def is_new(self, number, mark):
        return self.differs(number) and self.new_marks.get(number) == mark

    def is_old(self, number, mark):
        return self.differs(number) and self.old_marks.get(number) == mark


def marks(program, version):
    """The body of each procedure in a version."""
    found = {p.id: p.mark for p in version.procs.values()}
    for family, file in emit.Emitter(program, version)._dumps():
        found[emit.DUMP[family] + file] = version.number
    return found


def read_log(path):
    """All records: (kind, thread, procedure or datum, value)."""
    with open(path, "rb") as file:
        count, = struct.unpack("<Q", file.read(16)[:8])
        return list(struct.iter_unpack("<BBHI", file.read(8 * count)))


class Replay:
    """The program of one thread."""

    def __init__(self, program, spans, records, thread):
        self.program, self.spans = program, spans
        self.records = [(i,) + r for i, r in enumerate(records) if r[1] == thread]
        self.at, self.done, self.stack = 0, 0, []
        self.first = spans[0].old if spans else program.versions[program.route[0]]
        self.data, self.thread_data, self.applied = {}, {}, {}
        for version in [self.first] + [s.new for s in spans]:
            for datum in emit_used(program, version):
                place = self.thread_data if program.data[datum].kind.thread else self.data
                place.setdefault(datum, list(version.inits[datum]))
        self.space = self._space()

    def _space(self):
        handler = Handler()
        space = {
            "M32": M32, "M64": M64, "M128": (1 << 128) - 1, "D": self.data, "T": self.thread_data,
            "INITS": {d: v.inits[d] for v in self.program.versions for d in v.inits},
            "Jump": Jump, "handler": handler, "call": self.call, "leave": self.leave,
            "see": self.see, "see_const": self.see_const, "dumped": self.dumped, "key": self.key,
            "sort": self.sort, "f32": lambda x: struct.unpack("f", struct.pack("f", x))[0],
            "fold": fold, "rotate": rotate, "sext16": sext16, "cdiv": cdiv,
            "cmod": lambda a, b: a - b * cdiv(a, b)}
        space["after"] = lambda shape, r: space["after_" + shape](r)
        for shape, text in RESULTS.items():
            space["after_" + shape] = eval(f"lambda r: {text.format(r='r')}", space)
        seen = set()
        for version in self.program.versions:
            emitter = emit.Emitter(self.program, version)
            procs = [p for p in version.procs.values() if (p.id, p.mark) not in seen]
            seen |= {(p.id, p.mark) for p in procs}
            exec(emitter.python(procs), space)
        return space

    # The records

    def fail(self, what):
        where = " < ".join(f"{self.name(n)}#{m}" for n, m in reversed(self.stack)) or "the driver"
        index = self.records[self.at][0] if self.at < len(self.records) else "the end"
        raise Mismatch(f"at record {index}, in {where}: {what}")

    def name(self, number):
        for version in self.program.versions:
            if number in version.procs:
                return version.procs[number].name
        return f"dump {number}"

    def peek(self):
        return self.records[self.at] if self.at < len(self.records) else (None, None, None, None, None)

    def take(self, kind, number):
        index, found_kind, _, found, value = self.peek()
        if index is None:
            self.fail(f"the log ends, expected {KINDS[kind]} {number}")
        while self.done < len(self.spans) and index >= self.spans[self.done].end:
            self._finish(self.spans[self.done])
        if (found_kind, found) != (kind, number):
            self.fail(f"expected {KINDS[kind]} {number} ({self.name(number)}), "
                      f"found {KINDS.get(found_kind)} {found} ({self.name(found)}) {value}")
        self.at += 1
        return value

    def _finish(self, span):
        """An update has been reported: nothing old is left, and all data have what they must."""
        for number, mark in self.stack:
            if span.is_old(number, mark):
                self.fail(f"{self.name(number)}#{mark} is still active after `updated`")
        self.done += 1
        for datum in self.data:
            self._apply(datum, self.done)

    def _apply(self, datum, count):
        """Carries out the resets of a datum by the first `count` updates."""
        for span in self.spans[self.applied.get(datum, 0):count]:
            old, new = span.old.inits.get(datum), span.new.inits.get(datum)
            used = [emit_used(self.program, v) for v in (span.old, span.new)]
            if datum in used[0] and datum in used[1] and not self.program.data[datum].kind.const:
                state = self.data[datum]
                state[:] = [n if s == o else s for s, o, n in zip(state, old, new)]
        self.applied[datum] = max(count, self.applied.get(datum, 0))

    def open_span(self):
        """The update that may be under way at the record that was just taken, or nothing."""
        index = self.records[self.at - 1][0]
        if self.done < len(self.spans) and index >= self.spans[self.done].start:
            return self.spans[self.done]
        return None

    # What bodies do

    def call(self, number, *arguments):
        mark = self.take(ENTER, number)
        self._admit(number, mark)
        depth = len(self.stack)
        self.stack.append((number, mark))
        body = self.space.get(f"f{number}_{mark}")
        if body is None:
            self.fail(f"{self.name(number)} has no version {mark}")
        if body.__code__.co_argcount != len(arguments):
            self.fail(f"{self.name(number)}#{mark} called with {len(arguments)} arguments")
        try:
            return body(*arguments)
        finally:
            del self.stack[depth:]

    def _admit(self, number, mark):
        """The promises about which body runs."""
        span = self.open_span()
        visited = [self.first] + [s.new for s in self.spans[:self.done]]
        if number >= KEY - 10000:  # a resident main goes on calling a dump that was removed
            visited = [v for v in visited if number in marks_of(self.program, v)]
        allowed = {marks_of(self.program, visited[-1]).get(number)}
        allowed |= {span.new_marks.get(number)} if span else set()
        if mark not in allowed:
            self.fail(f"{self.name(number)}#{mark} entered, when only {allowed} may be")
        if span and span.is_old(number, mark):
            for other, its in self.stack:
                if span.is_new(other, its):
                    self.fail(f"old {self.name(number)}#{mark} entered within new "
                              f"{self.name(other)}#{its}")

    def leave(self, number, value):
        found = self.take(LEAVE, number)
        if found != value & M32:
            self.fail(f"{self.name(number)} gives {found}, not {value & M32}")
        self.stack.pop()
        return value

    def tag(self, datum):
        values = self.data[datum]
        if self.program.data[datum].kind.name in ("scalar", "union"):
            return fold(values[0])
        return int(values[0]) & M32

    def see(self, datum):
        found = self.take(SEE, datum)
        if found != self.tag(datum) and self.open_span():
            self._apply(datum, self.done + 1)
        if found != self.tag(datum):
            self.fail(f"datum {self.program.data[datum].name} shows {found}, not {self.tag(datum)}")

    def see_const(self, datum):
        found, span = self.take(SEE, datum), self.open_span()
        current = self.spans[self.done - 1].new if self.done else self.first
        for version in [current] + ([span.new] if span else []):
            if version.inits.get(datum, [None])[0] == found:
                return version.inits[datum]
        return self.fail(f"const {self.program.data[datum].name} shows version {found}")

    def dumped(self, datum, index, value, bits):
        value = int(value * 8.0) if bits == 0 else value
        found = self.take(SEE, datum)
        if found != fold(value & M64):
            self.fail(f"element {index} of {self.program.data[datum].name} is {found}, "
                      f"not {fold(value & M64)}")

    def key(self):
        return self.take(SEE, KEY)

    def sort(self, number, values):
        """qsort: its comparisons come in an order of libc's own."""
        while self.peek()[1] == ENTER and self.peek()[3] == number:
            if self.call(number) is None:
                break
        return sorted(values)

    # The driver

    def run(self):
        family, entry = self.program.threads[self.records[0][2] if self.records else 0]
        constant = self.first.main_constant if self.program.threads[0][1] == entry else 1
        rounds = 0
        while self.peek()[1] == ENTER and self.peek()[3] == entry:
            self.call(entry, constant, rounds)
            if rounds % 16 == 15:
                self._dumps(family)
            rounds += 1
        self._dumps(family)
        if self.at != len(self.records):
            self.fail("the log goes on")
        return rounds

    def _dumps(self, family):
        """Main's own list of dumps, which is that of the first version: it is resident."""
        families = [PURE] if family == PURE else [family, PURE]
        for f, file in emit.Emitter(self.program, self.first)._dumps():
            if f in families:
                self.call(emit.DUMP[f] + file)


def emit_used(program, version):
    if not hasattr(version, "used_data"):
        version.used_data = {d.id for d in emit.Emitter(program, version).used}
    return version.used_data


def marks_of(program, version):
    if not hasattr(version, "marks"):
        version.marks = marks(program, version)
    return version.marks


def check_order(program, spans, records):
    """Once a new body of a procedure ran, no thread enters its old one, unless that
    lives inlined or cloned in old callers, or these have another signature. `--keep-calls` keeps
    gcc from inlining, not from cloning."""
    for span in spans:
        seen = set()
        for kind, _, number, mark in records[span.start:span.end]:
            if kind != ENTER or not span.differs(number):
                continue
            proc = span.old.procs.get(number)
            if proc and number in span.new.procs and proc.shape != span.new.procs[number].shape:
                continue  # callers that were removed still call in the old way
            apart = program.flags[0] == "-O0" or not proc or proc.noclone \
                or program.keep_calls and number not in span.cloned
            if span.is_new(number, mark):
                seen.add(number)
            elif number in seen and apart:
                raise Mismatch(f"old procedure {number} entered after its new body")


def fold(x):
    return (x ^ (x >> 32)) & M32


def rotate(x, n):
    n &= 31
    return ((x << n) | (x >> (32 - n))) & M32


def sext16(x):
    x &= 0xffff
    return x - 0x10000 if x & 0x8000 else x


def cdiv(a, b):
    return abs(a) // b if a >= 0 else -(abs(a) // b)
