"""Distributions of waits and of amounts, their parameters in canonical units."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from flywheel_sim.journey.figures import Dist, Kind, Rate
from flywheel_sim.journey.units import NEVER
from flywheel_sim.scenario.rates.axes import MOST_CELLS, joint, label, places, size
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.samples import SampleReader
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import (
    DISTRIBUTIONS,
    DistSpec,
    GammaSpec,
    LognormalSpec,
    WeibullSpec,
)

#: The parameters of each distribution that has two: its location, then its shape.
_PARAMETERS = {"lognormal": ("median", "sigma"), "weibull": ("scale", "shape"), "gamma": ("mean", "shape"),
               "erlang": ("mean", "shape")}  # fmt: skip

_EXAMPLES = {
    ("exponential", "duration"): "write exponential: 7 days",
    ("exponential", "money"): "write exponential: 35",
    ("uniform", "duration"): "write uniform: [3 months, 9 months]",
    ("uniform", "money"): "write uniform: [10, 50]",
    ("triangular", "duration"): "write triangular: [3 months, 4 months, 9 months]",
    ("triangular", "money"): "write triangular: [10, 20, 50]",
    ("lognormal", "duration"): "write {median: 14 days, sigma: 0.8}",
    ("lognormal", "money"): "write {median: 30, sigma: 0.8}",
    ("weibull", "duration"): "write {scale: 14 days, shape: 1.5}",
    ("weibull", "money"): "write {scale: 30, shape: 1.5}",
    ("gamma", "duration"): "write {mean: 14 days, shape: 2}",
    ("gamma", "money"): "write {mean: 35, shape: 2}",
    ("erlang", "duration"): "write {mean: 14 days, shape: 3}",
    ("erlang", "money"): "write {mean: 35, shape: 3}",
}


class DistributionReader:
    """Reads distributions."""

    def __init__(self, context: Context) -> None:
        self.note, self.rates, self.traits = context.notes.note, context.rates, context.traits
        self.samples = SampleReader(context)

    def read(self, spec: DistSpec, path: Path_, kind: Kind) -> tuple[Dist, float | None]:
        """Return a distribution of durations or of money, with the period its amounts are stated for.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        given = [k for k in DISTRIBUTIONS if getattr(spec, k) is not None]
        what = "a wait" if kind == "duration" else "an amount"
        if len(given) != 1:
            raise self.note(path, None, f"{what} has one distribution, not {len(given)}", "keep one")
        word = given[0]
        inner = (*path, word)
        stated: Any = getattr(spec, word)
        if word == "fixed":
            value, per_ms = self.rates.use(stated, inner, kind)
            return Dist("fixed", (value,)), per_ms
        if word == "exponential":
            return self._exponential(stated, inner, kind, what)
        if word in ("uniform", "triangular"):
            return self._range(word, stated, inner, kind, what)
        if word == "empirical":
            return Dist("empirical", (), self.samples.read(stated, inner, kind)), None
        return self._two_parameters(word, stated, inner, kind)

    def _exponential(self, x: object, path: Path_, kind: Kind, what: str) -> tuple[Dist, float | None]:
        if kind == "duration" and self.rates.form_of(x) not in ("duration", "never"):
            return Dist("memoryless", (self.rates.use(x, path, "rate")[0],)), None
        mean, per_ms = self.rates.use(x, path, kind)
        if min(mean.cells) <= 0:
            raise self.note(path, None, f"the mean of {what} is positive", _EXAMPLES["exponential", kind])
        if kind == "money":
            return Dist("exponential", (mean,)), per_ms
        cells = tuple(0.0 if cell >= NEVER else 1.0 / cell for cell in mean.cells)
        return Dist("memoryless", (Rate(mean.name, "rate", mean.over, cells),)), None

    def _range(self, word: str, xs: list[object], path: Path_, kind: Kind, what: str) -> tuple[Dist, float | None]:
        figures = [self.rates.use(x, (*path, str(i)), kind) for i, x in enumerate(xs)]
        ends = tuple(rate for rate, _ in figures)
        example = _EXAMPLES[word, kind]
        for index, end in enumerate(ends):
            if end.spread is not None:
                raise self.note((*path, str(index)), None, f"an end of {what} that is drawn has no spread",
                                "state the spread elsewhere, or use gamma")  # fmt: skip
            if max(end.cells) >= NEVER:
                raise self.note((*path, str(index)), None, "a range between two ends has no end at 'never'", example)
        for cells, where in self._value_combinations(ends, path):
            if any(value > following for value, following in itertools.pairwise(cells)) or cells[0] == cells[-1]:
                name = f"a {word} {'wait' if kind == 'duration' else 'amount'}"
                order = "from the lower end to the higher" if word == "uniform" else "from the lower end over the mode"
                raise self.note(path, None, f"{name} runs {order}{where}", example)
        if len({end.per for end in ends}) > 1:
            raise self.note(path, None, "the ends of a range are multiplied by one counter, or by none", example)
        if len({per_ms for _, per_ms in figures}) > 1:
            raise self.note(path, None, "the ends are stated for different periods", example)
        dist = Dist("uniform", ends) if word == "uniform" else Dist("triangular", ends)
        return dist, figures[0][1]

    def _value_combinations(self, rates: tuple[Rate, ...], path: Path_) -> Iterator[tuple[tuple[float, ...], str]]:
        """Yield the values of several rates in each cell of their combined table, with a text that names the cell."""
        axes = joint(self.traits, [rate.over for rate in rates])
        if size(axes) > MOST_CELLS:
            raise self.note(path, None, f"together these have more than {MOST_CELLS} cells", "use fewer attributes")
        cell_indices = [places(rate.over, axes) for rate in rates]
        for index in range(size(axes)):
            where = f" where {label(self.traits, axes, index)}" if axes else ""
            yield tuple(rate.cells[cells[index]] for rate, cells in zip(rates, cell_indices, strict=True)), where

    def _two_parameters(
        self, word: str, spec: LognormalSpec | WeibullSpec | GammaSpec, path: Path_, kind: Kind
    ) -> tuple[Dist, float | None]:
        first, second = _PARAMETERS[word]
        place, per_ms = self.rates.use(getattr(spec, first), (*path, first), kind)
        shape, _ = self.rates.use(getattr(spec, second), (*path, second), "number")
        for key, rate in ((first, place), (second, shape)):
            if min(rate.cells) <= 0:
                raise self.note((*path, key), None, f"{first} and {second} are positive", _EXAMPLES[word, kind])
        if word == "erlang" and any(cell % 1 for cell in shape.cells):
            raise self.note((*path, "shape"), None, "the shape of an Erlang distribution is a whole number",
                            "write shape: 3, or use gamma")  # fmt: skip
        if max(shape.cells) > 1e6 or (word in ("weibull", "gamma") and min(shape.cells) < 1e-3):
            raise self.note((*path, second), None, f"a {second} lies between 0.001 and 1e6", _EXAMPLES[word, kind])
        names: dict[str, Any] = {"erlang": "gamma"}
        return Dist(names.get(word, word), (place, shape)), per_ms
