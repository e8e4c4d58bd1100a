# Runs in gdb: stops a program at random points and writes, for each thread, its registers, the
# memory that its frames lie in, and the frames that gdb finds.
#
# Environment: POINTS, where to write (.text and .bytes are added); COUNT, how many points; SEED;
# MARK, the procedure that the program passes again and again; PLACES, procedures of libraries whose
# instructions are stopped at (a list, by commas), besides, unless ONLY is 1, those of the program.
# With PID it steps through a process that runs already, and the frames are those that the process
# finds itself: gdb knows nothing of code that was put into it.
import os
import random
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from recording import PAGE, close, frames, is_alive, keep, keep_pages, registers, text

POINTS_PER_RUN = 300
named = set()
written = 0
wanted = int(os.environ["COUNT"])
is_choosy = os.environ["ONLY"] == "1"
is_running_already = "PID" in os.environ
generator = random.Random(int(os.environ["SEED"]))


def quietly(command):
    return gdb.execute(command, to_string=True)


def write_files():
    """Writes what can be read, of files and else."""
    inferior = gdb.selected_inferior()
    for line in open("/proc/%d/maps" % inferior.pid):
        words = line.split() + ["-"]
        start, end = (int(word, 16) for word in words[0].split("-"))
        if words[1][0] != "r" or words[5].startswith("[vvar"):
            continue
        content = inferior.read_memory(start, end - start)
        if words[5].startswith("/") or words[5] == "[vdso]":
            print("map", keep(start, content), int(words[2], 16), words[5], file=text)
        else:
            write_used(content, start)


def write_used(content, start):
    """Writes the pages that are not empty of what may be large."""
    for offset in range(0, len(content), PAGE):
        page = bytes(content[offset:offset + PAGE])
        if any(page):
            print("map", keep(start + offset, page), 1, "-", file=text)


def traced(counter):
    """The frames that the program finds in a handler that interrupts it here, without stacks."""
    point = gdb.Breakpoint("traced_all", internal=True)
    quietly("signal SIGUSR2")
    point.delete()
    count = int(gdb.parse_and_eval("traced_count"))
    found = [int(gdb.parse_and_eval("(unsigned long)traced[%d]" % index)) for index in range(count)]
    gdb.Breakpoint("*%d" % counter, internal=True, temporary=True)
    quietly("continue")
    return [(place, 0) for place in found[found.index(counter):]]


def name(address):
    """Says once which procedure, or section without symbols, an address belongs to."""
    if address in named:
        return
    named.add(address)
    words = quietly("info symbol 0x%x" % address).split()
    symbol = words[0]
    if symbol == "No":
        symbol = next((name for start, end, name in sections() if start <= address < end), "") or "?"
    print("name", address, symbol, words[-1] if "of" in words else "the-program", file=text)


def sections():
    for line in quietly("info files").splitlines():
        words = re.match(r"\s*(0x\w+) - (0x\w+) is (\S+)", line)
        if words:
            yield int(words[1], 16), int(words[2], 16), words[3]


def record():
    global written
    inferior = gdb.selected_inferior()
    current = gdb.selected_thread()
    for thread in inferior.threads():
        thread.switch()
        values = registers()
        found = [(frame.pc(), int(frame.read_register("rsp")) & (2**64 - 1)) for frame in frames()]
        print("point", *values, file=text)
        # A frame may be found by any register: longjmp's by where the jump's target is kept.
        pages = {value // PAGE for value in values}
        for counter, stack in found + [(0, values[7]), (0, values[7] + 2 * PAGE)]:
            pages |= set(range(stack // PAGE - 1, stack // PAGE + 3)) | {counter // PAGE}
        keep_pages(pages)
        if is_running_already:
            found = traced(values[16])
        print("frames", *[number for place in found for number in place], file=text)
        for counter, _ in found:
            name(counter)
        written += 1
    if current is not None and current.is_valid():
        current.switch()


def instructions(start, end):
    frame = gdb.selected_frame()
    return [line["addr"] for line in frame.architecture().disassemble(start, end - 1)]


def own_procedures():
    """The instructions of each procedure that has debug information: the program's."""
    for name in re.findall(r"(\w+)\(", quietly("info functions -n .")):
        symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
        if symbol is not None and symbol.symtab is not None:
            block = gdb.block_for_pc(int(symbol.value().address))
            yield instructions(block.start, block.end)


def procedures_named(name):
    """The first instructions of each procedure of this name: libc and the linker share some."""
    try:
        point = gdb.Breakpoint(name, internal=True)
        places = [place.address for place in point.locations if place.address is not None]
        point.delete()
    except (gdb.error, RuntimeError):
        return  # The program has none, or gdb cannot choose.
    for place in places:
        start = re.match(r"\S+ \+ (\d+)", quietly("info symbol 0x%x" % place))
        lines = gdb.selected_frame().architecture().disassemble(
            place - int(start[1]) if start else place, count=40)
        yield [line["addr"] for line in lines]


def candidates():
    """The places of all instructions of the program, of the procedures named, and of the vDSO."""
    found = []
    for line in quietly("info files").splitlines():
        words = re.match(
            r"\s*(0x\w+) - (0x\w+) is \.(text|plt\S*|init)( in system-supplied DSO.*)?$", line)
        if not words or is_choosy:
            continue
        start, end = int(words[1], 16), int(words[2], 16)
        found += [instructions(start, end)] if end - start < 60000 else list(own_procedures())
    for place in os.environ["PLACES"].split(","):
        found += procedures_named(place)
    return [place for group in found for place in group], found


def step(count):
    if is_alive():
        quietly("stepi %d" % count)
    if is_alive() and written < wanted:
        record()


def stop_at(place):
    """Runs to a place; False if the program passes its mark twice before."""
    try:
        point = gdb.Breakpoint("*%d" % place, internal=True, temporary=True)
    except gdb.error:
        return False
    point.silent = True
    for _ in range(3):
        try:
            quietly("continue")
        except gdb.error:
            break
        if not is_alive():
            return False
        if not point.is_valid():
            return True
    if point.is_valid():
        point.delete()
    return False


def one_run(is_first):
    quietly("run")
    if is_first:
        write_files()
    mark = gdb.Breakpoint(os.environ["MARK"], internal=True)
    mark.silent = True
    # The first round: the dynamic linker binds what is called.
    for _ in range(0 if is_choosy else min(30, wanted // 4)):
        step(generator.randint(1, 150))
    places, groups = candidates()
    unreached = set()
    end = written + POINTS_PER_RUN
    while written < min(wanted, end) and is_alive():
        group = generator.choice(groups) if generator.random() < 0.4 else places
        place = generator.choice(group)
        if place in unreached:
            if len(unreached) * 2 > len(places):
                unreached.clear()
            continue
        if not stop_at(place):
            unreached.add(place)
            if not is_alive():
                break
            if is_choosy:
                continue
        record()
        # Now and then each instruction of whole calls.
        for _ in range(50 if generator.random() < 0.03 else generator.randint(0, 4)):
            step(1 if generator.random() < 0.8 else generator.randint(2, 60))
    mark.delete()
    if is_alive() and is_first:
        write_files()
    if is_alive():
        quietly("kill")


for command in (
    "set pagination off", "set confirm off", "set backtrace past-main on", "set width 0",
    "set backtrace past-entry on", "set debuginfod enabled off", "set breakpoint pending on",
    "handle SIGUSR1 SIGUSR2 SIGHUP SIGALRM SIG32 SIG33 nostop noprint pass",
    "set print thread-events off", "set print inferior-events off", "break main"):
    quietly(command)
if is_running_already:
    quietly("delete")
    quietly("attach " + os.environ["PID"])
    write_files()
    while written < wanted and is_alive():
        step(generator.randint(1, 90))
    quietly("detach")
first = True
while written < wanted:
    before = written
    one_run(first)
    first = False
    if written == before:
        break
close()
