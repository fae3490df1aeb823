"""Every error a user can meet, and the one shape its message has.

FlywheelError
├── ConfigError       what a journey file or an option says cannot be run (exit 2)
├── DataError         a file or value of the user's cannot be read (exit 2)
├── SimulationError   a run met one of its limits (exit 3)
│   └── LimitReached  one of many runs did; what was complete before is kept
└── ExperimentError   many runs together cannot answer what was asked (exit 2)

Stopped               runs were stopped by Ctrl-C (a KeyboardInterrupt; exit 130); what was complete before is kept

A message names the place, the value met there, the rule it breaks and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flywheel_sim.near import among
from flywheel_sim.texts import cut, one_line, quoted, sentence, visible

#: So many problems are told; whoever reads a file may end once there are more.
MOST_TOLD = 1_000

K = TypeVar("K")
V = TypeVar("V")


class FlywheelError(Exception):
    """Be the root of the family: catch this to catch them all.

    What a message quotes of a file, a path or a command line has nothing hidden in it, and is cut.
    """

    def __init__(self, *said: Any) -> None:
        super().__init__(*(quoted(one) if isinstance(one, str) else one for one in said))


class DataError(FlywheelError):
    """Say, in one line, that a file or value of the user's cannot be read."""

    def __init__(self, *said: Any) -> None:
        super().__init__(*(one_line(one) if isinstance(one, str) else one for one in said))  # a path may have two


class SimulationError(FlywheelError):
    """Say that a run met one of its limits."""


class LimitReached(SimulationError):
    """Say that one of many runs met a limit.

    Attributes
    ----------
    complete
        What had been done before it, as the call would have returned it for fewer replications; empty
        where nothing was complete.
    """

    def __init__(self, message: str, complete: Any) -> None:
        super().__init__(message)
        self.complete = complete

    def __reduce__(self) -> tuple[type[LimitReached], tuple[str, Any]]:
        return LimitReached, (str(self), self.complete)

    def with_complete(self, complete: Any) -> LimitReached:
        """Return the error as another call says it, which would have returned something else."""
        return LimitReached(str(self), complete)


class Stopped(KeyboardInterrupt):
    """Say that runs were stopped by Ctrl-C, or by a signal that asks for the same.

    Attributes
    ----------
    complete
        What had been done before, as for `LimitReached`.
    """

    def __init__(self, message: str = "stopped", complete: Any = None) -> None:
        super().__init__(message)
        self.complete = complete

    def with_complete(self, complete: Any) -> Stopped:
        """Return the error as another call says it, which would have returned something else."""
        return Stopped(str(self), complete)


class ExperimentError(FlywheelError):
    """Say that many runs together cannot answer what was asked."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in what the user wrote.

    Attributes
    ----------
    file, line, column
        Where it stands; line and column count from 1, and are 0 for values given in code.
    path
        Dotted path of the value, such as ``journey.delight.events.renewal``.
    value
        What was found there.
    rule, remedy
        The rule it breaks, and what to write instead.
    """

    file: str
    line: int
    column: int
    path: str
    value: str
    rule: str
    remedy: str

    def __post_init__(self) -> None:
        """Have nothing hidden in what the user wrote, and no more of it than a message has room for."""
        shown = {
            "file": one_line(visible(self.file)),
            "path": sentence(".".join(map(cut, self.path.split(".")))),
            "value": cut(visible(self.value)),
            "rule": sentence(self.rule),
            "remedy": sentence(self.remedy),
        }
        for name, text in shown.items():
            object.__setattr__(self, name, text)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f" {self.path}" if self.path else ""
        value = repr(self.value).replace("\\\\", "\\") + ": " if self.value else ""  # escapes are written once
        return f"{place}{path}: {value}{self.rule}; {self.remedy}"


class ConfigError(FlywheelError):
    """Say everything that is wrong in a journey, all problems at once.

    Attributes
    ----------
    problems
        One `Problem` for each place, in the order of the file; of a file with thousands not all are looked for.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        told = [str(problem) for problem in self.problems[:MOST_TOLD]]  # each is fit to be shown
        more = len(self.problems) - len(told)
        Exception.__init__(
            self, "\n".join([*told, *([f"and {more:,} more problems; mend these first"] if more else [])])
        )

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        return ConfigError, (self.problems,)


def look_up(known: Mapping[K, V], name: K, rule: str = "was not run") -> V:
    """Return what is known under a name.

    Raises
    ------
    ExperimentError
        If there is nothing, naming the nearest.
    """
    if name not in known:
        raise ExperimentError(f"'{name}' {rule}; {nearest(str(name), map(str, known))}")
    return known[name]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a remedy that names the nearest known names, or lists those there are."""
    names = among(known)
    if not names.names:
        return "nothing of that kind is defined"
    if close := names.near(name):
        return "did you mean " + " or ".join(f"'{c}'" for c in close) + "?"
    return f"known: {', '.join(names.names[:12])}" + (" ..." if len(names.names) > 12 else "")
