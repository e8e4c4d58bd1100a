"""Builds the two versions of a case, runs `ush diff`, and compares with what is expected."""

import hashlib
import json
import os
import re
import subprocess

# What pupcc documents that it adds, for builds that do not use it.
PLAIN = ["-g", "-ffunction-sections", "-fdata-sections", "-flive-patching=inline-clone",
         "-mno-direct-extern-access"]
KEEP_CALLS = ["-fno-inline-functions-called-once", "-fno-inline-small-functions", "-fno-ipa-sra"]

SHIFT = r"""
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
enum { LATER = 5 * 86400 + 7 * 3600 + 1234 };
time_t time(time_t *to) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  now.tv_sec += LATER;
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  to->tv_sec = time(0);
  to->tv_usec = 0;
  return zone ? 0 : 0;
}
int clock_gettime(clockid_t clock, struct timespec *to) {
  int result = syscall(SYS_clock_gettime, clock, to);
  if (clock == CLOCK_REALTIME) to->tv_sec += LATER;
  return result;
}
"""


class Workshop:
    """Compiles, and keeps what it has compiled."""

    def __init__(self, tools, folder):
        self.tools, self.folder, self.known = tools, folder, {}

    def run(self, words, directory, later=False):
        environment = dict(os.environ)
        environment.pop("SOURCE_DATE_EPOCH", None)
        if later:
            environment["LD_PRELOAD"] = self._shift()
        return subprocess.run(
            words, cwd=directory, check=True, capture_output=True, text=True, timeout=120,
            env=environment).stdout

    def _shift(self):
        library = f"{self.folder}/later.so"
        if not os.path.exists(library):
            with open(f"{self.folder}/later.c", "w") as file:
                file.write(SHIFT)
            self.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, "later.c"], self.folder)
        return library

    def objects(self, program, compiler, side, later):
        """{file: object} of a program; each side has a directory of its own."""
        headers = sorted((f, t) for f, t in program.files.items() if f.endswith(".h"))
        directory = f"{self.folder}/{side}/{program.name}"
        os.makedirs(directory, exist_ok=True)
        for file, text in program.files.items():
            with open(f"{directory}/{file}", "w") as handle:
                handle.write(text)
        made = {}
        for file in program.sources():
            words = repr((file, program.files[file], headers, compiler, directory, later))
            key = hashlib.sha1(words.encode()).hexdigest()
            made[file] = f"{self.folder}/{key}.o"
            if key not in self.known:
                self.run(
                    compiler + ["-w", "-c", file, "-o", made[file]], directory, later)
                self.known[key] = True
        return made, directory

    def build(self, program, flags, side, later=False):
        compiler = [f"{self.tools}/pupcc"] + flags
        made, directory = self.objects(program, compiler, side, later)
        words = repr((sorted(made.items()), flags))
        target = f"{self.folder}/{hashlib.sha1(words.encode()).hexdigest()}"
        if target not in self.known:
            self.run(
                compiler + ["-pthread", *made.values(), "-lm", "-o", target], directory)
            self.known[target] = True
        return target

    def plain(self, program, flags, side):
        """{file: object} as gcc itself makes them."""
        extra = KEEP_CALLS if "--keep-calls" in flags else []
        compiler = ["gcc", *[f for f in flags if not f.startswith("--")], *PLAIN, *extra]
        return self.objects(program, compiler, "plain-" + side, False)[0]

    def compare(self, old, new):
        answer = json.loads(self.run([f"{self.tools}/ush", "diff", "--json", old, new], "/"))
        return Found(answer)


class Found:
    """What `ush diff` says."""

    def __init__(self, answer):
        self.text = answer["text"]
        self.lists = {k: list(answer[k]) for k in ("changed", "added", "removed", "ignored")}
        self.data = dict(re.findall(r"^# datum (\S+): (.*)$", self.text, re.M))
        self.data = {name: self._action(text) for name, text in self.data.items()}
        self.groups = [
            (kind, name, set(members.split())) for kind, name, members in re.findall(
                r"^# in one stop, because of (datum|struct|the signature of) (\S+): (.*)$",
                self.text, re.M)]
        self.refusals = re.findall(r"^# refused: (.*)$", self.text, re.M)
        shown = re.findall(r"^changed (\S+)", self.text, re.M)
        assert sorted(shown) == sorted(self.lists["changed"]), self.text

    @staticmethod
    def _action(text):
        for beginning, action in (
                ("new storage with its new content", "content"), ("new", "added"),
                ("new storage, filled by mproc_data_", "mapped"), ("takes its new", "reset"), ("no longer", "removed")):
            if text.startswith(beginning) and (action != "added" or text == "new"):
                return action
        return text


def _written(names, case):
    """What each name of the tool means: its key; the name itself if that is in doubt."""
    result = []
    for name in names:
        file, _, local = name.rpartition(":")
        fits = [
            [k for k in program.names() if k[1] == local and (not file or k[0] == file)]
            for program in (case.new, case.old)]
        result.append((fits[0] or fits[1])[0] if max(map(len, fits)) == 1 else name)
    return set(result)


def _fits(shown, key):
    file, _, local = shown.rpartition(":")
    procedure, _, name = local.rpartition(".")
    return key[2] == name and (not file or file == key[0]) and (
        not procedure or procedure == key[1])


def _sets(title, expected, found):
    if expected == found:
        return ""
    return f"  {title}: expected {sorted(map(str, expected))}\n" \
        f"  {' ' * len(title)}     found {sorted(map(str, found))}\n"


def differences(expected, found, case):
    """What differs, as lines; data and groups are compared only where they are constructed."""
    text = ""
    for title in ("changed", "added", "removed", "ignored"):
        names = found.lists[title]
        if title == "ignored":
            # Data with the time of the build in them differ only if the clock went on between.
            names = [n for n in names if n not in case.stamped]
        text += _sets(title, getattr(expected, title), _written(names, case))
    if case.later and not case.stamped <= set(found.lists["ignored"]):
        text += f"  ignored: {case.stamped} are not named\n"
    data = {}
    for shown, action in found.data.items():
        fits = [k for k in expected.data if _fits(shown, k)]
        data[fits[0] if len(fits) == 1 else shown] = action
    text += _sets("data", set(expected.data.items()), set(data.items()))
    groups = {}
    for kind, name, members in found.groups:
        for (known, what) in expected.groups:
            if known == kind and (
                    name == what if kind == "struct" else
                    _fits(name, what) if kind == "datum" else
                    name.rpartition(":")[2] == what[1]):
                name = what
        groups[(kind, name)] = frozenset(_written(members, case))
    text += _sets(
        "groups", {(k, frozenset(v)) for k, v in expected.groups.items()}, set(groups.items()))
    refused = {re.search(r"(?:‘(?:[\w.]+:)?(?:\w+\.)?|struct )(\w+)(?!\w*[.:])", r)[1] for r in found.refusals}
    text += _sets("refused", expected.refused, refused)
    return text
