"""Design points: which values of which factors a sweep runs, under which strategies."""

from __future__ import annotations

import csv
import itertools
import logging
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flywheel_sim.errors import DataError, ExperimentError, nearest
from flywheel_sim.experiment.sweep.factors import DesignPoint, Span, Value, number_or_text, plain_value, span_or_values
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.writing import home

_LOG = logging.getLogger("flywheel_sim")

#: The ways of laying points between the values of factors.
DESIGNS = ("grid", "one", "lhs", "sobol")

#: Most design points of a sweep, so that a slip of the pen does not fill the memory.
MOST_POINTS = 1_000_000

#: What stands in a table for the file without any strategy.
AS_WRITTEN = "as written"


@dataclass(frozen=True)
class Design:
    """The design points of a sweep.

    Attributes
    ----------
    kind
        ``grid``, ``one``, ``lhs``, ``sobol`` or ``table``.
    factors
        Names as given.
    points
        In order; the strategies of one combination of values follow each other.
    """

    kind: str
    factors: tuple[str, ...]
    points: tuple[DesignPoint, ...]

    @property
    def strategies(self) -> tuple[str | None, ...]:
        """Return the strategies that occur, in order."""
        return tuple(dict.fromkeys(point.strategy for point in self.points))


def design_of(
    model: Scenario,
    kind: str = "grid",
    values: Any = None,
    *,
    n: int | None = None,
    seed: int = 0,
    strategies: Sequence[str] | None = None,
) -> Design:
    """Return the design points of a sweep.

    Parameters
    ----------
    model
        The scenario, whose factors are varied.
    kind
        ``grid``: every combination of values; ``one``: the file as it is, then one factor at a time at each of
        its values; ``lhs``: a Latin hypercube (McKay, Beckman and Conover 1979, doi:10.2307/1268522); ``sobol``:
        scrambled Sobol points (Owen 1998, doi:10.1006/jcom.1998.0487). Not used with a table.
    values
        For each factor its values: a list, one value, ``"LO:HI:N"`` (N equally spaced) or ``"LO:HI"``. Or a table: a
        data frame, a list of mappings (what one leaves out stays as in the file), or the path of a CSV file. A column
        ``strategy`` says the strategy of each row.
    n
        How many points of ``lhs`` and ``sobol``; values of each ``LO:HI`` in a ``grid`` or ``one``.
    seed
        The luck of ``lhs`` and ``sobol``.
    strategies
        Each point is run under each; those of the file unless given, or the file as written if it has none.

    Raises
    ------
    ExperimentError, ConfigError, DataError
        If factors, values or the design are not what they should be.
    """
    run_under: tuple[str | None, ...] = tuple(strategies if strategies is not None else model.strategies) or (None,)
    if values is not None and not isinstance(values, Mapping):
        if n is not None:
            raise ExperimentError("a table of points has as many points as rows; leave n out")
        return _table(model, values, run_under, strategies is not None)
    given: dict[str, Any] = dict(values or {})
    if kind not in DESIGNS:
        raise ExperimentError(f"'{kind}' is no design; {nearest(kind, DESIGNS)}")
    if unnamed := [name for name in given if not isinstance(name, str) or not name]:
        raise ExperimentError(f"values have a factor {unnamed[0]!r}: a factor is a name; write 'retention'")
    if "strategy" in given:
        raise ExperimentError("strategies are given by name, not as a factor; write strategies=[...] (--strategies)")
    specs = {name: span_or_values(name, given_values) for name, given_values in given.items()}
    if kind in ("grid", "one"):
        rows = _combined(kind, [_listed(name, spec, n) for name, spec in specs.items()], len(run_under))
    else:
        rows = _spread(kind, specs, n, seed, len(run_under))
    return Design(kind, tuple(given), tuple(DesignPoint(name, row) for row in rows for name in run_under))


def _combined(kind: str, lists: list[list[Value]], per_row: int) -> Iterable[tuple[Value, ...]]:
    """Return every combination of the values of factors, or the file as it is and then one factor at a time."""
    if kind == "grid":
        _refuse_many(math.prod(map(len, lists)) * per_row)
        return itertools.product(*lists)
    still: tuple[Value, ...] = (None,) * len(lists)
    moved = [(*still[:i], value, *still[i + 1 :]) for i, values in enumerate(lists) for value in values]
    return dict.fromkeys([still, *moved])


def _listed(name: str, spec: Span | list[Value], n: int | None) -> list[Value]:
    if not isinstance(spec, Span):
        return spec
    count = spec.levels or n
    if count is None:
        raise ExperimentError(f"'{name}': a range without a number of values; write LO:HI:5, or n=5")
    return spec.steps(count)


def _spread(
    kind: str, specs: Mapping[str, Span | list[Value]], n: int | None, seed: int, per_row: int
) -> list[tuple[Value, ...]]:
    """Return the rows of a Latin hypercube or of Sobol points; lists of values are cut into equal shares."""
    from scipy.stats import qmc

    if not specs:
        raise ExperimentError(
            f"design '{kind}' without factors; say what to vary, such as values={{'retention': '90 %:98 %'}}"
        )
    if n is None or n < 1:
        raise ExperimentError(f"design '{kind}' does not know how many points; write n=64")
    _refuse_many(n * per_row)
    if kind == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        _LOG.warning("%s Sobol points: they are balanced at powers of two only, such as %s or %s", n, below, 2 * below)
    sampler = (qmc.LatinHypercube if kind == "lhs" else qmc.Sobol)(len(specs), seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        shares = sampler.random(n)
    columns: list[list[Value]] = []
    for index, spec in enumerate(specs.values()):
        choices = spec.steps(spec.levels) if isinstance(spec, Span) and spec.levels else spec
        column = [float(share) for share in shares[:, index]]
        if isinstance(choices, Span):
            columns.append([choices.at(Decimal(share)) for share in column])
        else:
            columns.append([choices[min(int(share * len(choices)), len(choices) - 1)] for share in column])
    return list(zip(*columns, strict=True))


def _refuse_many(count: int) -> None:
    if count > MOST_POINTS:
        raise ExperimentError(f"{count:,} design points are more than {MOST_POINTS:,}; take fewer values, or "
                              "design='lhs' or 'sobol' with n points")  # fmt: skip


# -- tables ---------------------------------------------------------------------------------------------


def _table(model: Scenario, given: Any, run_under: tuple[str | None, ...], strategies_given: bool) -> Design:
    """Return the design that a table of points is."""
    rows = _rows(given)
    if not rows:
        raise ExperimentError("the table of points has no rows; give at least one point")
    _refuse_many(len(rows) * len(run_under))
    names = dict.fromkeys(name for row in rows for name in row)
    with_strategy = "strategy" in names and "strategy" not in model.rates
    if with_strategy and strategies_given:
        raise ExperimentError("the table of points has a column 'strategy'; leave strategies out, or the column")
    factors = tuple(name for name in names if not (with_strategy and name == "strategy"))
    points: list[DesignPoint] = []
    for number, row in enumerate(rows):
        place = f"point {number}"
        values = tuple(
            plain_value(f"{place}: {name}", row[name]) if name in row else None for name in factors
        )  # fmt: skip
        if with_strategy:
            if not isinstance(row.get("strategy"), str):
                raise ExperimentError(f"{place}: no strategy; known: {', '.join(model.strategies) or 'none'}")
            named = str(row["strategy"])
            points.append(DesignPoint(None if named == AS_WRITTEN and named not in model.strategies else named, values))
        else:
            points += [DesignPoint(way, values) for way in run_under]
    return Design("table", factors, tuple(points))


def _rows(given: Any) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings from names to values."""
    if isinstance(given, str | Path):
        return _csv_rows(home(Path(given)))
    if hasattr(given, "columns") and hasattr(given, "to_dict"):
        names = [str(name) for name in given.columns]
        if len(set(names)) != len(names):
            raise ExperimentError("two columns of the table of points have one name; rename one")
        return [dict(zip(names, row, strict=True)) for row in given.itertuples(index=False, name=None)]
    if isinstance(given, Sequence) and all(isinstance(row, Mapping) for row in given):
        return [{str(name): value for name, value in row.items()} for row in given]
    raise ExperimentError(f"{type(given).__name__} is no table of points; give a data frame, a list of mappings, or "
                          "the path of a CSV file")  # fmt: skip


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            table = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: {problem}; give a CSV file in UTF-8 whose first line names the factors") from error
    lines = [(number, [cell.strip() for cell in row]) for number, row in table if any(cell.strip() for cell in row)]
    if not lines:
        raise DataError(f"{path}: the file is empty; name the factors in its first line, one point in each further one")
    names = lines[0][1]
    if not all(names) or len(set(names)) != len(names):
        raise DataError(f"{path}:1: {', '.join(names)!r}: every column has a name of its own; name each factor once")
    for number, row in lines[1:]:
        if len(row) != len(names):
            raise DataError(f"{path}:{number}: {len(row)} cells under {len(names)} names; quote cells with commas")
        if not all(row):
            missing = names[row.index("")]
            raise DataError(f"{path}:{number}: no value of '{missing}'; every point has a value of every factor")
    return [dict(zip(names, map(number_or_text, row), strict=True)) for _, row in lines[1:]]
