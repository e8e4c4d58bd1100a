"""Makes a failing program smaller for as long as it fails in the same way."""

import copy
import time

import mutations
import verdict
from program import prune


def kind(wrong):
    """What must stay the same while a program shrinks."""
    return " ".join(wrong.split()[:1])


class Shrinker:
    """Tries changes one after another; each that still fails is kept."""

    def __init__(self, program, wrong, tools, folder, seconds):
        self.best, self.wrong = program, wrong
        self.tools, self.folder = tools, folder
        self.end = time.monotonic() + seconds

    def attempt(self, change):
        """Whether the program still fails after `change`, which is then kept."""
        if time.monotonic() > self.end:
            return False
        trial = copy.deepcopy(self.best)
        if change(trial) is False:
            return False
        for index, version in enumerate(trial.versions):
            prune(trial, version)
            if 0 < index != trial.refusal:
                mutations.mark(trial, index)
            for stale in ("marks", "used_data"):
                version.__dict__.pop(stale, None)
        for _ in range(2):  # the moment of an update is chance
            try:
                _, _, wrong = verdict.check(trial, self.tools, self.folder)
            except Exception:  # a change that makes no program
                return False
            if wrong and kind(wrong) == kind(self.wrong):
                self.best, self.wrong = trial, wrong
                return True
        return False

    def run(self):
        while len(self.best.route) > 2 and self.attempt(lambda p: p.route.pop()):
            pass
        while len(self.best.threads) > 1 and self.attempt(lambda p: p.threads.pop()):
            pass
        numbers = sorted({i for v in self.best.versions for i in v.procs})
        for number in reversed(numbers):
            self.attempt(lambda p, n=number: _unchanged(p, n))
        for number in reversed(numbers):
            self.attempt(lambda p, n=number: _without_calls(p, n))
        uids = {s.uid for v in self.best.versions for q in v.procs.values() for s in q.body}
        for uid in sorted(uids, reverse=True):
            self.attempt(lambda p, u=uid: _without(p, lambda s: s.uid == u))
        return self.best, self.wrong


def _unchanged(program, number):
    """Gives a procedure the body of the first version that has it in all that do."""
    found = [v.procs[number] for v in program.versions if number in v.procs]
    if len({p.mark for p in found}) < 2:
        return False
    for proc in found[1:]:
        proc.body, proc.shape, proc.tail = found[0].body, found[0].shape, found[0].tail
    return True


def _without_calls(program, number):
    return _without(program, lambda s: number in s.calls)


def _without(program, matches):
    """Leaves statements out of all versions."""
    found = False
    for version in program.versions:
        for proc in version.procs.values():
            kept = [s for s in proc.body if not matches(s)]
            found = found or len(kept) < len(proc.body)
            proc.body = kept
    return found
