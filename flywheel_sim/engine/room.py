"""How much memory runs may take, all of them together, and how much they have taken."""

from __future__ import annotations

import math
import os
import threading
from contextlib import suppress
from pathlib import Path

from flywheel_sim.errors import SimulationError

GIB = 2**30

#: Of what is free, the share that runs may take; of a limit that is given, what the program itself takes: a share of
#: a small one, and no more than so many bytes.
FREE, OWN_SHARE, OWN = 0.75, 0.25, 2**28

#: So many bytes are had anywhere.
LITTLE = 2**24

#: One may be given back while another is taken: what nobody holds any more is found at any moment.
_LOCK = threading.RLock()
_TAKEN = [0]


class Room:
    """What one run has taken of the memory that all runs of this process may take together.

    Parameters
    ----------
    most
        GiB that all of them may take, with the program itself; what the machine can spare unless given.
    """

    def __init__(self, most: float | None = None) -> None:
        self.most, self.held = most, 0

    def __del__(self) -> None:
        self.give_back()

    def hold(self, size: int, what: str) -> None:
        """Have so many bytes from now on, more or fewer than before.

        Raises
        ------
        SimulationError
            If there are not as many, saying what they are for; what was held before still is.
        """
        with _LOCK:
            more = size - self.held
            if more > 0 and not self._fits(more):
                raise no_room(what, self.most)
            _TAKEN[0] += more
            self.held = size

    def more(self, size: int, what: str) -> None:
        """Have so many bytes more; raises as `hold`."""
        self.hold(self.held + size, what)

    def give_back(self) -> None:
        """Have nothing any more."""
        with _LOCK:
            _TAKEN[0] -= self.held
            self.held = 0

    def _fits(self, more: int) -> bool:
        """Tell whether so many bytes more may be taken; what others hold counts in a limit, and is free no more."""
        taken = _TAKEN[0] + more
        if self.most is not None:
            return taken <= allowed(self.most)
        return taken < LITTLE or more <= allowed(None)


def allowed(most: float | None) -> float:
    """Return how many bytes runs may take: of a limit in GiB what the program itself leaves, else of what is free."""
    return FREE * free_memory() if most is None else GIB * most - min(OWN, OWN_SHARE * GIB * most)


def no_room(what: str, most: float | None) -> SimulationError:
    """Return the error of runs for which there is not enough memory."""
    there, more = (
        ("there is", "") if most is None else (f"the {most:g} GiB that max_memory allows", ", or raise max_memory")
    )
    remedy = f"lower a rate or the horizon, or run on fewer workers at a time{more}"
    return SimulationError(f"{what} need more memory than {there}; {remedy}")


# -- what the machine can spare -------------------------------------------------------------------------


def free_memory() -> float:
    """Return how many bytes this process can still take: of the machine, of its container and of its own limit."""
    return max(0.0, min(_of_machine(), _of_groups(), _of_process()))


def _of_machine() -> float:
    """Return what the machine has free, or can have at once; endless where it does not say."""
    with suppress(OSError, ValueError, StopIteration):
        with open("/proc/meminfo", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("MemAvailable"))
        return 1024.0 * int(line.split()[1])
    with suppress(AttributeError, OSError, ValueError):
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return math.inf


def _of_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Return what the control groups of this process leave it, those above them too; endless where there are none."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return math.inf
    left = math.inf
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        base, limit, used = (root, "memory.max", "memory.current") if not kinds else (
            root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes")  # fmt: skip
        place = base / path.lstrip("/")
        for folder in (place, *place.parents):
            if folder == base or base in folder.parents:
                left = min(left, _left_in(folder, limit, used))
    return left


def _left_in(folder: Path, limit: str, used: str) -> float:
    """Return what one control group leaves; files that it has read can be forgotten, and do not count."""
    with suppress(OSError, ValueError):
        most, now = float(folder.joinpath(limit).read_text()), float(folder.joinpath(used).read_text())
        words = folder.joinpath("memory.stat").read_text().split()
        stat = dict(zip(words[::2], words[1::2], strict=False))
        return most - now + float(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return math.inf


def _of_process() -> float:
    """Return what the limit of this process's addresses (``ulimit -v``) leaves; endless where there is none."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            return float(most - pages * os.sysconf("SC_PAGE_SIZE"))
    return math.inf
