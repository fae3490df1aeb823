"""From two or three judgements to a lever's response curve.

Decision calculus (Little 1970, "Models and managers: the concept of a decision calculus", Management Science 16(8),
doi:10.1287/mnsc.16.8.B466): what people who know the business hold to be true at a few spends settles a curve,
which they then see drawn and accept or mend. Two shapes: the approach to a ceiling of Blattberg and Deighton (1996,
Harvard Business Review 74(4), 136-144), and the S of ADBUDG, the Hill function.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import Refused, Takes, checked
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import Quantity, UnitError, parse
from flywheel_sim.result import Unreplicated, texts_of
from flywheel_sim.stats import FloatArray

if TYPE_CHECKING:
    import pandas as pd

Shape = Literal["exponential", "hill"]
SHAPES: tuple[Shape, ...] = ("exponential", "hill")

#: How far, as a share of the whole range, a curve that the judgements settle may miss one of them.
_EXACT = 1e-6
#: Spends at which a curve that is not the language's own is written out, in parts of where half is gained.
_WRITTEN = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)

#: Of an exponent, so that its power is a number.
_LARGEST = 700.0

_SPEND = takes.number(0, 1e15, "3")
_SPENDS = takes.either(_SPEND, takes.listed(_SPEND, "a list of them", "[0, 1, 3]"))


@dataclass(frozen=True)
class Judgement(Unreplicated):
    """A response curve settled by judgements; frozen.

    Attributes
    ----------
    shape
        ``exponential``: limit − (limit − without) exp(−pace × spend); or ``hill``: without + (limit − without)
        spend^steepness / (half_at^steepness + spend^steepness).
    without, limit
        The rate with nothing spent, and what it approaches; fractions for chances.
    half_at
        The spend that brings half of all there is to gain.
    steepness
        Of the S; 1 and below bend like the exponential. NaN for the exponential.
    given
        What was judged: (what, spend, value), the spend NaN for the limit.
    misfit
        How far the curve misses the judgement it misses most, as a share of limit − without; 0 where there are just as
        many judgements as the shape has parameters.
    unit, spend_unit
        The words after the rate's figures, such as ``% per month``, and after those of the spend.
    today
        The spend the file's rate goes with.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> curve = fs.judge(("3 per customer per month", "92 % per month"), limit="98 %", half_at=2)
    >>> curve.moves("retention")
    'moves: {retention: {without: 81.0294 % per month, limit: 98 % per month}}'
    """

    shape: Shape
    without: float
    limit: float
    half_at: float
    steepness: float
    given: tuple[tuple[str, float, float], ...]
    misfit: float
    unit: str
    spend_unit: str
    today: float

    def at(self, spend: ArrayLike) -> FloatArray:
        """Return the rate at spends, in the unit it is stated in (fractions for chances); the shape of ``spend``."""
        parameters = (self.without, self.limit, self.half_at, self.steepness)
        spends = spend if getattr(spend, "ndim", 0) > 1 else _SPENDS.of("spend", spend)
        try:
            return _curve(self.shape, np.asarray(spends, dtype=np.float64), *parameters)
        except (TypeError, ValueError):
            raise ExperimentError(f"spend is {takes.shown(spend)}: it takes numbers; write spend=[0, 1, 3]") from None

    def marginal(self, spend: float) -> float:
        """Return what one more unit of spend adds to the rate there."""
        spend = _SPEND.of("spend", spend)
        step = 1e-5 * max(spend, self.half_at)
        near = self.at([max(spend - step, 0.0), spend + step])
        return float((near[1] - near[0]) / (spend + step - max(spend - step, 0.0)))

    def shown(self, value: float) -> str:
        """Return a value of the rate in its unit."""
        value = takes.number().of("value", value)
        if self.unit.startswith("%"):
            return f"{100 * value:.4g} {self.unit}"
        return f"{value:.4g} {self.unit}".strip()

    def moves(self, rate: str) -> str:
        """Return what to write under ``moves`` of the lever, whose ``spend`` is today's.

        The language's own curve is the exponential, which ``without`` and ``limit`` settle; a Hill curve is written
        out as points, between which each stretch approaches the limit.
        """
        per = self.unit.removeprefix("%").strip()

        def text(value: float) -> str:
            figure = f"{100 * value:.6g} %" if self.unit.startswith("%") else f"{value:.6g}"
            return f"{figure} {per}".strip()

        points: list[tuple[str, float]] = [("without", self.without)]
        if self.shape == "hill":
            spends = [share * self.half_at for share in _WRITTEN if not math.isclose(share * self.half_at, self.today)]
            points += [(f"{spend:.6g}", float(self.at(spend))) for spend in spends]
        points.append(("limit", self.limit))
        return f"moves: {{{rate}: {{{', '.join(f'{key}: {text(value)}' for key, value in points)}}}}}"

    def frame(self, points: int = 101) -> pd.DataFrame:
        """Return the curve as a table from 0 to far beyond today: spend, value (% for chances), and their units."""
        import pandas as pd

        points = takes.whole(1, 1_000_000, "101").of("points", points)
        spends = np.linspace(0.0, self.far, points)
        factor = 100.0 if self.unit.startswith("%") else 1.0
        return pd.DataFrame({
            "spend": spends, "spend_unit": self.spend_unit, "value": factor * self.at(spends), "unit": self.unit,
        })  # fmt: skip

    @property
    def far(self) -> float:
        """Return a spend beyond all that was judged, up to which the curve is drawn."""
        spends = [spend for _, spend, _ in self.given if not math.isnan(spend)]
        return 1.6 * max(*spends, 2 * self.half_at)

    def answer(self) -> str:
        """Return what the curve says, in words to agree with or not."""
        now, twice = float(self.at(self.today)), float(self.at(2 * self.today))
        miss = f" It misses a judgement by {100 * self.misfit:.2g} % of the range." if self.misfit > _EXACT else ""
        beyond = "more" if self.limit > self.without else "less"
        return (
            f"Nothing spent gives {self.shown(self.without)}, {self.today:g} {self.spend_unit} "
            f"gives {self.shown(now)}, twice as much {self.shown(twice)}, and no spend {beyond} than "
            f"{self.shown(self.limit)}; half of all there is to gain is had at {self.half_at:.4g}.{miss}"
        )

    def table(self) -> pd.DataFrame:
        """Return the curve at a few spends, as texts."""
        return texts_of(self.frame(11))


def _points(value: Any) -> dict[str, Any]:
    """Return rates by spend, of a mapping that is not empty."""
    if not isinstance(value, Mapping) or not value:
        raise Refused
    return {str(_FIGURE.read(spend)): _FIGURE.read(rate) for spend, rate in value.items()}


_FIGURE = takes.either(takes.number(), takes.text("a text", "'98 %'"))

#: What each judgement takes.
_WORDS: dict[str, Takes] = {
    "today": takes.listed(_FIGURE, "what is spent and what the rate is then",
                          "('3 per customer per month', '92 % per month')", 2, 2),
    **{word: takes.optional(_FIGURE) for word in ("limit", "without", "half_at")},
    "points": takes.optional(Takes("rates by spend", "{'6': '94 %'}", _points)),
    "shape": takes.choice(*SHAPES),
    "steepness": takes.optional(takes.number(0, 1000, "1.5", open_low=True)),
}  # fmt: skip


@checked(_WORDS)
def judge(
    today: tuple[str | float, str | float],
    *,
    limit: str | float | None = None,
    without: str | float | None = None,
    half_at: str | float | None = None,
    points: Mapping[str | float, str | float] | None = None,
    shape: Shape = "exponential",
    steepness: float | None = None,
) -> Judgement:
    """Return the response curve that a few judgements settle.

    Parameters
    ----------
    today
        What is spent and what the rate is then, such as ``("3 per customer per month", "92 % per month")``.
    limit, without
        The most (or least) the rate can come to, and what it is with nothing spent.
    half_at
        The spend that brings half of what lies between ``without`` and ``limit``.
    points
        What the rate would be at other spends.
    shape
        ``exponential``, which takes three judgements with today's; or ``hill``, which takes four.
    steepness
        Of a Hill curve, in place of a judgement.

    Raises
    ------
    ExperimentError
        If there are too few judgements, their units differ, or no curve of that shape meets them.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.judge(("3 per customer per month", "92 % per month"), limit="98 %", half_at=2).shape
    'exponential'
    """
    if steepness is not None and shape != "hill":
        raise ExperimentError(f"steepness is {steepness}: it is of a Hill curve alone; write shape='hill'")
    spent, rate = _read(today[0], "today's spend"), _read(today[1], "today's rate")
    if spent.form != "number":
        raise ExperimentError(f"today's spend is '{today[0]}': money is needed; write '3 per customer per month'")
    ends = {"without": without, "limit": limit}
    given = [("today", spent.number, rate.number), *_given(spent, rate, ends, half_at, points or {})]
    free = 3 + (shape == "hill" and steepness is None)
    _check(given, free, shape)
    parameters, misfit = _fitted(shape, given, steepness, rate.form == "percent")
    if misfit > (_EXACT if len(given) == free else 0.5):
        gap = f"the nearest misses one by {100 * misfit:.3g} % of the range"
        if math.isinf(misfit):
            gap = "the nearest ends beyond 0 or 100 %, or is none"
        raise ExperimentError(f"no {shape} curve meets these judgements (today, limit, without, half_at, points): "
                              f"{gap}; change one, or take the other shape")  # fmt: skip
    per = rate.text.split("%", 1)[1].strip() if "%" in rate.text else " ".join(rate.text.split()[1:])
    unit = f"% {per}".strip() if rate.form == "percent" else per
    rest = " ".join(str(today[0]).split()[1:])
    exact = 0.0 if misfit <= _EXACT else misfit
    return Judgement(shape, *parameters, tuple(given), exact, unit, rest or "spent", spent.number)


def _given(
    spent: Quantity,
    rate: Quantity,
    ends: Mapping[str, str | float | None],
    half_at: str | float | None,
    points: Mapping[str | float, str | float],
) -> Iterator[tuple[str, float, float]]:
    """Yield what was judged beside today's rate: a word for it, the spend, and the rate; NaN where it has none.

    Parameters
    ----------
    spent, rate
        Today's, in whose units the others are stated.
    ends, half_at, points
        What the rate is ``without`` spend and at its ``limit``, where half is had, and rates at other spends.
    """
    for word, text in ends.items():
        if text is not None:
            yield word, 0.0 if word == "without" else math.nan, _like(rate, text, word)
    for key, text in points.items():
        yield f"at {key}", _like(spent, key, "a spend of points"), _like(rate, text, f"the rate at {key}")
    if half_at is not None:
        yield "half", _like(spent, half_at, "half_at"), math.nan


def _check(given: Sequence[tuple[str, float, float]], free: int, shape: Shape) -> None:
    """Refuse judgements that do not settle a curve with so many figures to be found."""
    if len(given) < free:
        more = "limit=, without=, half_at= or points=" + (", or steepness=" if shape == "hill" else "")
        raise ExperimentError(f"{len(given)} judgements do not settle a curve, {free} do; add {more}")
    if any(not math.isfinite(number) for _, spend, value in given for number in (spend, value) if number == number):
        raise ExperimentError("judgements are of finite spends and rates; change the one that is not")
    no_half = any(word == "half" and not spend for word, spend, _ in given)
    if any(spend < 0 for _, spend, _ in given) or no_half or len({spend for _, spend, v in given if v == v}) < 2:
        raise ExperimentError("judgements (today, without, points, half_at) are of different spends, none of them "
                              "negative, and half_at is above 0; change one")  # fmt: skip


def _fitted(
    shape: Shape, given: list[tuple[str, float, float]], steepness: float | None, chance: bool
) -> tuple[tuple[float, float, float, float], float]:
    """Return without, limit, half_at and steepness of the nearest curve, and how far it misses what it misses most."""
    from scipy import optimize

    values = np.array([value for _, _, value in given if not math.isnan(value)])
    spends = np.array([spend for _, spend, value in given if spend > 0])
    judged = {word: (spend, value) for word, spend, value in given}
    scale = max(float(np.ptp(values)), 1e-12)
    rising = _rises(given)
    low, high = float(values.min()), float(values.max())
    first = judged["without"][1] if "without" in judged else (low - scale if rising else high + scale)
    last = judged["limit"][1] if "limit" in judged else (high + scale if rising else low - scale)
    if chance:
        first, last = min(max(first, 1e-6), 1 - 1e-6), min(max(last, 1e-6), 1 - 1e-6)
    middle = judged["half"][0] if "half" in judged else float(np.median(spends))
    hill = shape == "hill"

    def parameters(x: FloatArray) -> tuple[float, float, float, float]:
        power = steepness if steepness is not None else math.exp(min(x[3], _LARGEST)) if hill else math.nan
        return x[0], x[1], math.exp(min(x[2], _LARGEST)), power

    def misses(x: FloatArray) -> FloatArray:
        start, end, half, power = parameters(x)
        gaps = []
        for word, spend, value in given:
            if word == "half":
                gaps.append(math.log(half / spend))
                continue
            at = end if math.isnan(spend) else float(_curve(shape, np.asarray(spend), start, end, half, power))
            gaps.append((at - value) / scale)
        return np.array(gaps)

    best, least = None, math.inf
    for factor in (1.0, 0.3, 3.0, 0.1, 10.0):
        for slope in (0.0, 0.7, 1.4) if hill and steepness is None else (0.0,):
            start = [first, last, math.log(middle * factor), *([slope] if hill and steepness is None else [])]
            try:
                fit = optimize.least_squares(misses, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=2000,
                                             x_scale=[scale, scale, *([1.0] * (len(start) - 2))])  # fmt: skip
            except ValueError:  # no finite misses from there
                continue
            if fit.cost < least:
                best, least = fit.x, float(fit.cost)
    if best is None:
        return parameters(np.array([first, last, math.log(middle), 0.0])), math.inf
    fitted = parameters(best)
    reach = abs(fitted[1] - fitted[0]) or 1.0
    missed = float(np.abs(misses(best)).max()) * scale / reach
    outside = chance and not (0 <= fitted[0] <= 1 and 0 <= fitted[1] <= 1)
    return fitted, math.inf if outside else missed


def _rises(given: list[tuple[str, float, float]]) -> bool:
    """Tell whether more spend makes the rate larger."""
    ordered = sorted((math.inf if math.isnan(s) else s, v) for _, s, v in given if not math.isnan(v))
    return ordered[-1][1] >= ordered[0][1]


def _curve(
    shape: Shape, spend: FloatArray, without: float, limit: float, half_at: float, steepness: float
) -> FloatArray:
    """Return the rate at spends."""
    if shape == "exponential":
        return np.asarray(limit - (limit - without) * np.exp(-math.log(2) * spend / half_at))
    with np.errstate(divide="ignore"):
        return np.asarray(without + (limit - without) / (1 + (half_at / spend) ** steepness))


def _read(value: str | float, what: str) -> Quantity:
    """Return a figure as the language reads it."""
    try:
        return parse(str(value))
    except UnitError as error:
        raise ExperimentError(f"{what} is '{value}': {error.rule}; {error.remedy}") from None


def _like(today: Quantity, text: str | float, what: str) -> float:
    """Return a figure in the unit of today's, which a bare one takes over."""
    figure = _read(text, what)
    periods = (figure.per_ms or today.per_ms) == today.per_ms and (figure.per_what or today.per_what) == today.per_what
    if figure.form != today.form or not periods:
        raise ExperimentError(f"{what} is '{text}', and today's '{today.text}': their units differ; state it in the "
                              "same")  # fmt: skip
    return figure.number
