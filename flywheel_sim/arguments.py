"""What the arguments of public functions take: said once for each word, and refused in one shape.

A message names the argument, the value, what it takes and what to write instead. Numbers of numpy and columns of pandas
are taken wherever numbers and lists are.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

from flywheel_sim.errors import ExperimentError, FlywheelError, nearest
from flywheel_sim.writing import home

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")

#: Larger numbers are no figures of anything.
_LARGEST = 10**300

#: As much of a value as a message shows.
_SHOWN = 60


class Refused(ValueError):
    """Say within this room that an argument does not take a value."""


@dataclass(frozen=True)
class Takes:
    """What an argument takes.

    Attributes
    ----------
    what
        In words, such as ``a whole number from 1 on``.
    example
        A value as somebody would write it.
    read
        Gives the value as the code wants it; raises `Refused` where it is none that is taken.
    words
        Those it takes, of which the nearest is shown instead of the example.
    """

    what: str
    example: str
    read: Callable[[Any], Any]
    words: tuple[str, ...] = ()

    def of(self, argument: str, value: Any, error: type[FlywheelError] = ExperimentError) -> Any:
        """Return the value of an argument as the code wants it; raises the error where it is none that is taken."""
        try:
            return self.read(value)
        except Refused:
            near = difflib.get_close_matches(value, self.words, n=1) if isinstance(value, str) else []
            example = repr(near[0]) if near else self._written(value) or self.example
            remedy = f"write {argument}={example}" if example else "write another value"
            raise error(f"{argument} is {shown(value)}: it takes {self.what}; {remedy}") from None

    def _written(self, value: Any) -> str:
        """Return a number that was written as a text, where the number itself is taken; else ""."""
        try:
            return f"{self.read(int(value))}" if isinstance(value, str) else ""
        except ValueError:
            return ""


def shown(value: Any) -> str:
    """Return a value as a message shows it: short, and on one line."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]} ..."


# -- kinds of values ------------------------------------------------------------------------------------


def text(what: str, example: str) -> Takes:
    """Take a text that is not empty."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise Refused
        return str(value)

    return Takes(what, example, read)


def path(what: str, example: str) -> Takes:
    """Take the path of a file: a text that is not empty, or what stands for a path; ``~`` in it is the home."""
    paths = like(what, example, lambda value: isinstance(value, os.PathLike) and bool(str(value).strip()))
    given = either(text(what, example), paths)
    return Takes(what, example, lambda value: home(given.read(value)))


def choice(*known: str) -> Takes:
    """Take one of a few words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise Refused
        return str(value)

    return Takes(" or ".join(f"'{one}'" for one in known), repr(known[0]), read, known)


def whole(least: int = 0, most: int | None = None, example: str = "") -> Takes:
    """Take a whole number within bounds."""

    def read(value: Any) -> int:
        number = _number(value)
        if number != number // 1 or number < least or (most is not None and number > most):
            raise Refused
        return int(number)

    bounds = f" from {least} to {most}" if most is not None else f" from {least} on"
    return Takes(f"a whole number{bounds}", example or str(max(least, 1)), read)


def number(
    low: float = -math.inf, high: float = math.inf, example: str = "1", *, open_low: bool = False,
    open_high: bool = False,
) -> Takes:  # fmt: skip
    """Take a number within bounds, which may themselves be left out."""

    def read(value: Any) -> Any:
        given = _number(value)
        below = given <= low if open_low else given < low
        above = given >= high if open_high else given > high
        if below or above:
            raise Refused
        return given

    bounds = ""
    if math.isfinite(low) and math.isfinite(high):
        strictly = ", neither of them" if open_low and open_high else ", but not " + f"{high:g}" * open_high
        bounds = f" from {low:g} to {high:g}" + (strictly if open_low or open_high else "")
    elif math.isfinite(low):
        bounds = f" above {low:g}" if open_low else f" from {low:g} on"
    return Takes(f"a number{bounds}", example, read)


def unboxed(value: Any) -> Any:
    """Return Python's own value of a single one of numpy's; any other as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value


def _number(value: Any) -> Any:
    """Return a finite number of Python's."""
    if isinstance(value := unboxed(value), Integral) and not isinstance(value, bool) and abs(int(value)) < _LARGEST:
        return int(value)
    if isinstance(value, bool | Integral) or not isinstance(value, Real) or not math.isfinite(value):
        raise Refused
    return float(value)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value := unboxed(value), bool):
        raise Refused
    return value


#: A name, whatever it is of.
NAME = text("a name", "'profit'")

YES_OR_NO = Takes("True or False", "True", _yes_or_no)


def anything(value: Any) -> Any:
    """Return what was given."""
    return value


#: What the function itself reads and refuses.
ANYTHING = Takes("a value", "", anything)


def instance(*kinds: str, what: str = "", example: str = "") -> Takes:
    """Take an object of one of some classes, given by their names."""

    def read(value: Any) -> Any:
        if not {kind.__name__ for kind in type(value).__mro__} & set(kinds):
            raise Refused
        return value

    return Takes(what or f"a result of the kind {' or '.join(kinds)}", example, read)


def like(what: str, example: str, fits: Callable[[Any], bool]) -> Takes:
    """Take what a test says yes to."""

    def read(value: Any) -> Any:
        if not fits(value):
            raise Refused
        return value

    return Takes(what, example, read)


def none_or_empty(example: str) -> Takes:
    """Take a list with nothing in it."""
    return listed(ANYTHING, "an empty list", example, 0, 0)


# -- made of others -------------------------------------------------------------------------------------


def optional(takes: Takes) -> Takes:
    """Take None as well."""
    return replace(takes, read=lambda value: None if value is None else takes.read(value))


def either(*kinds: Takes) -> Takes:
    """Take what any of some kinds takes."""

    def read(value: Any) -> Any:
        for one in kinds:
            try:
                return one.read(value)
            except Refused:
                continue
        raise Refused

    return Takes(", or ".join(one.what for one in kinds), kinds[0].example, read)


def listed(takes: Takes, what: str, example: str, least: int = 1, most: int | None = None) -> Takes:
    """Take a list (a tuple, a range, an array, a column) of so many values of a kind; a tuple stays one."""

    def read(value: Any) -> list[Any] | tuple[Any, ...]:
        unordered = isinstance(value, set | frozenset | Mapping)
        if unordered or isinstance(value, str | bytes) or not isinstance(value, Iterable) or hasattr(value, "columns"):
            raise Refused
        try:
            values = [takes.read(one) for one in value]
        except TypeError:  # such as an array that is one figure
            raise Refused from None
        if len(values) < least or (most is not None and len(values) > most):
            raise Refused
        return tuple(values) if isinstance(value, tuple) else values

    return Takes(what, example, read)


def parted(takes: Takes, sign: str) -> Takes:
    """Take a text too, whose parts stand between signs: ``88 %:94 %`` is the list of its two ends."""

    def read(value: Any) -> Any:
        if isinstance(value, str):
            value = tuple(part.strip() for part in value.split(sign))
        return takes.read(value)

    return replace(takes, read=read)


def mapped(takes: Takes, what: str, example: str) -> Takes:
    """Take a mapping from names to values of a kind."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) and key for key in value):
            raise Refused
        return {str(key): takes.read(one) for key, one in value.items()}

    return Takes(what, example, read)


# -- functions whose arguments are checked --------------------------------------------------------------


def checked(
    words: Mapping[str, Takes], more: Mapping[str, Takes] | None = None, former: Mapping[str, str] | None = None,
    error: type[FlywheelError] = ExperimentError,
) -> Callable[[Callable[P, T]], Callable[P, T]]:  # fmt: skip
    """Return what makes a function refuse arguments that it does not take, before it begins.

    Parameters
    ----------
    words
        What each of its arguments takes; ``self`` apart, all of them.
    more
        What each word takes that it hands on (``**how``).
    former
        Words it had before, with what to write today; ``*`` stands for any word that is like none it has.
    error
        What is raised.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        parameters = signature.parameters
        hands_on = {one.kind: name for name, one in parameters.items()}.get(inspect.Parameter.VAR_KEYWORD)
        if missing := [name for name in parameters if name not in ("self", hands_on) and name not in words]:
            raise LookupError(f"{function.__qualname__}: nobody says what {', '.join(missing)} takes")

        handed = more if more and hands_on else {}

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = _bound(function.__name__, signature, args, kwargs, handed, former or {}, error)
            for name, value in bound.arguments.items():
                if name == "self":
                    continue
                if name == hands_on:
                    bound.arguments[name] = {
                        word: more[word].of(word, one, error) if more else one for word, one in value.items()
                    }
                elif parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
                    bound.arguments[name] = tuple(words[name].of(name, one, error) for one in value)
                elif parameters[name].default is not value:
                    bound.arguments[name] = words[name].of(name, value, error)
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate


def guarded(function: Callable[P, T], words: Mapping[str, Takes]) -> Callable[P, T]:
    """Return a function that refuses what it does not take, as far as some words say so; None where that is a default.

    What is none of the words the function reads itself.
    """
    kinds = {}
    for name, one in inspect.signature(function).parameters.items():
        kind = words.get(name, ANYTHING)
        kinds[name] = optional(kind) if one.default is None else kind
    return checked(kinds)(function)


def guard(words: Mapping[str, Takes]) -> Callable[[type[C]], type[C]]:
    """Return what has every public method of a class refuse what it does not take, as far as some words say so."""

    def decorate(cls: type[C]) -> type[C]:
        for name, method in list(vars(cls).items()):
            public = not name.startswith("_") or name == "__getitem__"
            if public and inspect.isfunction(method):
                setattr(cls, name, guarded(method, words))
        return cls

    return decorate


def _bound(
    function: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any],
    more: Mapping[str, Takes], former: Mapping[str, str], error: type[FlywheelError],
) -> inspect.BoundArguments:  # fmt: skip
    """Return which argument every value is of.

    Raises
    ------
    FlywheelError
        If a word is not known, a value is one too many, or one is missing.
    """
    parameters = signature.parameters.values()
    named = [one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
    free = {one.kind for one in parameters}
    known = [name for name in (*named, *more) if name != "self"]
    takes_any = inspect.Parameter.VAR_KEYWORD in free and not more
    for word in kwargs:
        if word in known or takes_any:
            continue
        instead = former.get(word)
        if instead is not None and instead.split("=")[0] not in known:  # it is said of all verbs, and this one lacks it
            instead = None
        if instead is None and "*" in former and not difflib.get_close_matches(word, known):
            instead = former["*"].replace("*", word)
        remedy = nearest(word, known) if instead is None else f"write {instead}"
        raise error(f"{function} has no argument '{word}'; {remedy}")
    by_place = [one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.POSITIONAL_ONLY)]
    if len(args) > len(by_place) and inspect.Parameter.VAR_POSITIONAL not in free:
        extra, by_position = args[len(by_place)], ", ".join(name for name in by_place if name != "self")
        others = [f"{one}=..." for one in known if one not in by_place][:4]
        remedy = f"give the others by name: {', '.join(others)}" if others else "leave it out"
        if takes_any and isinstance(extra, Mapping):
            remedy = f"write {function}(**{shown(extra)})"
        elif "strategies" in named and not isinstance(extra, Real):
            remedy = f"write strategies={shown(extra)}"
        raise error(f"{function} takes {by_position or 'nothing'} by position, not {shown(extra)} too; {remedy}")
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as wrong:
        given = {*by_place[: len(args)], *kwargs}
        missing = [one.name for one in parameters if one.default is one.empty and one.name not in given
                   and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]  # fmt: skip
        if missing:
            raise error(f"{function} takes {missing[0]}, which was not given; write {missing[0]}=...") from None
        raise error(f"{function}: {wrong}; give each argument once") from None
