"""Builds a program's versions with pupcc, runs the first, updates it to the others, keeps the log."""

import json
import mmap
import os
import shutil
import struct
import subprocess
import time

import emit

HERE = os.path.dirname(os.path.abspath(__file__))


class Failure(Exception):
    """Something outside of the model's reach went wrong; `kind` groups such failures."""


class Live:
    """One case in a folder of its own."""

    def __init__(self, program, tools, folder):
        self.program, self.tools, self.folder = program, tools, folder
        self.name = f"random{program.seed}"
        self.environment = dict(os.environ, PUP_RUNTIME_DIR=f"{folder}/run",
                                XDG_STATE_HOME=f"{folder}/state")
        os.makedirs(f"{folder}/run", mode=0o700, exist_ok=True)

    def run(self, *words, cwd=None, check=True, timeout=120):
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=timeout,
                              env=self.environment, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise Failure(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def path(self, index):
        return f"{self.folder}/v{index + 1}"

    def build(self, index):
        folder, version = self.path(index), self.program.versions[index]
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for name, text in emit.Emitter(self.program, version).files().items():
            with open(f"{folder}/{name}", "w") as file:
                file.write(text)
        for name in ("rt.h", "rt.c"):
            shutil.copy(f"{HERE}/{name}", folder)
        sources = ["rt.c"] + [emit.file_name(n) for n in range(self.program.files)]
        keep = ["--keep-calls"] if self.program.keep_calls else []
        # The arenas are small so that a static program's file and a core stay so too.
        self.run(f"{self.tools}/pupcc", *keep, *self.program.flags, "-w", "-pthread", "-o", "prog",
                 *sources, cwd=folder)

    def ush(self, *words, check=False):
        return self.run(f"{self.tools}/ush", *words, check=check)

    def count(self):
        return struct.unpack("<Q", self.log[:8])[0]

    def go(self):
        """Runs the whole way. Returns [(old index, new index, start, end, report)]."""
        log = f"{self.folder}/log"
        if os.path.exists(log):
            os.unlink(log)
        first = self.program.route[0]
        self.ush("run", self.name, f"{self.path(first)}/prog", log, check=True)
        steps = []
        try:
            with open(log, "r+b") as file:
                self.log = mmap.mmap(file.fileno(), 16)
            at = first
            if self.program.refusal >= 0:
                steps.append(self.update(at, self.program.refusal, 0.02))
                if steps[-1][4]["result"] == "updated":  # the datum may not be there
                    at = self.program.refusal
            for index, delay in zip(self.program.route[1:], self.program.delays):
                steps.append(self.update(at, index, delay))
                if steps[-1][4]["result"] == "updated":
                    at = index
            self.wait_for(200)
            self.log[8:16] = struct.pack("<Q", 1)
            self.ended()
        finally:
            self.ush("stop", self.name)
        return steps

    def wait_for(self, more):
        """Lets the program write this many more records."""
        goal, end = self.count() + more, time.monotonic() + 60
        while self.count() < goal and time.monotonic() < end and self.status()["state"] == "running":
            time.sleep(0.02)

    def status(self):
        return json.loads(self.ush("status", self.name, "--json", check=True).stdout)

    def ended(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status = self.status()
            if status["state"] != "running" and status["state"] != "updating":
                if status["target"].get("exit") != 0:
                    raise Failure(f"the program ended with {status}")
                return
            time.sleep(0.02)
        raise Failure("the program does not end")

    def update(self, old, new, delay):
        time.sleep(delay)
        start = self.count()
        done = self.ush("update", self.name, f"{self.path(new)}/prog", "--wait", "30", "--json")
        end = self.count()
        try:
            report = json.loads(done.stdout)
        except ValueError:
            raise Failure(f"update: status {done.returncode}\n{done.stdout}{done.stderr}") from None
        if "result" not in report:
            raise Failure(f"update: {done.stdout}")
        return old, new, start, end, report
