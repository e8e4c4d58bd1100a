"""A version of a program as C files, and as the Python that the model runs."""

import data
import shapes
from program import MAIN, PURE, WORKER, render

DUMP = {MAIN: 50000, WORKER: 50100, PURE: 50200}
EXTRA = 77
LOCALS = ["v0", "v1", "v2", "v3"]


def file_name(number):
    return "main.c" if number == 0 else f"part{number}.c"


class Emitter:
    """One version of a program."""

    def __init__(self, program, version):
        self.program, self.version = program, version
        self.used = self._used()

    def _used(self):
        """Which data this version has: those that its procedures use, in order."""
        found = set().union(*(p.data for p in self.version.procs.values()))
        return [self.program.data[i] for i in sorted(found)]

    def _c_names(self, proc):
        return (lambda n: proc.names.get(n, n), data.constant,
                lambda n: self.program.data[n].name, lambda n: self.version.procs[n].name,
                lambda n: f", {EXTRA}u" if self.version.procs[n].shape == "three" else "")

    def _py_names(self):
        def datum(number):
            kind = self.program.data[number].kind
            return f"C{number}" if kind.const else f"T[{number}]" if kind.thread else f"D[{number}]"
        return (lambda n: n, repr, datum, str,
                lambda n: f", {EXTRA}" if self.version.procs[n].shape == "three" else "")

    def text(self, proc):
        """What decides whether a procedure has changed."""
        return proc.shape, proc.tail, render(proc.body, "py", "", *self._py_names())

    # C

    def files(self):
        """{name: text} of all that is generated."""
        made = {"prog.h": self._header()}
        for number in range(self.program.files):
            made[file_name(number)] = self._file(number)
        return made

    def _prototype(self, proc):
        shape = shapes.SHAPES[proc.shape]
        attribute = "__attribute__((noinline)) " if proc.noinline else ""
        if proc.noclone:
            attribute = "__attribute__((noinline, noclone)) "
        return f"{'static ' if proc.static else ''}{attribute}{shape.result} {proc.name}({shape.parameters})"

    def _header(self):
        lines = ["#ifndef PROG_H", "#define PROG_H", '#include "rt.h"', shapes.HEADER]
        for datum in self.used:
            if datum.scope == "global":
                lines += self._define(datum, declare_only=True)
        for proc in self._ordered():
            if not proc.static:
                lines.append(self._prototype(proc) + ";")
            if proc.mark_kind == "inline":
                lines.append(f"static inline __attribute__((always_inline)) u32 mark_{proc.id}(void) {{ return {proc.mark}; }}")
        for family, file in self._dumps():
            lines.append(f"void dump_{family}_{file}(void);")
        return "\n".join(lines + ["#endif", ""])

    def _ordered(self, file=None):
        order = self.version.orders.get(file, {})
        return sorted((p for p in self.version.procs.values() if file is None or p.file == file),
                      key=lambda p: order.get(p.id, p.id))

    def _define(self, datum, declare_only=False):
        kind, retyped = datum.kind, self.version.types.get(datum.id)
        linkage = "extern " if declare_only else "" if datum.scope == "global" else "static "
        text = kind.define(datum.name, self.version.inits[datum.id], linkage,
                           lambda n: self.version.procs[n].name, declare_only)
        if retyped:
            text = text.replace("u32 ", retyped + " ", 1)
        own_type = kind.before.replace("{n}", datum.name)
        is_here = own_type and (declare_only or datum.scope != "global")
        return ([own_type] if is_here else []) + [text]

    def _file(self, number):
        lines = ['#include "prog.h"']
        procs = self._ordered(number)
        for proc in procs:
            if proc.static:
                lines.append(self._prototype(proc) + ";")
        for datum in self.used:
            if datum.file == number and datum.scope != "local":
                lines += self._define(datum)
        for proc in procs:
            lines += [""] * (1 + proc.blank) + self._proc(proc)
        for family, file in self._dumps():
            if file == number:
                lines += [""] + self._dump(family, file)
        if number == 0:
            lines += self._main()
        return "\n".join(lines) + "\n"

    def _mark(self, proc):
        """How a procedure says which body it is: (before it, the expression)."""
        if proc.mark_kind == "table":
            return [f"static const u32 marks_{proc.id}[3] = {{{proc.mark}, 5, 8}};"], \
                f"marks_{proc.id}[rt_zero]"
        if proc.mark_kind == "text":
            return [], f'(u32)("{proc.mark} of {proc.name}"[rt_zero] - \'0\')'
        return [], f"mark_{proc.id}()" if proc.mark_kind == "inline" else f"{proc.mark}"

    def _seen(self, used):
        """The data of these that a procedure looks at when it begins."""
        return [d for d in used if not d.kind.thread and self.program.mutable(d.id)]

    def _proc(self, proc):
        shape, names = shapes.SHAPES[proc.shape], self._c_names(proc)
        v = [names[0](n) for n in LOCALS]
        begin = shape.begin_c
        for old, new in zip(LOCALS, v):
            begin = begin.replace(old, new)
        before, mark = self._mark(proc)
        lines = before + [self._prototype(proc) + " {"]
        used = [self.program.data[i] for i in sorted(proc.data)]
        for datum in used:
            if datum.scope == "local":
                lines += ["  " + line for line in self._define(datum)]
        lines += [f"  rt_log(ENTER, {proc.id}, {mark});"]
        lines += [f"  rt_see({d.id}, {d.kind.tag.replace('{n}', d.name)});" for d in self._seen(used)]
        lines += [f"  u32 {v[0]}, {v[1]}, {v[2]} = {proc.id * 7919}u ^ rt_zero, {v[3]} = 1u ^ rt_zero;", f"  {begin}"]
        lines += render(proc.body, "c", "  ", *names)
        lines += [f"  u32 result = {v[0]} ^ rotate({v[1]}, 3) ^ rotate({v[2]}, 7) ^ rotate({v[3]}, 11);",
                  f"  rt_log(LEAVE, {proc.id}, result);"]
        if proc.tail >= 0:
            return lines + [f"  return {names[3](proc.tail)}(result);", "}"]
        return lines + [f"  return {shape.end_c};", "}"]

    def _dumps(self):
        return [(family, file) for family in (MAIN, WORKER, PURE) for file in range(self.program.files)
                if self._dumped(family, file)]

    def _dumped(self, family, file):
        return [d for d in self.used if d.family == family and d.file == file
                and d.scope != "local" and not d.kind.const]

    def _dump(self, family, file):
        dumped, number = self._dumped(family, file), DUMP[family] + file
        lines = [f"__attribute__((noinline)) void dump_{family}_{file}(void) {{",
                 f"  rt_log(ENTER, {number}, {self.version.number});"]
        lines += [f"  rt_see({d.id}, {d.kind.tag.replace('{n}', d.name)});" for d in self._seen(dumped)]
        for d in dumped:
            for text, bits in d.kind.elements:
                if text is None:
                    continue
                x = text.replace("{n}", d.name)
                x = f"(u64)(int64_t)({x} * 8.0)" if bits == 0 else f"(u64)(int64_t){x}" \
                    if bits < 0 else f"(u64){x}"
                lines.append(f"  rt_see({d.id}, fold({x}));")
        return lines + [f"  rt_log(LEAVE, {number}, 0);", "}"]

    def _main(self):
        lines = []
        for index, (family, entry) in enumerate(self.program.threads):
            loop = [f"  for (u32 n = 0; !rt_stops(); n++) {{",
                    f"    {self.version.procs[entry].name}({self.version.main_constant if index == 0 else 1}u, n);",
                    "    rt_nap(1000);",
                    "    if (n % 16 == 15) {", *self._calls(family, "      "), "    }", "  }",
                    *self._calls(family, "  ")]
            if index:
                lines += ["", f"static void *thread_{index}(void *number) {{",
                          "  rt_thread = (u32)(uintptr_t)number;", *loop, "  return 0;", "}"]
            else:
                main = loop
        count = len(self.program.threads)
        lines += ["", "int main(int count, char **arguments) {", "  if (count < 2) return 2;",
                  "  rt_start(arguments[1]);", f"  pthread_t threads[{count}];"]
        for index in range(1, count):
            lines.append(f"  pthread_create(&threads[{index}], 0, thread_{index}, (void *)(uintptr_t){index});")
        lines += main
        for index in range(1, count):
            lines.append(f"  pthread_join(threads[{index}], 0);")
        return lines + ["  return 0;", "}"]

    def _calls(self, family, indent):
        families = [family] if family == PURE else [family, PURE]
        return [f"{indent}dump_{f}_{n}();" for f, n in self._dumps() if f in families]

    # Python

    def python(self, procs):
        """The bodies of these procedures of this version as Python, and the dumps."""
        lines = []
        for proc in procs:
            lines += self._python_proc(proc)
        for family, file in self._dumps():
            dumped, number = self._dumped(family, file), DUMP[family] + file
            lines.append(f"def f{number}_{self.version.number}():")
            lines += [f"  see({d.id})" for d in self._seen(dumped)]
            for d in dumped:
                where = "T" if d.kind.thread else "D"
                for index, (text, bits) in enumerate(d.kind.elements):
                    if text is not None:
                        lines.append(f"  dumped({d.id}, {index}, {where}[{d.id}][{index}], {bits})")
            lines.append(f"  leave({number}, 0)")
        return "\n".join(lines) + "\n"

    def _python_proc(self, proc):
        shape = shapes.SHAPES[proc.shape]
        used = [self.program.data[i] for i in sorted(proc.data)]
        lines = [f"def f{proc.id}_{proc.mark}({shape.py_parameters}):"]
        for d in self._seen(used):
            lines.append(f"  C{d.id} = see_const({d.id})" if d.kind.const else f"  see({d.id})")
        for d in used:
            if d.kind.const and d not in self._seen(used):
                lines.append(f"  C{d.id} = INITS[{d.id}]")
        lines += [f"  {shape.begin_py}", f"  v2 = {proc.id * 7919}; v3 = 1"]
        lines += render(proc.body, "py", "  ", *self._py_names())
        lines.append("  result = v0 ^ rotate(v1, 3) ^ rotate(v2, 7) ^ rotate(v3, 11)")
        lines.append(f"  leave({proc.id}, result)")
        end = f"call({proc.tail}, result)" if proc.tail >= 0 else "result"
        return lines + [f"  return {end}"]
