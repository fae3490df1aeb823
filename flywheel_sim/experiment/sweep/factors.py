"""Factors of a sweep and their values, and the journeys that scenarios become at them.

A factor is whatever `Scenario.with_` can change: a rate, a setting, a dotted path. Its values are texts as
they stand in the file, or numbers in the unit that stands there.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from flywheel_sim.arguments import unboxed
from flywheel_sim.errors import ConfigError, ExperimentError, Problem
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import Quantity, UnitError, looks_like_quantity, parse, unit_ms
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.said import RateText
from flywheel_sim.scenario.source.from_code import value_text
from flywheel_sim.scenario.source.tree import IN_CODE

#: A value of a factor; None leaves what the file (and the strategy) says.
Value = str | int | float | None

#: Most values of one factor that are each tried before anything runs; of more, the ends and some between.
TRIED = 64

#: How many journeys made for checking are kept to be run.
CHECKED = 256

#: Most values of a range.
MOST_VALUES = 1_000_000

#: Settings that are no factors, and why not.
_NO_FACTORS = {
    "seed": ("the luck is the same at every design point", "give seed= (--seed)"),
    "currency": ("units would differ between design points", "sweep each currency by itself"),
    "name": ("a name bears on no figure", "leave it out"),
    "reference": ("a reference bears on no figure", "leave it out"),
}

_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_DIGITS, _WIDE = Context(prec=12), Context(prec=30)


@dataclass(frozen=True, slots=True)
class DesignPoint:
    """One thing to replicate: a strategy (None: the file as written), and a value for each factor."""

    strategy: str | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Values from one end to the other; ``unit`` follows the figure, "" for bare numbers.

    ``levels`` is how many equally spaced ones are meant, None for all of them.
    """

    low: Decimal
    high: Decimal
    unit: str = ""
    levels: int | None = None

    def at(self, share: Decimal) -> Value:
        """Return the value at a share of the way, to twelve digits."""
        figure = _DIGITS.fma(_WIDE.subtract(self.high, self.low), share, self.low)
        if self.unit:
            return f"{_plain(figure)} {self.unit}"
        return int(figure) if figure == figure.to_integral_value() and abs(figure) < 1e15 else float(figure)

    def steps(self, n: int) -> list[Value]:
        """Return n equally spaced values, the ends among them."""
        if n < 2:
            raise ExperimentError(f"{n} values between two ends: at least two are needed; write LO:HI:5")
        return [self.at(_WIDE.divide(Decimal(i), Decimal(n - 1))) for i in range(n)]


def span_or_values(name: str, given: Any) -> Span | list[Value]:
    """Return what was given for a factor: a span, or its values.

    Raises
    ------
    ExperimentError
        If it is neither.
    """
    if isinstance(given, Span):
        return given
    if isinstance(given, str):
        return _read_text(name, given)
    if isinstance(given, Mapping | bytes) or not isinstance(given, Iterable):
        return [plain_value(name, given)]
    values = [plain_value(name, one) for one in given]
    if not values:
        raise ExperimentError(f"'{name}' has no values; give at least one")
    return list(dict.fromkeys(values))


def _read_text(name: str, text: str) -> Span | list[Value]:
    """Return the span or the values that a text says."""
    if not text.strip():
        raise ExperimentError(f"'{name}' has no values; write LO:HI:N or v1,v2")
    ends = [part.strip() for part in text.split(":")]
    if len(ends) > 1 and all(looks_like_quantity(end) and end != "never" for end in ends[:2]):
        return _span(name, text, ends)
    if any(sign in text for sign in "{[("):
        return [text.strip()]
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ExperimentError(f"'{name}': {text!r} has an empty value between its commas; remove one")
    return list(dict.fromkeys(number_or_text(part) for part in parts))


def _span(name: str, text: str, ends: list[str]) -> Span:
    remedy = "write LO:HI:N, such as 0.90:0.98:5 or '90 %:98 %:5'"
    levels = None
    if len(ends) > 3 or (len(ends) == 3 and not ends[2].isdecimal()):
        raise ExperimentError(f"'{name}': {text!r} is no range; {remedy}")
    if len(ends) == 3:
        levels = int(ends[2])
        if not 2 <= levels <= MOST_VALUES:
            raise ExperimentError(f"'{name}': {text!r}: a range has 2 to {MOST_VALUES:,} values; {remedy}")
    numbers = [_NUMBER.match(end) for end in ends[:2]]
    if numbers[0] is None or numbers[1] is None:
        raise ExperimentError(f"'{name}': {text!r} is no range; {remedy}")
    low, high = (Decimal(one[0].replace("_", "")) for one in numbers if one)
    tails = [" ".join(end[one.end() :].split()) for end, one in zip(ends, numbers, strict=False) if one]
    if _singular(tails[0]) != _singular(tails[1]):
        raise ExperimentError(f"'{name}': the ends of {text!r} differ in their unit; say it at both, or at neither")
    if not low < high:
        raise ExperimentError(f"'{name}': {text!r} does not go upwards; write the lower end first")
    return Span(low, high, tails[1], levels)


def _singular(unit: str) -> str:
    """Return a unit without the plural of its words, so that ``1 month:6 months`` has one."""
    return re.sub(r"(\w)s\b", r"\1", unit)


def _plain(number: Decimal) -> str:
    """Return a number without exponent and needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_or_text(text: str) -> Value:
    """Return a bare number as a number, everything else as the text it is."""
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text.replace("_", ""))
    return int(number) if re.fullmatch(r"[+-]?[\d_]{1,15}", text) else float(number)


def plain_value(name: str, value: Any) -> Value:
    """Return one value as a text or a number of Python's own.

    Raises
    ------
    ExperimentError
        If it is neither, or a number that is not finite.
    """
    if isinstance(value, str):
        if not value.strip():
            raise ExperimentError(f"'{name}': an empty text is no value; write one, or leave the factor out")
        return str(value).strip()
    value = unboxed(value)
    if isinstance(value, int) and abs(value) >= 10**300:
        raise ExperimentError(f"'{name}': a figure of more than 300 digits is no value; give a smaller one")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ExperimentError(f"'{name}': {value!r:.60} is no value; give a text or a finite number")
    if not math.isfinite(value):
        raise ExperimentError(f"'{name}': {value!r} is no value; give a finite number, or leave it out to stay at "
                              "the file's")  # fmt: skip
    return value if isinstance(value, int) else float(value)


# -- journeys -------------------------------------------------------------------------------------------


class Resolver:
    """Makes the journey of a design point, resolving the strategy it needs and no other.

    Raises
    ------
    ConfigError
        If a name is no factor of the scenario.
    """

    def __init__(self, model: Scenario, factors: Sequence[str]) -> None:
        self.model = model
        self.factors = tuple(factors)
        self.paths: list[str] = []
        self._texts: dict[tuple[int, str], Any] = {}
        self._checked: dict[DesignPoint, Journey] = {}
        problems: list[Problem] = []
        for name in self.factors:
            path = model.path_of(name)
            if path is None:
                rule, remedy = "no rate, setting or dotted path of that name", model.nearest_to(name)
                problems.append(Problem(IN_CODE, 0, 0, "", name, rule, remedy))
            elif path[0] in _NO_FACTORS and len(path) == 1:
                rule, remedy = _NO_FACTORS[path[0]]
                problems.append(Problem(IN_CODE, 0, 0, name, "", rule, remedy))
            elif path[0] == "levers" and path[2:] != ("spend",):
                rule, remedy = "of a lever, a factor can be the spend", "change the file, or the rates it moves"
                problems.append(Problem(IN_CODE, 0, 0, name, "", rule, remedy))
            elif ".".join(path) in self.paths:
                problems.append(Problem(IN_CODE, 0, 0, name, "", "this factor is given twice", "leave one out"))
            else:
                self.paths.append(".".join(path))
        if problems:
            raise ConfigError(problems)

    def scenario(self, values: Sequence[Value]) -> Scenario:
        """Return the scenario with these values, without checking it."""
        if all(value is None for value in values):
            return self.model
        changes = []
        for index, value in enumerate(values):
            if value is not None:
                key = (index, repr(value))
                if key not in self._texts:
                    old = self.model.at(self.paths[index])
                    if len(self._texts) > 10_000:
                        self._texts.clear()
                    self._texts[key] = value_text(value, old)
                changes.append((self.paths[index], self._texts[key]))
        return self.model.with_texts(changes, keep_solved=False)

    def journey(self, point: DesignPoint, spend: float | None = None) -> Journey:
        """Return the journey of a design point, at the spend found where that is matched.

        Raises
        ------
        ConfigError
            If there is no such strategy, or the values do not go together.
        """
        if point in self._checked:
            return self._checked[point]
        scenario = self.scenario(point.values)
        if spend is not None:
            scenario = scenario.at_spend(point.strategy or "", spend)
        return scenario.journey(point.strategy)

    def unmatched(self, point: DesignPoint) -> Journey:
        """Return the journey of a design point before a matched spend is solved for: for names, units, a check.

        Raises
        ------
        ConfigError
            With every problem.
        """
        scenario = self.scenario(point.values)
        if point.strategy not in scenario.matched:
            journey = scenario.journey(point.strategy)
            if len(self._checked) < CHECKED:
                self._checked[point] = journey
            return journey
        return scenario.unmatched_journey(point.strategy)

    def stated(self, strategy: str | None) -> list[str]:
        """Return what a strategy says of each factor by itself, "" where nothing."""
        figures = (RateText(self.model.at(path, strategy)).figure for path in self.paths)
        return [figure if isinstance(figure, str) else "" for figure in figures]

    def check(self, points: Sequence[DesignPoint]) -> None:
        """Try each value of each factor by itself, under each strategy, before anything is run.

        One that is only possible together with others of its design point is let pass where such a point is.

        Raises
        ------
        ConfigError
            With every problem.
        """
        strategies = tuple(dict.fromkeys(point.strategy for point in points))
        for strategy in strategies:
            self.unmatched(DesignPoint(strategy, (None,) * len(self.factors)))
        problems: list[Problem] = []
        for index in range(len(self.factors)):
            values = dict.fromkeys(p.values[index] for p in points if p.values[index] is not None)
            for value in _telling(list(values)):
                alone = tuple(value if i == index else None for i in range(len(self.factors)))
                for strategy in strategies:
                    try:
                        self.unmatched(DesignPoint(strategy, alone))
                    except ConfigError as error:
                        if not self._goes_with_others(points, index, value, strategy):
                            problems += error.problems
                            break
        if problems:
            raise ConfigError(problems)

    def _goes_with_others(self, points: Sequence[DesignPoint], index: int, value: Value, strategy: str | None) -> bool:
        same = (p for p in points if p.values[index] == value and p.strategy == strategy)
        for point in itertools.islice(same, 8):
            try:
                self.unmatched(point)
            except ConfigError:
                continue
            return True
        return False


def _telling(values: list[Value]) -> Iterator[Value]:
    """Return the values to try: all where they are few; else whatever is no figure, and of each unit some."""
    if len(values) <= TRIED:
        yield from values
        return
    kinds: dict[Any, list[tuple[float, Value]]] = {}
    for value in values:
        try:
            quantity = parse(value) if isinstance(value, str) else None
        except UnitError:
            yield value
            continue
        kind = (quantity.form, quantity.per_ms, quantity.reading, quantity.per_what) if quantity else type(value)
        kinds.setdefault(kind, []).append((quantity.number if quantity else float(value or 0), value))
    for alike in kinds.values():
        alike.sort(key=lambda one: one[0])
        last = len(alike) - 1
        yield from dict.fromkeys(alike[round(i * last / 15)][1] for i in range(16))


def figure_of(value: Value, stated: str) -> float:
    """Return a value as a number in the unit that stands in the file, as `Scenario.with_` takes it.

    NaN for what is no such number.
    """
    if value is None or not isinstance(value, str):
        return float(math.nan if value is None else value)
    try:
        quantity = parse(value)
    except UnitError:
        return math.nan
    old: Quantity | None = None
    try:
        old = parse(stated)
    except UnitError:
        old = None
    if old is not None and (quantity.form != old.form or quantity.per_ms not in (None, old.per_ms)):
        return math.nan
    if quantity.form == "duration":
        return quantity.number / unit_ms((old.text if old else value).split()[-1])
    return quantity.number if quantity.form in ("number", "percent") else math.nan
