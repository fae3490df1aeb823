"""The section of the report about an A/B test."""

from __future__ import annotations

from flywheel_sim.analysis.ab_test.charts import ab_lifts, ab_peeking, ab_power, ab_worth
from flywheel_sim.analysis.ab_test.result import ABTest
from flywheel_sim.analysis.ab_test.worth import KEEP, Worth
from flywheel_sim.drawing.page import Section, Table
from flywheel_sim.stats import plus_minus, with_unit


def sections(result: ABTest) -> list[Section]:
    """Return the section of an A/B test: the answer, what would have been seen, power and worth."""
    figures = [(name, plus_minus(estimate), estimate.unit) for name, estimate in result.figures.items()]
    note = (
        "Means and ratios with the half-width of their 95 % interval, shares of futures with that of Wilson's; "
        "differences are paired."
    )
    tables = [Table(("", "", "unit"), figures, frozenset({1}), note)]
    charts = [ab_lifts(result)]
    if len(result.looks()) > 1:
        charts += [ab_power(result) if result.differs else ab_peeking(result)]
    if result.worth is not None:
        charts.append(ab_worth(result))
        tables.append(_ruled(result.worth))
    a, b = result.arms
    return [Section(f"Testing '{b}' against '{a}'", (result.answer(),), tuple(charts), tuple(tables))]


def _ruled(worth: Worth) -> Table:
    """Return what every course and rule brings, the best first."""
    rows = []
    for name, mean in zip(worth.rules.names, worth.rules.means, strict=True):
        gap = "" if name == KEEP else plus_minus(worth.rules.gap(name, KEEP), signed=True)
        rows.append((name, with_unit(mean.mean, mean.unit), gap))
    note = f"The right column has the half-width of joint 95 % intervals of all differences, n = {worth.rules.n:,}."
    return Table(("What to do", worth.label, "against keeping A"), rows, frozenset({1, 2}), note)
