"""What gcc made of a version, by its file's symbols: gcc drops data, and clones procedures."""

import re
import subprocess

import emit


def symbols(file):
    """[(source file, kind letter, name)] of the local symbols of a program."""
    listed = subprocess.run(["nm", "-ap", file], capture_output=True, text=True, check=True).stdout
    found, source = [], ""
    for address, kind, name in re.findall(r"^([0-9a-f]{16}) (\w) (.*)$", listed, re.MULTILINE):
        if kind == "a" and int(address, 16) == 0:
            source = name
        found.append((source, kind, name))
    return found


def _named(found, file, kinds, pattern):
    return [name for source, kind, name in found if source == emit.file_name(file)
            and kind in kinds and re.fullmatch(pattern, name)]


def keeps(found, program, version, number):
    """Whether a build has a datum that can be written: gcc drops a static one which nothing reaches
    that can run, and makes a constant of one that nothing writes. Several of one name in a file
    count together."""
    datum = program.data[number]
    if datum.scope == "global":
        return True
    same = [d for d in emit.Emitter(program, version).used if not d.kind.const
            and (d.name, d.file) == (datum.name, datum.file) and d.scope != "global"]
    return len(_named(found, datum.file, "bd", re.escape(datum.name) + r"(\.\d+)?")) >= len(same)


def cloned(found, version):
    """The procedures of which gcc made copies for some callers."""
    return {p.id for p in version.procs.values()
            if _named(found, p.file, "t", re.escape(p.name) + r"\.(constprop|isra|part)\.\d+")}
