# Runs in gdb: stops a program at many points and writes, for each thread, its registers, the
# memory that its frames lie in, and the frames that gdb finds.
#
# Environment: POINTS, where to write (.text and .bytes are added); STEPS, how many points are
# reached by single steps from main; BREAK, where to stop then (a list, by semicolons); SEED.
import os
import random
import re

import gdb

PAGE = 4096
NAMES = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
text = open(os.environ["POINTS"] + ".text", "w")
blob = open(os.environ["POINTS"] + ".bytes", "wb")
kept = {}


def keep(address, content):
    """Writes bytes once and says where they lie in the blob."""
    content = bytes(content)
    if content not in kept:
        kept[content] = blob.tell()
        blob.write(content)
    return "%d %d %d" % (address, kept[content], len(content))


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


def frames():
    frame = gdb.newest_frame()
    while frame:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            yield frame
        frame = frame.older()


def record():
    inferior = gdb.selected_inferior()
    for thread in inferior.threads():
        thread.switch()
        found = list(frames())
        values = [int(gdb.parse_and_eval("(unsigned long)$" + name)) for name in NAMES]
        print("point", *values, file=text)
        pages = set()
        for frame in found:
            stack = int(frame.read_register("rsp")) // PAGE
            pages |= {stack - 1, stack, stack + 1, frame.pc() // PAGE}
        for page in sorted(pages):
            try:
                print("page", keep(page * PAGE, inferior.read_memory(page * PAGE, PAGE)), file=text)
            except gdb.MemoryError:
                pass
        is_whole = found[-1].unwind_stop_reason() == gdb.FRAME_UNWIND_OUTERMOST
        print("frames", int(is_whole), *[frame.pc() for frame in found], file=text)


def is_alive():
    return gdb.selected_inferior().pid != 0


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
text.close()
blob.close()
