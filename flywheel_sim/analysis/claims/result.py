"""The claims checker: what the articles say in figures, held against one scenario, reading by reading."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.claims import cost_readings as sums
from flywheel_sim.analysis.claims import retention_readings as checks
from flywheel_sim.analysis.claims.book import BOOK, NO, NONE, YES, Claim, Reading, claim
from flywheel_sim.analysis.claims.facts import Facts, facts, refuse_claims
from flywheel_sim.analysis.claims.retention import USUAL, Curve, Retention
from flywheel_sim.analysis.claims.steady_state import Together, conflicts
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    scenario_of,
    strategies_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.wording import WIDTH

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the printed table: verdict, strategy, reading, found, claimed.
_WIDTHS = (14, 10, 22, 17, 15)


@dataclass(frozen=True)
class Claims(Result):
    """Every claim of the articles, with what it comes to in a scenario; frozen.

    Attributes
    ----------
    claims
        In the order of `flywheel_sim.analysis.claims.book.BOOK`.
    together
        Which claims cannot hold in one business, or only under what condition, with the computation.
    retention
        For each strategy what was moved as retention, or why nothing was.
    curves
        For each strategy that has one, figures along retention.
    base_runs
        The runs as written, by strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> checked = fs.claims("ad_campaign", replications=2)
    >>> checked["campaign"].words
    '400 spent, 2,000 earned, 1,600 gained by 1,000 people who see an ad'
    """

    claims: tuple[Claim, ...]
    together: tuple[Together, ...]
    retention: Mapping[str, Retention | str]
    curves: Mapping[str, Curve] = field(repr=False)
    base_runs: Mapping[str, Runs] = field(repr=False)

    def __getitem__(self, key: str) -> Claim:
        """Return a claim by its key.

        Raises
        ------
        ExperimentError
            If there is none, naming the nearest.
        """
        asked = next((one for one in self.claims if isinstance(key, str) and one.key == key), None)
        if asked is None:
            raise ExperimentError(f"'{key}' is no claim; {nearest(str(key), [one.key for one in self.claims])}")
        return asked

    @property
    def n(self) -> int:
        """Return the number of replications."""
        return next(iter(self.base_runs.values())).n

    def frame(self) -> pd.DataFrame:
        """Return one row per claim, strategy and reading.

        Columns: claim, words, where, strategy, reading, verdict, mean, low, high, n, unit, claimed_low, claimed_high,
        why, region.
        """
        import pandas as pd

        rows = []
        for one in self.claims:
            for reading in one.readings:
                figure = reading.found
                ends = (figure.mean, figure.low, figure.high, figure.n) if figure else (None, None, None, 0)
                rows.append((one.key, one.words, one.where, reading.strategy, reading.label, reading.verdict, *ends,
                             reading.unit, *reading.claimed, reading.why, reading.region))  # fmt: skip
        columns = ["claim", "words", "where", "strategy", "reading", "verdict", "mean", "low", "high", "n", "unit",
                   "claimed_low", "claimed_high", "why", "region"]  # fmt: skip
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"mean": float, "low": float, "high": float})

    def answer(self) -> str:
        """Return how many claims hold here, and which hinge on how they are read."""
        sorts: dict[str, list[str]] = {"all": [], "none": [], "some": [], "open": []}
        for one in self.claims:
            verdicts = {r.verdict for r in one.readings if r.strategy != sums.ARITHMETIC} - {NONE}
            if verdicts == {YES}:
                sorts["all"].append(one.key)
            elif verdicts == {NO}:
                sorts["none"].append(one.key)
            elif YES in verdicts:
                sorts["some"].append(one.key)
            elif verdicts:
                sorts["open"].append(one.key)
        applies = sum(map(len, sorts.values()))
        parts = [
            f"hold in every reading: {', '.join(sorts['all']) or 'none'}",
            f"in none: {', '.join(sorts['none']) or 'none'}",
            f"it depends on the reading: {', '.join(sorts['some']) or 'none'}",
        ]
        if sorts["open"]:
            parts.append(f"shown in no reading and not told apart in some: {', '.join(sorts['open'])}")
        never = sum(not one.possible for one in self.together)
        return (
            f"Of {len(self.claims)} claims {applies} can be asked of this scenario; {'; '.join(parts)}. "
            f"{never} sets of claims cannot hold in one business at all."
        )

    def table(self) -> pd.DataFrame:
        """Return the readings as texts: claim, strategy, reading, found, claimed, verdict, where it would hold."""
        import pandas as pd

        rows = [
            (one.words if not at else "", r.strategy, r.label, r.said, r.says, r.verdict, r.region or r.why)
            for one in self.claims for at, r in enumerate(one.readings)
        ]  # fmt: skip
        heads = ["claim", "strategy", "reading", "found", "claimed", "verdict", "where it would hold, or why not asked"]
        return pd.DataFrame(rows, columns=heads)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"± half-width of the 95 % interval of a mean over {self.n:,} replications; all on the same people"

    def details(self) -> dict[str, Any]:
        """Return which claims cannot hold together, with the sums that show it."""
        return {"together": [
            {"claims": one.keys, "possible": one.possible, "said": one.said, "computation": one.computation,
             "figures": one.figures} for one in self.together
        ]}  # fmt: skip

    def __str__(self) -> str:
        lines = [
            *textwrap.wrap(self.answer(), WIDTH),
            "",
            *_row(("verdict", "strategy", "reading", "found", "claimed")),
        ]
        for one in self.claims:
            lines += ["", f"{one.words} ({one.where})", *_wrapped(f"as: {one.terms}", 2)]
            for r in one.readings:
                lines += _row((r.verdict, r.strategy, r.label, r.said, r.says))
                note = "; ".join(part for part in (r.why, f"where it holds: {r.region}" if r.region else "") if part)
                lines += _wrapped(note, 6)
        lines += ["", "Together"]
        for both in self.together:
            lines += ["", *_wrapped(f"{' + '.join(both.keys)}: {both.said}", 2)]
            for step in both.computation:
                lines += _wrapped(step, 6)
        sources = [line for one in self.provenance for line in _wrapped(str(one), 0)]
        return "\n".join([*lines, "", self.note, *sources])

    def remarks(self) -> list[str]:
        """Return what cannot hold together, with the sums that show it."""
        return [f"{both.said} {' '.join(both.computation)}" for both in self.together]


@verb({"retention": "over='retention'"}, win_back=takes.optional(NAMES), replications=COUNT)
def claims(
    model: Model,
    over: str = USUAL,
    *,
    strategies: Strategies = None,
    win_back: str | Sequence[str] | None = None,
    replications: int = 50,
    **how: Unpack[How],
) -> Claims:
    """Hold every claim of the articles against a scenario, in every defensible reading.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    over
        The rate that says how customers stay. Unless a rate of that name is there, the chance with which a customer's
        event keeps them is taken, else how often they leave; where there is neither, claims on it do not apply.
    strategies
        One of them or several; without one, the file as written. A spend that is ``matched`` is solved for today and
        stays, as a budget decided on.
    win_back
        Durations people wait before they are asked back, one or several, by name; those of lapsed stages unless given.
    replications, how
        How often all is run, and how (``docs/asking.md``). Single people are watched in ten replications at most.

    Raises
    ------
    ConfigError
        If there is no such strategy or rate.
    ExperimentError
        If a rate named is no retention or no wait.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> checked = fs.claims("ad_campaign", replications=2)
    >>> checked["retention_5"].verdicts
    {'does not apply': 1}
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    names = (None,) if strategies is None else strategies_of(scenario, strategies)
    waits = None if win_back is None else names_of(win_back)
    for name in names:
        refuse_claims(scenario, name, over, waits)
    matched, _ = with_budgets(scenario, names, seed, options)
    asked = [facts(matched, name, replications, seed, options, over, waits) for name in names]
    by_claim: dict[str, list[Reading]] = {key: [] for key in BOOK}
    for key, readings in sums.arithmetic().items():
        by_claim[key] += readings
    for one in asked:
        for key, readings in _readings(one).items():
            by_claim[key] += readings
    return Claims(
        tuple(claim(key, readings) for key, readings in by_claim.items()),
        conflicts(),
        {one.strategy: one.retention for one in asked},
        {one.strategy: one.curve for one in asked if one.curve is not None},
        {one.strategy: one.runs for one in asked},
    )


def _readings(one: Facts) -> dict[str, list[Reading]]:
    """Return the readings of every claim in one strategy."""
    return {
        "reviews": checks.reviews(one),
        "retention_5": checks.grown(one, 0.05, (25.0, 95.0), tuple(checks.OF), ("revenue", "profit")),
        "existing_65": checks.existing(one),
        "keeping_5x": sums.keeping(one, (4.5, 5.5)),
        "keeping_5_to_10x": sums.keeping(one, (5.0, 10.0)),
        "loyal_16x": sums.loyal(one),
        "retention_2": checks.costs(one),
        "retention_1": checks.grown(one, 0.01, (7.5, 8.5), ("profit", "profit_year", "clv"), ("profit",)),
        "once_70": sums.once(one),
        "newsletter": sums.newsletter(one),
        "ltv": sums.ltv(one),
        "ltv_cac": sums.ltv_cac(one),
        "conversion": sums.conversion(one),
        "campaign": sums.campaign(one),
        "channels": sums.channels(one),
        "churn": checks.churn(one),
        "high_cac": sums.high_cac(one),
        "early_win_back": sums.early_win_back(one),
        "low_involvement": checks.low_involvement(one),
        "tenure": sums.tenure(one),
    }


def _row(cells: Sequence[str]) -> list[str]:
    """Return one row of the printed table, as many lines as its longest cell takes."""
    columns = [textwrap.wrap(cell, width - 1) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    rows = itertools.zip_longest(*columns, fillvalue="")
    return [
        "  " + "".join(f"{part:<{width}}" for part, width in zip(row, _WIDTHS, strict=True)).rstrip() for row in rows
    ]


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)
