"""The command for many hostile inputs, each in a process and a folder of its own, for the price of one import.

Importing and loading the compiled engine take seconds. One server does both once, runs the command a few times so that
whatever is loaded on first use is loaded, and then forks a child for every input. The server never has a second thread
(forking with threads is not safe), and says so by failing where it has. A child gets a session of its own, stands in a
fresh folder, and is killed with all that it began where it does not end.

What is measured of a child:

- ``seconds``: from fork to end on the clock, less the time in which it was ready and had no processor
  (``/proc/PID/schedstat``), so that a busy machine makes no test fail. Imports are left out, as said.
- ``mb``: by how much its resident memory grew, at its peak: the largest that the system saw of the child (which begins
  with its own, not with the server's peak) less that of a child that does nothing. What the program itself takes is in
  `Forked.base`.

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

#: Seconds, measured so, after which a child is killed: it hangs.
HANGS = 6.0

#: Bytes of address space a child may take beyond what it begins with; an error of memory is a fault like any other.
MOST_ADDRESSES = 4 * 2**30

#: What an input may take: seconds, and megabytes beyond what the program takes by itself.
MOST_SECONDS, MOST_MB = 2.0, 300.0

#: What the server runs before it forks, so that nothing is loaded, compiled or drawn for the first time in a child.
WARM = (
    ("validate", "subscription"),
    ("validate", "missing.yaml"),
    ("run", "subscription", "--strategies", "funnel", "--horizon", "3 months", "--set", "follow=1 month"),
    ("run", "reputation", "--horizon", "4 months", "--set", "follow=1 month", "--json"),
    ("compare", "journey.yaml", "--set", "market=5000", "--off-by", "0", "--out", "out"),
)  # fmt: skip

#: A small journey with one of everything that has a name.
JOURNEY = """\
name: Coffee by post
start: 2027-01-01
horizon: 6 months
follow: 2 months
currency: EUR
lines:
  goods: {kind: cost_of_sales, why: "what is in a box"}
rates:
  buys:  {value: 30 %, why: "visitors who order a first box"}
  stays: {value: 90 % per month, by: {plan: {premium: 95 %}}, why: "renewals in the billing records"}
attributes:
  plan: {basic: 60 %, premium: rest}
channels:
  ads:     {rate: 20 per month, cost_per_arrival: 5, enters: visitor}
  friends: {enters: visitor}
levers:
  care: {spend: 100 per month, phase: delight, moves: {buys: {without: 20 %, limit: 40 %}}}
journey:
  visitor: {role: prospect, phase: attract, after: {exponential: 3 days}, to: {client: buys, gone: rest}}
  client:
    role: customer
    phase: delight
    on_entry: {earn: {box: 25}}
    events:
      renewal: {every: 1 month, spend: {goods: 14}, to: {stay: {chance: stays, earn: {box: 25}}, gone: rest}}
      talks:   {every: 0.1 per month, refer: friends}
      asked:   {after: 20 days, outcomes: {pleased: 40 %, silent: rest}}
  gone: exit
strategies:
  quiet: {without: [talks]}
  loud:  {}
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one input."""

    code: int  # below 0: the signal that ended it
    seconds: float
    mb: float
    out: bytes
    err: bytes
    hung: bool = False
    since: float = 0.0  # seconds from the signal that was sent to the end

    @property
    def said(self):
        """Return all that it printed, as a terminal or a log would get it."""
        return self.out + self.err

    @property
    def text(self):
        return self.said.decode("utf-8", "replace")


class Place:
    """A fresh folder to stand in, within a tree of older files that nobody may touch.

    root/canary, root/home/, root/tmp/, root/outer/secret.txt, root/outer/inner/older.txt, root/outer/inner/here/
    """

    def __init__(self, root):
        self.root = Path(root)
        self.work = self.root / "outer" / "inner" / "here"
        self.work.mkdir(parents=True)
        for name in ("home", "tmp", "data"):
            (self.root / name).mkdir()
        older = ("canary", "home/.profile", "outer/secret.txt", "outer/inner/older.txt", "up.csv", "outer/up.csv")
        for name in older:
            (self.root / name).write_text(f"{CANARY} {name}\n", encoding="utf-8")

    def around(self):
        """Return all that lies outside of the folder: kind, mode and content by path."""
        return {path: what for path, what in _listed(self.root).items() if not path.startswith("outer/inner/here/")}

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

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="forked-")
        settings = {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
        }
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        (Path(self.folder) / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "forked.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=self.folder, env=os.environ | settings | {"PYTHONPATH": paths},
        )  # fmt: skip
        try:
            told = self._told()
        except AssertionError:
            self.close()
            raise
        self.base = told["base"]
        os.chmod(self.folder, 0o755)  # for those who are not root
        self.count = 0

    def _told(self):
        line = self.process.stdout.readline()
        assert line, "the server ended"
        return json.loads(line)

    def place(self):
        """Return a fresh place."""
        self.count += 1
        return Place(Path(self.folder) / f"place{self.count}")

    def run(self, words, place, **how):
        """Run the command with some words in a place, and return what became of it; ``how`` is that of `together`."""
        return self.together([words], place, **how)[0]

    def together(self, commands, place, hangs=HANGS, **how):
        """Run several commands in one place at a time, and return what became of each.

        Parameters
        ----------
        commands, place
            The words of each, and where they run.
        hangs
            Seconds after which they are killed; waiting for a processor does not count.
        how
            most_bytes: of a file that they write. powerless: whether they are bound by the modes of files, as all but
            root are. signal, after: what is sent to each, after how many seconds of its life. step: at which change of
            a file they kill themselves. stdout: where results go.
        """
        asked = [
            {
                "words": list(words), "work": str(place.work), "home": str(place.root / "home"), "hangs": hangs,
                "tmp": str(place.root / "tmp"), "out": f"{self.folder}/stdout{at}", "err": f"{self.folder}/stderr{at}",
                **how,
            }
            for at, words in enumerate(commands)
        ]  # fmt: skip
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return [
            Outcome(told["code"], told["seconds"], max(0.0, told["peak"] - self.base), Path(one["out"]).read_bytes(),
                    Path(one["err"]).read_bytes(), told["hung"], told["since"])
            for one, told in zip(asked, self._told(), strict=True)
        ]  # fmt: skip

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


def without_remedy(err, last):
    """Return the first line of a message that has no remedy, or nothing; with ``last``, the last line alone is one."""
    lines = [line for line in err.decode("utf-8", "replace").split("\n") if line.strip()]
    for line in lines[-1:] if last else lines or ["nothing was said"]:
        if not re.search(r";\s*\S|did you mean", line):
            return line[:300]
    return ""


def faults(outcome, codes, running=False):
    """Return what is wrong with an outcome, by kind.

    ``codes`` are the exit statuses it may have; a command that is ``running`` something may say so before its message.
    """
    found = []
    if b"Traceback (most recent call last)" in outcome.said:
        found.append(("traceback", outcome.text.strip().splitlines()[-1][:200]))
    if outcome.hung:
        found.append(("hang", f"killed after {HANGS:g} s"))
    elif outcome.code not in codes:
        found.append(("exit status", f"{outcome.code}, not {sorted(codes)}: {outcome.text[-200:]!r}"))
    if outcome.seconds > MOST_SECONDS:
        found.append(("slow", f"{outcome.seconds:.1f} s"))
    if outcome.mb > MOST_MB:
        found.append(("large", f"{outcome.mb:,.0f} MB"))
    if outcome.code == 2 and (line := without_remedy(outcome.err, running)):
        found.append(("message", f"no remedy: {line!r}"))
    if raw := steering(outcome.said):
        found.append(("control characters", raw))
    return found


# -- the server -------------------------------------------------------------------------------------


def _child(asked, told):
    """Be the command; never returns."""
    os.setsid()
    for path, number in ((asked.get("stdout", asked["out"]), 1), (asked["err"], 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    if told:
        os.dup2(told, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["work"])
    most = _address_space() + MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))  # what never ends must not take the machine
    os.environ.update(HOME=asked["home"], TMPDIR=asked["tmp"])
    tempfile.tempdir = None
    if "most_bytes" in asked:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"], asked["most_bytes"]))
    if "powerless" in asked:
        _give_up_powers()
    if "step" in asked:
        _end_at(asked["step"])
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


def _address_space():
    """Return the bytes of address space that this process has by now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


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


def _give_up_powers():
    """Give up what root may do beyond others, such as writing where nobody may write."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capset(header, nothing) == 0, os.strerror(ctypes.get_errno())


#: What changes a file, as the interpreter says before it does it.
_CHANGES = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.truncate",
    "shutil.rmtree",
    "ctypes.call_function",
}


def _end_at(step):
    """Have this process kill itself just before it changes files for the nth time."""
    left = [step]

    def heard(event, given):
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or event in _CHANGES:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


class _Running:
    """A child on its way."""

    def __init__(self, asked):
        self.asked, self.begun = asked, time.monotonic()
        self.heard, told = os.pipe() if "most_bytes" in asked else (0, 0)  # a limit of files is none of pipes
        self.number = os.fork()
        if not self.number:
            _child(asked, told)
        if told:
            os.close(told)
        self.handle = os.pidfd_open(self.number)
        self.sent, self.hung = 0.0, False

    def wait(self):
        """Wait until it has ended, and return what it took; send what is to be sent to it meanwhile."""
        if "signal" in self.asked:
            while self._lived() < self.asked["after"] and not self._ended(time.monotonic() + 0.002):
                pass
            if not self._ended(0):
                self.sent = time.monotonic()
                os.kill(self.number, self.asked["signal"])
        while not self._ended(time.monotonic() + 0.1):
            if self._lived() > self.asked["hangs"] or time.monotonic() > self.begun + 20 * self.asked["hangs"]:
                self.hung = True
                os.kill(self.number, signal.SIGKILL)
                self._ended(self.begun + 1_000)
                break
        end, lived = time.monotonic(), self._lived()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.number, signal.SIGKILL)  # whatever it began
        if self.heard:
            with os.fdopen(self.heard, "rb") as stream:
                Path(self.asked["err"]).write_bytes(stream.read())
        os.close(self.handle)
        _, status, used = os.wait4(self.number, 0)
        return {
            "code": os.waitstatus_to_exitcode(status), "seconds": lived,
            "peak": used.ru_maxrss / 1024, "hung": self.hung, "since": end - self.sent if self.sent else 0.0,
        }  # fmt: skip

    def _lived(self):
        """Return the seconds since the fork, less those in which it had no processor."""
        waited = int(Path(f"/proc/{self.number}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
        return max(0.0, time.monotonic() - self.begun - waited)

    def _ended(self, until):
        return bool(select.select([self.handle], [], [], max(0.0, until - time.monotonic()))[0])


def _idle():
    """Return the megabytes of a child that does nothing."""
    number = os.fork()
    if not number:
        os._exit(0)
    return os.wait4(number, 0)[2].ru_maxrss / 1024


def _warm_up():
    """Run the command a few times."""
    for words in WARM:
        words = (*words, "--workers", "1", "--replications", "2") if words[0] != "validate" else words
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = _command(words)
        assert status == (2 if "missing.yaml" in words else 0), said.getvalue()


def _serve():
    """Warm up, and fork children for every line."""
    import tqdm

    from flywheel_sim.compile import cache

    tqdm.tqdm.monitor_interval = 0  # no thread that watches bars
    if not all(cache.ready(name) for name in ("waves", "crowd")):  # a child would begin with what compiling takes
        number = os.fork()
        if not number:
            try:
                _warm_up()
            finally:
                os._exit(0)
        os.waitpid(number, 0)
    _warm_up()
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads: a fork is not safe"
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing but answers goes where answers go
    base = _idle()
    print(json.dumps({"base": base}), file=answers, flush=True)
    for line in sys.stdin:
        running = [_Running(one) for one in json.loads(line)]
        print(json.dumps([one.wait() for one in running]), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
