# What the scripts that run in gdb share: the two files that they write, and gdb's frames.
#
# Environment: POINTS, where to write (.text and .bytes are added).
import os

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


def keep_pages(pages):
    """Writes those of the numbered pages that can be read."""
    inferior = gdb.selected_inferior()
    for page in sorted(pages):
        try:
            print("page", keep(page * PAGE, inferior.read_memory(page * PAGE, PAGE)), file=text)
        except gdb.MemoryError:
            pass


def registers():
    return [int(gdb.parse_and_eval("(unsigned long)$" + name)) for name in NAMES]


def frames():
    frame = gdb.newest_frame()
    while frame:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            yield frame
        frame = frame.older()


def is_alive():
    return gdb.selected_inferior().pid != 0


def close():
    text.close()
    blob.close()
