"""Sections of the report about a budget: where the next euro goes, and the best split."""

from __future__ import annotations

from flywheel_sim.analysis.allocation.by_horizon import AllocationByHorizon
from flywheel_sim.analysis.allocation.charts import allocation, allocation_by_horizon, judgement, marginal, named
from flywheel_sim.analysis.allocation.judgement import Judgement
from flywheel_sim.analysis.allocation.marginal import Marginal
from flywheel_sim.analysis.allocation.split import Allocation
from flywheel_sim.drawing.page import Section, Table

#: What these sections are made of.
Answer = Marginal | Allocation | AllocationByHorizon


def sections(result: Answer | Judgement) -> list[Section]:
    """Return the section of an answer about a budget, or of a judged curve."""
    return [_judged(result) if isinstance(result, Judgement) else _allocated(result)]


def _allocated(result: Answer) -> Section:
    """Return the section of an answer about a budget."""
    table = result.table()
    heads = ("Place", *(str(column) for column in table.columns))
    rows = [(named(str(at)), *row) for at, row in zip(table.index, table.astype(str).to_numpy().tolist(), strict=True)]
    numbers = frozenset(range(1, len(heads)))
    if isinstance(result, Marginal):
        note = "Value of one more euro spent at the place, with half the width of its joint 95 % interval, by horizon."
        texts = (result.answer(), *(f"{text}." for text in result.remarks()))
        return Section("Where the next euro goes", texts, (marginal(result),), (Table(heads, rows, numbers, note),))
    if isinstance(result, Allocation):
        note = "Money per month. One more euro: what it adds at the best split, with its joint 95 % interval."
        paste = f"To paste into a strategy: {result.spend}"
        return Section(
            "The best split of the budget", (result.answer(), paste), (allocation(result),),
            (Table(heads, rows, numbers, note),),
        )  # fmt: skip
    note = "Money per month in the best split, and its share of the budget."
    return Section(
        "The best split by horizon", (result.answer(),), (allocation_by_horizon(result),),
        (Table(heads, rows, numbers, note),),
    )  # fmt: skip


def _judged(result: Judgement) -> Section:
    """Return the section of a response curve settled by judgements."""
    text = f"To write under the lever: {result.moves('RATE')}"
    return Section("A judged response curve", (result.answer(), text), (judgement(result),))
