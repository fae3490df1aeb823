"""Sections of the report about many rates at once: the tornado, Sobol' indices, elementary effects."""

from __future__ import annotations

from flywheel_sim.analysis.uncertainty.charts import morris, sobol, tornado
from flywheel_sim.analysis.uncertainty.morris import Morris
from flywheel_sim.analysis.uncertainty.sobol import Sobol
from flywheel_sim.analysis.uncertainty.tornado import Tornado
from flywheel_sim.drawing.page import Section, Table

#: What these sections are made of.
Answer = Tornado | Sobol | Morris


def sections(result: Answer) -> list[Section]:
    """Return the section of an answer about many rates."""
    return [_section(result)]


def _section(result: Answer) -> Section:
    """Return the section of an answer about many rates at once."""
    if isinstance(result, Tornado):
        table = _shown(result.table(), f"{result.note}.", {1, 2, 3, 5, 6})
        return Section(f"One rate after the other ({result.subject})", (result.answer(),), (tornado(result),), (table,))
    texts = tuple(result.answer(name) for name in result.of)
    if isinstance(result, Sobol):
        tables = [_shown(result.table(name), _of(result, name), {1, 2, 3, 5, 6}) for name in result.of]
        charts = [sobol(result, name) for name in result.of]
        return Section(f"All rates at once ({result.subject})", texts, charts, tables)
    tables = [_shown(result.table(name), f"{_of(result, name)} In {result.units[name]}.", {1, 2, 4, 5, 6, 7})
              for name in result.of]  # fmt: skip
    charts = [morris(result, name) for name in result.of]
    return Section(f"A first look at all rates ({result.subject})", texts, charts, tables)


def _of(result: Sobol | Morris, metric: str) -> str:
    return f"{result.labels[metric]}. {result.note}."


def _shown(frame: object, note: str, numbers: set[int]) -> Table:
    """Return a table of texts with its rates in the first column."""
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    rows = [(str(rate), *map(str, row)) for rate, row in zip(frame.index, frame.to_numpy().tolist(), strict=True)]
    return Table(("Rate", *map(str, frame.columns)), rows, frozenset(numbers), note)
