"""Sections of the report about momentum: which friction costs most, and whether growth is faster than before."""

from __future__ import annotations

from flywheel_sim.analysis.momentum.charts.bars import frictions, momentum, wheel
from flywheel_sim.analysis.momentum.frictions import Frictions
from flywheel_sim.analysis.momentum.momentum import Momentum
from flywheel_sim.drawing.page import Section, Table, table_of_texts
from flywheel_sim.stats import between, figure

#: What these sections are made of.
Answer = Frictions | Momentum

#: Rows of the table of losses for customers, and for prospects; the rest is in the result's own.
MOST_LOSSES = 6

_MEANING = (
    "Mass is the number of customers, speed their growth in per cent, momentum the net customers gained per month, "
    "which is both together. A customer is lost on leaving the role, a prospect on going anywhere but on."
)


def sections(result: Answer) -> list[Section]:
    """Return the section of frictions, or of momentum."""
    return [_section(result)]


def _section(result: Answer) -> Section:
    """Return the section of an answer about momentum."""
    if isinstance(result, Frictions):
        note = result.note[0].upper() + result.note[1:]
        table = table_of_texts("Friction", result.table(), f"{note}.", words=2)
        return Section("Which friction costs most", (result.answer(),), (frictions(result),), (table,))
    now = table_of_texts("", result.table(), f"Means with the half-width of their 95 % interval, each averaged over "
                 f"{result.window} months; changes are paired.")  # fmt: skip
    title = f"Growing faster than before? {_named(result)}".strip()
    return Section(title, (result.answer(), _MEANING), (wheel(result), momentum(result)), (now, _losses(result)))


def _named(result: Momentum) -> str:
    strategy = result.runs.journey.strategy
    return f"({strategy.replace('_', ' ')})" if strategy else ""


def _losses(result: Momentum) -> Table:
    """Return the table of where people are lost, the most first within customers and prospects."""
    losses = result.losses()
    rows = [
        (row["stage"], row["phase"], row["outcome"], f"{row['role']}s", figure(row["mean"]),
         f"{between(row['low'], row['high'])}", figure(row["share"], "%"))
        for row in losses.groupby("role").head(MOST_LOSSES).to_dict("records")
    ]  # fmt: skip
    heads = ("Lost from", "phase", "by", "who", "people per month", "95 % interval", "% of them")
    rest = len(losses) - len(rows)
    note = f"In {result.spans[0]}." + (f" {rest} smaller losses are not shown." if rest > 0 else "")
    return Table(heads, rows, frozenset({4, 5, 6}), note)
