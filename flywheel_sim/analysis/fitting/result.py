"""What a fit is: parameters with intervals and covariance, what the data leave open, and the journey it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.fitting.choice import Choice
from flywheel_sim.calibration.likelihood import Maximum
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.result import Unreplicated
from flywheel_sim.stats import figure
from flywheel_sim.wording import sentences

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Fit(Unreplicated):
    """Rates that a company's own data give, with how sure they are; frozen.

    Attributes
    ----------
    of
        What of the data was fitted: ``buying``, ``spend``, ``retention``, ``stages``, ``arrivals``, ``referrals``,
        ``response`` or ``conversion``.
    model
        Name of the model, as `flywheel_sim.fit` takes it.
    label
        The same as the literature writes it.
    data
        What it rests on: how many, of what, from when to when.
    figures
        One row a parameter: part (a stage or channel where there are several, else ""), parameter, value, low, high,
        about (what it is, with its unit).
    says
        What follows from it, in words.
    finding
        The same as the title of a chart has room for.
    drawn
        What it was fitted to beside what it says, for the chart: panel, kind (``line``, ``bars``, ``steps`` or
        ``points``), x, observed, low, high (the interval of what was observed, or NaN), fitted.
    axes
        Labels of the panels of that chart, by name: x, then y.
    level
        Of the intervals.
    literature
        Where the model stands: author, year, DOI.
    maxima
        The most likely parameters with their covariance, by part.
    open
        What the data cannot tell apart.
    notes
        What else has to be said: assumptions taken, what was left out.
    text
        The smallest journey that does what the model says, as YAML; "" where it is no journey of its own.
    choice
        How it, other models and naive baselines have forecast; None where only one was fitted.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fit = fs.fit(fs.read_orders(fs.datasets.cdnow(), until="1997-09-30"), model="bg_nbd")
    >>> {row.parameter: round(row.value, 3) for row in fit.frame().itertuples()}
    {'r': 0.243, 'alpha': 4.414, 'a': 0.793, 'b': 2.426}
    """

    of: str
    model: str
    label: str
    data: str
    figures: pd.DataFrame = field(repr=False)
    says: str
    finding: str
    drawn: pd.DataFrame = field(repr=False)
    axes: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    level: float = 0.95
    literature: str = ""
    maxima: Mapping[str, Maximum] = field(default_factory=dict, repr=False)
    open: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    choice: Choice | None = None

    def answer(self) -> str:
        """Return what was fitted to what, and what follows, in words."""
        return " ".join(filter(None, (f"{self.label}, fitted to {self.data}.", self.says)))

    def frame(self) -> pd.DataFrame:
        """Return the parameters, one row each: part, parameter, value, low, high, about."""
        return self.figures.copy()

    def table(self) -> pd.DataFrame:
        """Return the parameters as texts, those of several parts under their names."""
        import pandas as pd

        rows = self.figures
        ends = [_ends(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)]
        shown = {
            "parameter": rows["parameter"], "value": [_digits(one) for one in rows["value"]],
            f"{self.level * 100:g} % interval": ends, "what it is": rows["about"],
        }  # fmt: skip
        parts = {"part": rows["part"]} if (rows["part"] != "").any() else {}
        return pd.DataFrame({**parts, **shown}).reset_index(drop=True)

    @property
    def note(self) -> str:
        """Return how it was found."""
        ways = {way for one in self.maxima.values() for way in one.methods} - {"none"}
        if not ways:
            return self.literature
        how = " and ".join(sorted(ways))
        return f"Maximum likelihood; intervals from the {how} of the likelihood. {self.literature}".strip()

    def remarks(self) -> list[str]:
        """Return what the data cannot tell apart, what was assumed, and what baselines did."""
        chosen = [self.choice.answer()] if self.choice is not None else []
        return [*chosen, *sentences(self.open), *self.notes]

    def details(self) -> dict[str, Any]:
        """Return the model and how candidates have forecast."""
        more = {"of": self.of, "model": self.model, "data": self.data, "correlation": self._correlations()}
        chosen = {} if self.choice is None else {"choice": self.choice.frame().to_dict("records")}
        return more | chosen

    def _correlations(self) -> dict[str, list[list[float]]]:
        return {part: one.correlation.tolist() for part, one in self.maxima.items()}

    def correlation(self, key: str = "") -> pd.DataFrame:
        """Return how the parameters of a part go together, on the scale they were searched on (logs, log-odds).

        Raises
        ------
        ExperimentError
            If there is no such part.
        """
        import pandas as pd

        one = self.maxima.get(key)
        if one is None:
            known = [part for part in self.maxima if part]
            raise ExperimentError(f"no part '{key}' was fitted; {nearest(key, known)}")
        return pd.DataFrame(one.correlation, index=list(one.names), columns=list(one.names))

    def journey(self) -> str:
        """Return the smallest journey that does what the model says, as YAML that `flywheel_sim.loads` takes.

        Raises
        ------
        ExperimentError
            If what was fitted is no journey of its own.
        """
        if not self.text:
            raise ExperimentError(f"{self.label} makes no journey of its own here: it is a part of one, "
                                  "or not all of it is known")  # fmt: skip
        return self.text


FIT = takes.instance("Fit", what="what fs.fit returns", example="fs.fit(orders)")


def _digits(value: float) -> str:
    """Return a parameter to four digits; its interval says how many of them count."""
    if value != value:
        return "not told"
    return figure(value) if abs(value) >= 1000 or abs(value) < 0.001 else f"{value:.4g}"


def _ends(low: float, high: float) -> str:
    """Return an interval in words; one without an end says so."""
    if low != low or high != high:
        return "not known"
    below, above = _digits(low), "no end" if high == float("inf") else _digits(high)
    return f"{below} to {above}"
