"""What every answer can do, whichever question it answers, and where its figures come from."""

from __future__ import annotations

import functools
import html
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import Takes
from flywheel_sim.journey.units import format_duration
from flywheel_sim.stats import VERBATIM, Estimate, figure, plus_minus
from flywheel_sim.texts import shortened
from flywheel_sim.wording import joined, text_table

if TYPE_CHECKING:
    import pandas as pd


P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from: enough to get the same figures again.

    Attributes
    ----------
    scenario, strategy
        Names.
    fingerprint
        Hash of the journey as run.
    seed, replications, first
        Root of the luck, and how many replications, numbered from the first.
    engine, version
        Which engine, and the package's version.
    seconds
        Wall-clock time of the run.
    n_events
        Arrivals and clocks that fired.
    coupled
        What makes people affect one another, empty where they live independent lives.
    warm_up
        How long figures over time leave out at the start, ms.
    """

    scenario: str
    strategy: str
    fingerprint: str
    seed: int
    replications: int
    engine: str
    version: str
    seconds: float
    n_events: int
    first: int = 0
    coupled: tuple[str, ...] = ()
    warm_up: int = 0

    def __str__(self) -> str:
        strategy = f", strategy '{shortened(self.strategy)}'" if self.strategy else ""
        count = f"{self.replications:,} replications" if self.replications != 1 else f"replication {self.first}"
        coupled = f" · people affect one another by {joined(self.coupled)}" if self.coupled else ""
        after = f" after a warm-up of {format_duration(self.warm_up)}" if self.warm_up else ""
        return (
            f"{self.scenario}{strategy} · scenario {self.fingerprint}{coupled} · seed {self.seed} · "
            f"{count}{after} · {self.n_events:,} events · "
            f"{self.engine} engine, flywheel_sim {self.version}"
        )


class Provenances(tuple[Provenance, ...]):
    """Where the figures of every strategy shown come from; of one alone, its fields can be asked for directly."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if len(self) == 1 and not name.startswith("_"):
            return getattr(self[0], name)
        raise AttributeError(f"of {len(self)} strategies, '{name}' is that of one: take provenance[0].{name}")

    def __str__(self) -> str:
        return "\n".join(map(str, self))


_NAME, _INDEX, _COUNT = takes.NAME, takes.whole(-(2**31), 2**31, "0"), takes.whole(1, 2**31)

#: What methods of answers and charts take, by the name of the argument; what is none of these they read themselves.
TAKES: dict[str, Takes] = {
    **dict.fromkeys(("name", "names", "rate", "figure", "per", "one", "other", "place", "metric", "of", "against",
                     "strategy", "change", "resource", "key"), _NAME),
    **dict.fromkeys(("cumulative", "before", "unit"), takes.YES_OR_NO),
    **dict.fromkeys(("join", "families", "up_to", "n", "k"), _COUNT),
    **dict.fromkeys(("index", "point"), _INDEX),
    "day": takes.whole(0, 2**31, "7"),
    **dict.fromkeys(("at_least", "at_most", "value"), takes.number(example="1000")),
    **dict.fromkeys(("figures", "keys"), takes.listed(_NAME, "a list of names", "['revenue', 'profit']")),
    "months": takes.either(takes.listed(_COUNT, "a list of months", "[6, 12]", 0), _COUNT),
    "by": _NAME,
    "level": takes.number(0, 1, "0.95", open_low=True, open_high=True),
    "q": takes.number(0, 1, "0.05"),
    "share": takes.number(0, 1, "0.1"),
    "best": takes.choice("highest", "lowest"),
    "gap": takes.instance("Estimate", what="an estimate", example="duel.difference('profit')"),
    "path": takes.path("the path of a file", "'sweep.parquet'"),
}  # fmt: skip


def _shown_well(method: Callable[P, T]) -> Callable[P, T]:
    """Return a method whose table shows its figures as a reader wants them."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        from flywheel_sim.figure_table import with_figures

        table: T = with_figures(method(*args, **kwargs))
        return table

    return call


class Result:
    """An answer to a question: frozen, and never drawing; charts and sections of the report take it.

    A question's own class says its `answer`, its tidy `frame` and, where it has more to show, its `table`, `note`,
    `remarks` and `details`; how all that is printed, shown in a notebook and written as JSON stands here alone.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> result = fs.replicate("subscription", strategies="funnel", replications=5)
    >>> isinstance(result, fs.Result), sorted(result.to_json())[:3]
    (True, ['answer', 'details', 'figures'])
    """

    def __init_subclass__(cls, **given: Any) -> None:
        """Have every public method refuse arguments that it does not take, and tables show their figures well."""
        super().__init_subclass__(**given)
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]  # which a dataclass would replace by all fields
        takes.guard(TAKES)(cls)
        for name, method in list(vars(cls).items()):
            if not inspect.isfunction(method) or name.endswith("frame"):  # tables for machines stay plain
                continue
            if method.__annotations__.get("return") == "pd.DataFrame":
                setattr(cls, name, _shown_well(method))

    if TYPE_CHECKING:

        @property
        def base_runs(self) -> Mapping[str, Any]:
            """Return the `Runs` that are shown, by the name of their strategy; none where nothing was run."""

    @property
    def provenance(self) -> Provenances:
        """Return where the figures of every strategy shown come from."""
        return Provenances(runs.source for runs in self.base_runs.values())

    def answer(self) -> str:
        """Return the answer in words."""
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """Return the tidy table behind it."""
        raise NotImplementedError

    def table(self) -> pd.DataFrame:
        """Return the table that is shown with the answer, figures as texts."""
        return texts_of(self.frame())

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return ""

    def remarks(self) -> list[str]:
        """Return what else has to be said: warnings, what was solved for, what to paste where."""
        return []

    def rows(self) -> pd.DataFrame:
        """Return the figures that JSON holds, one row each."""
        return self.frame()

    def details(self) -> dict[str, Any]:
        """Return what JSON holds beyond answer and figures, by name."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON takes it, in one shape for every question.

        Returns
        -------
        dict
            ``result``, the name of its class; ``answer``, in words; ``figures``, a list of rows by column; ``note``,
            what they are; ``remarks``, a list of texts; ``details``, what this class has beyond them; ``provenance``,
            a list with one entry for every strategy shown. NaN is null, infinity the text ``infinite``.
        """
        rows = self.rows()
        return {
            "result": type(self).__name__,
            "answer": self.answer(),
            "figures": plain((rows.reset_index() if _named(rows) else rows).to_dict("records")),
            "note": self.note,
            "remarks": self.remarks(),
            "details": plain(self.details()),
            "provenance": [plain(vars(one)) for one in self.provenance],
        }

    def __str__(self) -> str:
        small = [line for line in (self.note, *self.remarks(), *map(str, self.provenance)) if line]
        parts = (shortened(self.answer()), table_text(self.table()), shortened("\n".join(small)))
        return "\n\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        shown = self.provenance
        of = f" of {', '.join(dict.fromkeys(one.strategy or one.scenario for one in shown))}" if shown else ""
        n = f", n = {max(one.replications for one in shown):,}" if shown else ""
        return f"<{type(self).__name__}{of}{n}>"

    def _repr_html_(self) -> str:
        table = self.table()
        if _named(table) and table.index.nlevels == 1:
            table = table.rename_axis(index=None)  # whose name would take a row
        shown = table.to_html(index=_named(table), border=0)
        small = "".join(f"<p><small>{html.escape(text)}</small></p>" for text in (self.note, *map(str, self.provenance))
                        if text)  # fmt: skip
        more = "".join(f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>" for text in self.remarks())
        return f'<div class="{VERBATIM}"><p><b>{html.escape(self.answer())}</b></p>{shown}{more}{small}</div>'


class Unreplicated(Result):
    """An answer that shows no replications: from data, from judgement, by arithmetic, or person by person."""

    @property
    def provenance(self) -> Provenances:
        """Return where its figures come from: its ``source``, where something was run."""
        source: Provenance | None = getattr(self, "source", None)
        return Provenances([source] if source else [])

    @property
    def base_runs(self) -> Mapping[str, Any]:
        """Return no runs."""
        return {}


def texts_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its figures as a reader wants them: no false precision, thousands apart, no NaN."""
    shown: pd.DataFrame = frame.map(lambda one: figure(one) if isinstance(one, float) else one)
    return shown


def texts_by_name(figures: Mapping[str, Estimate]) -> pd.DataFrame:
    """Return figures by name as a table of texts: mean ± half-width of its interval, and unit."""
    import pandas as pd

    rows = [(plus_minus(estimate), estimate.unit) for estimate in figures.values()]
    return pd.DataFrame(rows, columns=["mean ± half-width", "unit"], index=pd.Index(figures, name="figure"))


def table_text(table: pd.DataFrame) -> str:
    """Return a table of texts so that it fits a terminal."""
    named = _named(table)
    shown = table.reset_index() if named else table
    heads = [" ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name) for name in shown.columns]
    if named and heads[0] in ("index", "figure"):
        heads[0] = ""
    rows = [["" if one is None else str(one) for one in row] for row in shown.itertuples(index=False, name=None)]
    return text_table(heads, rows, named=table.attrs.get("names", table.index.nlevels if named else 1)) if rows else ""


def _named(table: pd.DataFrame) -> bool:
    """Tell whether the rows of a table have names, rather than numbers from 0 on."""
    import pandas as pd

    return not isinstance(table.index, pd.RangeIndex) or table.index.name is not None


def plain(value: Any) -> Any:
    """Return a value as JSON takes it: NaN is null, infinity a text, an estimate its figures, an object its fields."""
    if isinstance(value, Estimate):
        ends = {name: plain(getattr(value, name)) for name in ("mean", "low", "high")}
        exists = {} if value.exists is None else {"exists": value.exists}
        return {**ends, "level": value.level, "n": value.n, **exists, "unit": value.unit}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return (
            value if math.isfinite(value) else None if math.isnan(value) else "infinite" if value > 0 else "-infinite"
        )
    return value if isinstance(value, bool | int | str) or value is None else str(value)
