#!/usr/bin/env python3
"""Writes a C program of any number of procedures, and a Makefile for it.

    big_program.py DIRECTORY PROCEDURES [--changed K] [--per-file M]

Each procedure calls 3 to 5 others with higher numbers (so that every call ends), reads and writes
static data, and uses a string. `main` answers every 100 ms with a line. The same arguments always
give the same program. With --changed K, K procedures spread over the program differ in a constant
from those without: version 2.
"""
import argparse
import os
import random


def procedure(number, count, changed, static, first, end):
    dice = random.Random(number)
    factor = dice.randrange(3, 1000) + (1000 if changed else 0)
    lines = []
    lines.append(f"{'static ' if static else ''}NOINLINE int p{number}(struct record *r, int n)")
    lines.append("{")
    lines.append(f"    static int calls_{number};")
    lines.append(f"    calls_{number}++;")
    lines.append(f"    r->total += n * {factor};")
    lines.append(f"    if (n <= 0) return table_{first}[{number % 16}];")
    lines.append(f"    if (r->total == {number}) puts(\"procedure {number} was here\");")
    for _ in range(dice.randrange(3, 6)):
        # Statics only within the file.
        callee = number + 1 + dice.randrange(0, 400)
        if callee < count and (callee % 4 != 3 or callee < end):
            lines.append(f"    r->total += p{callee}(r, n - 1 - (r->total & 1));")
    lines.append("    return r->total;")
    lines.append("}")
    return lines


def is_static(number):
    return number % 4 == 3


def write_if_other(path, text):
    if os.path.exists(path):
        with open(path) as file:
            if file.read() == text:
                return
    with open(path, "w") as file:
        file.write(text)


def unit(first, end, count, changed):
    lines = ["#include <stdio.h>", '#include "all.h"', ""]
    lines.append(f"static int table_{first}[16] = {{ {', '.join(str(first + i) for i in range(16))} }};")
    for number in range(first, end):
        if is_static(number):
            lines.append(f"static int p{number}(struct record *r, int n);")
    for number in range(first, end):
        lines += procedure(number, count, number in changed, is_static(number), first, end)
    # Every static is used, whatever the dice say.
    uses = " + ".join(f"p{n}(r, 0)" for n in range(first, end) if is_static(n)) or "0"
    lines += [f"int statics_{first}(struct record *r)", "{", f"    return {uses};", "}"]
    return "\n".join(lines) + "\n"


MAIN = """#include <stdio.h>
#include <unistd.h>
#include <poll.h>
#include "all.h"

__attribute__((noinline)) void answer(struct record *r)
{
    r->total = 0;
    p0(r, 3);
    CALLS
    printf("%d\\n", r->total);
    fflush(stdout);
}

int main(void)
{
    struct record r = { 0, "record" };
    puts("ready");
    fflush(stdout);
    for (;;) {
        poll(0, 0, 100);
        answer(&r);
    }
}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("procedures", type=int)
    parser.add_argument("--changed", type=int, default=0)
    parser.add_argument("--per-file", type=int, default=50)
    options = parser.parse_args()
    count, size = options.procedures, options.per_file
    os.makedirs(options.directory, exist_ok=True)
    step = max(1, count // options.changed) if options.changed else 0
    changed = set(list(range(1, count, step))[:options.changed]) if options.changed else set()

    header = ["#define NOINLINE __attribute__((noinline))"]
    header += ["struct record { int total; const char *name; };"]
    header += [f"int p{n}(struct record *r, int n);" for n in range(count) if not is_static(n)]
    firsts = list(range(0, count, size))
    header += [f"int statics_{n}(struct record *r);" for n in firsts]
    write_if_other(options.directory + "/all.h", "\n".join(header) + "\n")
    for number, first in enumerate(firsts):
        text = unit(first, min(first + size, count), count, changed)
        write_if_other(f"{options.directory}/u{number}.c", text)
    calls = "\n    ".join(f"statics_{n}(r);" for n in firsts)
    write_if_other(options.directory + "/main.c", MAIN.replace("CALLS", calls))
    objects = " ".join(["main.o"] + [f"u{n}.o" for n in range(len(firsts))])
    write_if_other(options.directory + "/Makefile", f"""CC = pupcc
CFLAGS = -O1
program: {objects}
\t$(CC) $(CFLAGS) -o $@ $^
objects: {objects}
""")


main()
