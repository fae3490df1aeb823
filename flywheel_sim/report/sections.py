"""Which result makes which section of the report, beyond comparisons and replications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flywheel_sim.analysis.ab_test.result import ABTest
from flywheel_sim.analysis.allocation.judgement import Judgement
from flywheel_sim.analysis.claims.result import Claims
from flywheel_sim.analysis.forecast.result import Forecast
from flywheel_sim.analysis.purchases.ladder import RepeatLadder
from flywheel_sim.analysis.referrals.result import ReferralTree
from flywheel_sim.analysis.sensitivity.effect import Effect
from flywheel_sim.errors import ExperimentError
from flywheel_sim.report import (
    sections_ab,
    sections_allocation,
    sections_breakeven,
    sections_capacity,
    sections_claims,
    sections_global,
    sections_momentum,
    sections_sensitivity,
)
from flywheel_sim.report.charts_forecast import forecast
from flywheel_sim.report.charts_judgement import judgement
from flywheel_sim.report.charts_ladder import ladder
from flywheel_sim.report.charts_referrals import family_sizes, referral_tree
from flywheel_sim.report.page import Section, Table

#: Answers that make a section each.
Answer = (
    sections_allocation.Answer
    | sections_breakeven.Answer
    | sections_capacity.Answer
    | sections_global.Answer
    | sections_momentum.Answer
    | ABTest
    | Claims
    | Effect
    | Forecast
    | Judgement
    | RepeatLadder
    | ReferralTree
)


def answered(result: Answer) -> Section:
    """Return the section of an answer.

    Raises
    ------
    ExperimentError
        If it is nothing a report can hold.
    """
    for kinds, made in _MADE:
        if isinstance(result, kinds):
            return made(result)
    raise ExperimentError(f"a report holds no {type(result).__name__}; give it what fs.compare and the like return")


def _forecast(result: Forecast) -> Section:
    charts = (forecast(result, "profit"), forecast(result, "revenue"))
    return Section("What is not known", (result.answer("profit"), result.answer("revenue")), charts)


def _judgement(result: Judgement) -> Section:
    text = f"To write under the lever: {result.moves('RATE')}"
    return Section("A judged response curve", (result.answer(), text), (judgement(result),))


def _ladder(result: RepeatLadder) -> Section:
    return Section("Who buys again", (result.answer(),), (ladder(result),))


def _tree(result: ReferralTree) -> Section:
    table = result.biggest(5).drop(columns="root")
    rows = [
        tuple(f"{v:,.1f}" if isinstance(v, float) else str(v) for v in row) for row in table.itertuples(index=False)
    ]
    heads = tuple(str(column).replace("_", " ") for column in table.columns)
    note = "The biggest families of one run, which have no interval. Times are months from the start."
    shown = Table(heads, rows, frozenset(range(1, len(heads))), note)
    return Section("Who brought whom", (result.answer(),), (referral_tree(result), family_sizes(result)), (shown,))


_MADE: tuple[tuple[Any, Callable[[Any], Section]], ...] = (
    (sections_capacity.Answer, sections_capacity.answered),
    (sections_momentum.Answer, sections_momentum.answered),
    (ABTest, sections_ab.answered),
    (Claims, sections_claims.claimed),
    (Effect, sections_sensitivity.effective),
    (sections_allocation.Answer, sections_allocation.allocated),
    (sections_breakeven.Answer, sections_breakeven.answered),
    (sections_global.Answer, sections_global.answered),
    (Forecast, _forecast),
    (Judgement, _judgement),
    (RepeatLadder, _ladder),
    (ReferralTree, _tree),
)
