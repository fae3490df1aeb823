"""Tables of many replications: by group, by cohort, by generation, by period, and the statement.

Every figure has three columns: its mean, and the ends of its interval. Units stand in ``attrs["units"]``,
the number of replications in ``attrs["n"]`` and the level of the intervals in ``attrs["level"]``.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import GENERATIONS
from flywheel_sim.metrics.cohorts import cohorts
from flywheel_sim.metrics.groups import parts, splits
from flywheel_sim.metrics.growth import stage_conversion
from flywheel_sim.metrics.lineage import customers, generations
from flywheel_sim.metrics.recurring import MOVEMENTS, at_stake, before, movement, mrr, retained
from flywheel_sim.metrics.registry import Books, FloatArray, metric_of, metrics
from flywheel_sim.metrics.statement import BASIS, entries
from flywheel_sim.stats import estimate_mean, ratio_of_sums

if TYPE_CHECKING:
    import pandas as pd

#: Mean, and both ends of its interval, of one or many figures.
Found = tuple[FloatArray, FloatArray, FloatArray]


def by_stage(books: Books) -> pd.DataFrame:
    """Return, for every prospect stage: people entered, share who went on with its interval."""
    import pandas as pd

    rows, layout = [], books.ledger.layout
    for stage, role in zip(layout.stages, layout.roles, strict=True):
        if role == "prospect":
            _, entered = stage_conversion(books, stage)
            share = metric_of(f"conversion.{stage}", books).estimate(books)
            rows.append((stage, float(books.over(entered).mean()), share.mean, share.low, share.high))
    return pd.DataFrame(rows, columns=["stage", "entered", "conversion", "low", "high"]).set_index("stage")


def by_group(books: Books, name: str, wanted: Sequence[str], level: float) -> pd.DataFrame:
    """Return metrics for each channel, or each level of an attribute that results are kept by."""
    groups = parts(books, name)
    chosen = [metric_of(one, books) for one in wanted] or [
        m for m in metrics() if m.applies(books) and splits(m, books.journey, name)
    ]
    for metric in chosen:
        if not splits(metric, books.journey, name):
            others = ", ".join(m.name for m in metrics() if splits(m, books.journey, name))
            raise ExperimentError(f"'{metric.name}' cannot be split by '{name}'; those that can: {others}")
    figures: dict[str, tuple[str, Found]] = {}
    for metric in chosen:
        unit = metric.unit_for(books.journey)
        estimates = [metric.estimate(part, level) for part in groups.values()]
        mean, low, high = (np.array([getattr(e, end) for e in estimates]) for end in ("mean", "low", "high"))
        figures[metric.name] = unit, (mean, low, high)
    return _table(books, {name: list(groups)}, figures, level)


def by_cohort(books: Books, join: int, level: float) -> pd.DataFrame:
    """Return, by cohort and age: people acquired, share still customers, revenue per person acquired."""
    if not 1 <= join <= books.ledger.layout.cohorts:
        raise ExperimentError(f"{join} cohort periods to a row: take 1 to {books.ledger.layout.cohorts}")
    followed = cohorts(books, join)
    currency = books.journey.currency or "money units"
    rows, ages = followed.reached.shape
    people = np.repeat(followed.acquired[..., None], ages, axis=2)

    def figure(top: FloatArray, bottom: FloatArray, complete: Any) -> Found:
        ends = ratio_of_sums(top, bottom, level)
        low, mid, high = (np.where(complete, end, math.nan).ravel() for end in (ends[1], ends[0], ends[2]))
        return mid, low, high

    index = {
        "cohort": np.repeat(np.arange(rows) * join + 1, ages),
        "age": np.tile(np.arange(ages) * followed.months, rows),
    }
    return _table(books, index, {
        "acquired": ("people", figure(people, np.ones_like(people), True)),
        "retention": ("%", figure(100 * followed.kept, people, followed.reached)),
        "revenue": (f"{currency} per customer", figure(followed.revenue, people, followed.passed)),
    }, level)  # fmt: skip


def by_generation(books: Books, level: float) -> pd.DataFrame:
    """Return, for each generation: people, acquisitions, customers brought per customer, time since the referrer's."""
    people, acquired, gaps, gap = (
        generations(books, name).astype(np.float64) for name in ("people", "acquired", "gaps", "gap")
    )
    buyers = customers(books).astype(np.float64)
    one = np.ones_like(people)
    brought = np.concatenate([acquired[:, 1:], np.zeros_like(acquired[:, :1])], axis=1)
    # The last generation holds all beyond it, so who brought whom is unknown there.
    unknown = [GENERATIONS - 1, GENERATIONS - 2] if people[:, -1].any() else [GENERATIONS - 1]
    brought[:, unknown] = math.nan
    depth = int(np.flatnonzero(people.any(axis=0))[-1]) + 1 if people.any() else 1
    figures = {
        "people": ("people", ratio_of_sums(people, one, level)),
        "acquired": ("people", ratio_of_sums(acquired, one, level)),
        "brought": ("customers per customer", ratio_of_sums(brought, buyers, level)),
        "gap": ("days", ratio_of_sums(gap / DAY, gaps, level)),
    }
    kept = {name: (unit, (m[:depth], a[:depth], b[:depth])) for name, (unit, (m, a, b)) in figures.items()}
    return _table(books, {"generation": np.arange(depth)}, kept, level)


def by_movement(books: Books, level: float) -> pd.DataFrame:
    """Return recurring revenue month by month: at the beginning, what moved it, at the end, and what was kept."""
    unit = f"{books.journey.currency or 'money units'} per month"
    end = mrr(books)
    one = np.ones_like(end)
    figures = {"start": (unit, ratio_of_sums(before(books), one, level))}
    figures |= {name: (unit, ratio_of_sums(movement(books, name), one, level)) for name in MOVEMENTS}
    figures["end"] = (unit, ratio_of_sums(end, one, level))
    stake = 1.0 * at_stake(books)
    for name, kept in (("nrr", "changed"), ("grr", "lost")):
        figures[name] = ("% per month", ratio_of_sums(100 * retained(books, kept), stake, level))
    return _table(books, {"month": np.arange(1, end.shape[1] + 1)}, figures, level)


def by_period(books: Books, names: Sequence[str], level: float) -> pd.DataFrame:
    """Return metrics period by period, those of the warm-up left out."""
    figures: dict[str, tuple[str, Found]] = {}
    for name in names:
        metric = metric_of(name, books)
        metric.check_period(books.ledger.layout.period)
        top = (100.0 if metric.percent else 1.0) * metric.top(books)
        bottom = np.ones_like(top) if metric.bottom is None else metric.bottom(books)
        figures[name] = metric.unit_for(books.journey), ratio_of_sums(top, bottom, level)
    return _table(books, _periods(books), figures, level).iloc[books.warm_up :]


def statement(books: Books, level: float) -> pd.DataFrame:
    """Return the statement of the periods counted, one row a line."""
    import pandas as pd

    estimates = {
        line: estimate_mean(books.over(cells / books.per_unit), "", level)
        for line, cells in entries(books.ledger).items()
    }
    rows = pd.MultiIndex.from_tuples(list(estimates), names=["heading", "line"])
    table = pd.DataFrame([(one.mean, one.low, one.high) for one in estimates.values()], rows, ["mean", "low", "high"])
    table.attrs = {**_attrs(books, level), "unit": books.journey.currency or "money units", "basis": BASIS}
    return table


def statement_by(books: Books, level: float) -> pd.DataFrame:
    """Return the statement period by period, those of the warm-up left out."""
    import pandas as pd

    amounts = {line: cells / books.per_unit for line, cells in entries(books.ledger).items()}
    figures = {line: ("", ratio_of_sums(cells, np.ones_like(cells), level)) for line, cells in amounts.items()}
    table = _table(books, _periods(books), figures, level).iloc[books.warm_up :]
    columns = [(*line, end) for line in amounts for end in ("mean", "low", "high")]
    table.columns = pd.MultiIndex.from_tuples(columns, names=["heading", "line", "of"])
    table.attrs = {**_attrs(books, level), "unit": books.journey.currency or "money units", "basis": BASIS}
    return table


def _periods(books: Books) -> dict[str, Any]:
    """Return what names the periods of books: their numbers, and the dates on which months begin."""
    layout = books.ledger.layout
    numbers: dict[str, Any] = {layout.period: np.arange(1, layout.periods + 1)}
    dates = period_dates(books.journey) if layout.period == "month" else None
    return numbers if dates is None else {**numbers, "begins": dates[: layout.periods]}


def _table(
    books: Books, index: Mapping[str, Any], figures: Mapping[Any, tuple[str, Found]], level: float
) -> pd.DataFrame:
    import pandas as pd

    many = pd.MultiIndex.from_arrays(list(index.values()), names=list(index))
    rows = many if len(index) > 1 else many.get_level_values(0)
    columns = {
        (name, end): values for name, (_, ends) in figures.items()
        for end, values in zip(("mean", "low", "high"), ends, strict=True)
    }  # fmt: skip
    table = pd.DataFrame(columns, index=rows)
    table.columns = pd.MultiIndex.from_tuples(list(columns), names=["figure", "of"])
    table.attrs = {"units": {name: unit for name, (unit, _) in figures.items()}, **_attrs(books, level)}
    return table


def _attrs(books: Books, level: float) -> dict[Hashable, Any]:
    return {"n": len(books.ledger.n_events), "level": level}
