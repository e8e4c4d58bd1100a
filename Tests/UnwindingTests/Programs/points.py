# Runs in gdb: stops a program at many points and writes, for each thread, its registers, the
# memory that its frames lie in, and the frames that gdb finds.
#
# Environment: POINTS, where to write (.text and .bytes are added); STEPS, how many points are
# reached by single steps from main; BREAK, where to stop then (a list, by semicolons); SEED.
import os
import random
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from recording import PAGE, close, frames, is_alive, keep, keep_pages, registers, text


def write_modules():
    inferior = gdb.selected_inferior()
    for line in gdb.execute("info files", to_string=True).splitlines():
        found = re.match(r"\s*(0x\w+) - (0x\w+) is (\S+)", line)
        if not found:
            continue
        start, end = int(found[1], 16), int(found[2], 16)
        if found[3] == ".eh_frame":
            print("frame", keep(start, inferior.read_memory(start, end - start)), file=text)
        if re.match(r"\.(text|plt|init|fini)", found[3]):
            print("code", start, end, file=text)


def record():
    inferior = gdb.selected_inferior()
    for thread in inferior.threads():
        thread.switch()
        found = list(frames())
        print("point", *registers(), file=text)
        pages = set()
        for frame in found:
            stack = int(frame.read_register("rsp")) // PAGE
            pages |= {stack - 1, stack, stack + 1, frame.pc() // PAGE}
        keep_pages(pages)
        is_whole = found[-1].unwind_stop_reason() == gdb.FRAME_UNWIND_OUTERMOST
        print("frames", int(is_whole), *[frame.pc() for frame in found], file=text)


for command in (
    "set pagination off", "set confirm off", "set backtrace past-main on",
    "set backtrace past-entry on", "set debuginfod enabled off", "set breakpoint pending on",
    "handle SIGUSR1 SIGUSR2 nostop noprint pass", "tbreak main", "run"):
    gdb.execute(command, to_string=True)
write_modules()
generator = random.Random(int(os.environ["SEED"]))
for _ in range(int(os.environ["STEPS"])):
    gdb.execute("stepi %d" % generator.randint(1, 300), to_string=True)
    if not is_alive():
        break
    record()
gdb.execute("catch syscall clock_nanosleep poll futex", to_string=True)
for place in os.environ["BREAK"].split(";"):
    gdb.execute("break " + place, to_string=True)
for _ in range(100):
    for command in ("continue", "stepi %d" % generator.randint(1, 30)):
        if is_alive():
            gdb.execute(command, to_string=True)
        if is_alive():
            record()
if is_alive():
    gdb.execute("kill", to_string=True)
close()
