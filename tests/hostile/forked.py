"""The command for many hostile inputs, each in a process and a folder of its own, for the price of one import.

Importing and loading the compiled engine take seconds. One server does both once, runs the command a few times so that
whatever is loaded on first use is loaded, and then forks a child for every input. The server never has a second thread
(forking with threads is not safe), and says so by failing where it has. A child gets a session of its own, stands in a
fresh folder, and is killed with all that it began where it does not end.

What is measured of a child:

- ``seconds``: from fork to end on the clock, less the time in which it was ready and had no processor
  (``/proc/PID/schedstat``), so that a busy machine makes no test fail. Imports are left out, as said.
- ``mb``: by how much its resident memory grew, at its peak: the largest resident memory that the system saw of the child
  (a child begins with that of its own, not with the server's peak) less that of a child that does nothing. What the
  program itself takes is in `Forked.base`.

Around the folder lies a tree of older files (`Place`): whatever is made, changed or removed outside of what the command
was asked to write shows in it.
"""

import contextlib
import gc
import hashlib
import io
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Seconds after which a child is killed: it hangs.
HANGS = 12.0

#: What an input may take: seconds, and megabytes beyond what the program takes by itself.
MOST_SECONDS, MOST_MB = 2.0, 300.0

#: What the server runs before it forks, so that nothing is loaded, compiled or drawn for the first time in a child.
WARM = (
    ("validate", "subscription"),
    ("validate", "missing.yaml"),
    ("run", "subscription", "--strategies", "funnel", "--horizon", "3 months", "--set", "follow=1 month"),
    ("run", "reputation", "--horizon", "4 months", "--set", "follow=1 month", "--json"),
)  # fmt: skip

#: What it runs besides where charts are drawn.
WARM_CHARTS = (
    ("compare", "subscription", "--strategies", "funnel", "--horizon", "3 months", "--set", "follow=1 month", "--out",
     "out"),
    ("compare", "reputation", "--horizon", "3 months", "--set", "follow=1 month", "--out", "out", "--json"),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one input."""

    code: int  # below 0: the signal that ended it
    seconds: float
    mb: float
    out: bytes
    err: bytes
    hung: bool = False

    @property
    def said(self):
        """Return all that it printed, as a terminal or a log would get it."""
        return self.out + self.err

    @property
    def text(self):
        return self.said.decode("utf-8", "replace")


class Place:
    """A fresh folder to stand in, within a tree of older files that nobody may touch.

    root/canary, root/home/, root/tmp/, root/outer/secret.txt, root/outer/inner/older.txt, root/outer/inner/work/
    """

    def __init__(self, root):
        self.root = Path(root)
        self.work = self.root / "outer" / "inner" / "work"
        self.work.mkdir(parents=True)
        for name in ("home", "tmp", "data"):
            (self.root / name).mkdir()
        older = ("canary", "home/.profile", "outer/secret.txt", "outer/inner/older.txt", "up.csv", "outer/up.csv")
        for name in older:
            (self.root / name).write_text(f"{CANARY} {name}\n", encoding="utf-8")

    def around(self):
        """Return all that lies outside of the folder: kind, mode and content by path."""
        return {path: what for path, what in _listed(self.root).items() if not path.startswith("outer/inner/work/")}

    def inside(self):
        """Return all that lies in the folder."""
        return _listed(self.work)


#: What stands in every older file, and in files that hold secrets.
CANARY = "c4nary-5ecret"


def _listed(root):
    """Return kind, mode and digest of everything below a folder, following no link and reading plain files alone."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            state = os.lstat(path)
            what = f"{state.st_mode:o}"
            if os.path.islink(path):
                what += f" {os.readlink(path)}"
            elif os.path.isfile(path):
                what += f" {state.st_size}"
                if state.st_size < 2**23:
                    with open(path, "rb") as stream:
                        what += " " + hashlib.blake2b(stream.read(), digest_size=8).hexdigest()
            found[os.path.relpath(path, root)] = what
    return found


class Forked:
    """The server, as a test uses it."""

    def __init__(self, charts=False):
        self.folder = tempfile.mkdtemp(prefix="forked-")
        settings = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "forked.py"), *(["charts"] if charts else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=self.folder, env=os.environ | settings | {"PYTHONPATH": paths},
        )  # fmt: skip
        told = self._told()
        self.base = told["base"]
        self.count = 0

    def _told(self):
        line = self.process.stdout.readline()
        assert line, "the server ended"
        return json.loads(line)

    def place(self):
        """Return a fresh place."""
        self.count += 1
        return Place(Path(self.folder) / f"place{self.count}")

    def run(self, words, place, hangs=HANGS, most_bytes=0, uid=0):
        """Run the command with some words (texts or bytes) in a place, and return what became of it."""
        out, err = Path(self.folder) / "stdout", Path(self.folder) / "stderr"
        asked = {
            "words": [os.fsdecode(word) for word in words], "work": str(place.work), "home": str(place.root / "home"),
            "tmp": str(place.root / "tmp"), "out": str(out), "err": str(err), "hangs": hangs, "most_bytes": most_bytes,
            "uid": uid,
        }  # fmt: skip
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told = self._told()
        return Outcome(
            told["code"], told["seconds"], max(0.0, told["peak"] - self.base), out.read_bytes(), err.read_bytes(),
            told["hung"],
        )  # fmt: skip

    def done_with(self, place):
        """Remove a place."""
        shutil.rmtree(place.root, ignore_errors=True)

    def close(self):
        """End the server."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)


#: Bytes that steer a terminal, or turn the order of letters, in what is printed: none may ever be.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def steering(said):
    """Return the first character of a text that no text has, with what stands around it; empty where there is none."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = re.sub(r"\r[^\r\n]*(?:it/s|run/s|s/run|\?run/s|runs?)[^\r\n]*", "", text)  # a bar of progress
    text = re.sub(r"\r *\r", "", text)
    found = _STEERING.search(text)
    return f"{found.group()!r} in {text[max(0, found.start() - 40) : found.end() + 20]!r}" if found else ""


#: A line of a message: its place (a file with line and column, a dotted path, an option or a file) and its remedy.
_MESSAGE = re.compile(r"^\S[^;]*?: .*; \S", re.DOTALL)


def without_remedy(err):
    """Return the first line of what was said to standard error that has no place or no remedy, or nothing."""
    for line in err.decode("utf-8", "replace").splitlines():
        if line.strip() and "\r" not in line and not re.search(r";\s*\S", line):
            return line[:300]
    return ""


def faults(outcome, codes):
    """Return what is wrong with an outcome, by kind; ``codes`` are the exit statuses it may have."""
    found = []
    if b"Traceback" in outcome.said:
        found.append(("traceback", outcome.text.strip().splitlines()[-1][:200]))
    if outcome.hung:
        found.append(("hang", f"killed after {HANGS:g} s"))
    elif outcome.code not in codes:
        found.append(("exit status", f"{outcome.code}, not {sorted(codes)}: {outcome.text[-200:]!r}"))
    if outcome.seconds > MOST_SECONDS:
        found.append(("slow", f"{outcome.seconds:.1f} s"))
    if outcome.mb > MOST_MB:
        found.append(("large", f"{outcome.mb:,.0f} MB"))
    if outcome.code == 2 and (line := without_remedy(outcome.err)):
        found.append(("message", f"no remedy: {line!r}"))
    if raw := steering(outcome.said):
        found.append(("control characters", raw))
    return found


# -- the server -------------------------------------------------------------------------------------


def _child(asked):
    """Be the command; never returns."""
    os.setsid()
    for path, number in ((asked["out"], 1), (asked["err"], 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["work"])
    os.environ.update(HOME=asked["home"], TMPDIR=asked["tmp"])
    tempfile.tempdir = None
    if asked["most_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"], asked["most_bytes"]))
    if asked["uid"]:
        os.setgroups([])
        os.setgid(asked["uid"])
        os.setuid(asked["uid"])
    status = 1
    try:
        status = _command(asked["words"])
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _command(words):
    from flywheel_sim.cli import main

    sys.argv = ["flywheel", *words]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    return 0


def _forked(asked):
    """Run one child to its end, and return what it took."""
    begun = time.monotonic()
    number = os.fork()
    if not number:
        _child(asked)
    handle = os.pidfd_open(number)
    ready, _, _ = select.select([handle], [], [], asked["hangs"])
    if not ready:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        select.select([handle], [], [])
    took = time.monotonic() - begun
    waited = int(Path(f"/proc/{number}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(number, signal.SIGKILL)  # whatever it began
    os.close(handle)
    _, status, used = os.wait4(number, 0)
    return {
        "code": os.waitstatus_to_exitcode(status), "seconds": max(0.0, took - waited), "peak": used.ru_maxrss / 1024,
        "hung": not ready,
    }  # fmt: skip


def _idle():
    """Return the megabytes of a child that does nothing."""
    number = os.fork()
    if not number:
        os._exit(0)
    return os.wait4(number, 0)[2].ru_maxrss / 1024


def _serve():
    """Warm up, and fork a child for every line."""
    import tqdm

    tqdm.tqdm.monitor_interval = 0  # no thread that watches bars
    for words in WARM + WARM_CHARTS * ("charts" in sys.argv):
        words = (*words, "--workers", "1") if words[0] not in ("validate", "list") else words
        words = (*words, "--replications", "2") if "--workers" in words else words
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = _command(words)
        assert status == (2 if "missing.yaml" in words else 0), said.getvalue()
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads: a fork is not safe"
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing but answers goes where answers go
    base = _idle()
    print(json.dumps({"base": base}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
