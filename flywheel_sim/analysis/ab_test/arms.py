"""The verb: an A/B test taken in many futures, and the courses a company may take after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.ab_test.outcome import counts, outcome_of, refuse_arms, true_shares
from flywheel_sim.analysis.ab_test.result import ABTest
from flywheel_sim.analysis.ab_test.textbook import lifts_of, significant
from flywheel_sim.analysis.ab_test.worth import (
    KEEP,
    NOW,
    ROLL_OUT,
    Course,
    alike,
    course_of,
    read_before,
    refuse_metric,
    worth_of,
)
from flywheel_sim.analysis.difference.ranking import Best
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import (
    COUNT,
    LEVEL,
    NAME,
    How,
    Model,
    Strategies,
    how_to_run,
    one_of,
    refuse_metrics,
    refuse_strategies,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.scenario.load import Scenario

#: What the command line and others wrote before, and what is written today.
_FORMER = {"attribute": "over='arm'", "arms": "values=('a', 'b')"}

_SHARES = takes.optional(takes.listed(LEVEL, "the shares of A and B, between 0 and 1", "(0.20, 0.22)", 2, 2))


@verb(_FORMER, over=takes.text("the name of an attribute", "'arm'"), metric=NAME, power=LEVEL, rates=_SHARES,
      values=takes.listed(NAME, "the names of two levels, A first", "('a', 'b')", 2, 2), replications=COUNT,
      roll_out=takes.optional(NAME), now=takes.optional(NAME), month=takes.optional(COUNT))  # fmt: skip
def ab_test(
    model: Model,
    of: str = "conversion",
    over: str = "arm",
    *,
    strategies: Strategies = None,
    values: Sequence[str] = ("a", "b"),
    best: Best = "highest",
    roll_out: str | None = None,
    now: str | None = None,
    metric: str = "profit",
    month: int | None = None,
    rates: Sequence[float] | None = None,
    level: float = 0.95,
    power: float = 0.8,
    replications: int = 1000,
    **how: Unpack[How],
) -> ABTest:
    """Run an A/B test in many futures, and tell how sure it is, how it misleads, and what it is worth.

    Those whose outcome is known when the test is read are compared; see ``docs/cases/landing_page.md``.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and the chance compared: ``conversion``, ``conversion.STAGE``,
        ``conversion.STAGE.TO``, ``through.FROM.TO`` or ``share.STAGE.EVENT.OUTCOME``.
    over, values
        The attribute that says who is in which arm, and its levels A and B.
    strategies
        The one in which the test is taken and A is kept; without one, the file as written.
    best
        Whether the ``highest`` or the ``lowest`` chance is best.
    roll_out, now, metric
        Strategies alike until the test is read and then with B for everybody, and with B for everybody at once; and
        the metric, a sum over months, in which they say what the test and the wait are worth.
    month
        At the end of which month the test is read: unless given, the last one before ``roll_out`` differs, or of all.
    rates, level, power
        Shares of A and B to take as true, unless given those of all futures; confidence of the two-sided test, and the
        power for which to say how many people it takes. All of them are fractions.
    replications, how
        Futures, two at least; and how to run: ``docs/asking.md``.

    Raises
    ------
    ExperimentError, ConfigError
        If there is no such strategy, attribute, level or outcome, or an arm stays empty.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> test = fs.ab_test("landing_page", "conversion.visitor.trial", strategies="keep_a", month=5, replications=9)
    >>> test.month, list(test.figures)[0]
    (5, "people known in 'a'")
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy, arms = one_of(scenario, strategies, "fs.ab_test"), (values[0], values[1])
    courses = {KEEP: strategy, **{course: name for course, name in ((ROLL_OUT, roll_out), (NOW, now)) if name}}
    _refuse(scenario, courses, of, over, arms, metric, month, replications)
    matched, _ = with_budgets(scenario, [*courses.values()], seed, options)
    by_arm = _by_arm(matched, strategy, over)
    kept = by_arm.journey(strategy)
    outcome = outcome_of(kept, of)
    plan: Plan[str] = Plan(kept.seed if seed is None else seed)
    for course, name in courses.items():
        plan.add(course, by_arm.journey(name))
    followed, runs = plan.run(replications, options, lambda one: course_of(one, metric), [KEEP])
    today = runs[KEEP]
    read_at = _month(followed, month, roll_out)
    known, wins, deciding = counts(today, outcome, over, arms)
    n, successes = known[:, read_at - 1], wins[:, read_at - 1]
    true = (rates[0], rates[1]) if rates else true_shares(
        successes.sum(axis=0), n.sum(axis=0), arms, f"'{of}' by the end of month {read_at}")  # fmt: skip
    worth = None
    if roll_out is not None:
        lifts = lifts_of(successes, n)
        better = lifts > 0 if best == "highest" else lifts < 0
        worth = worth_of(followed, today, metric, significant(successes, n, level), better, read_at)
    return ABTest(
        over, arms, of, today.label(of), best, level, power, read_at, true, rates is not None or not kept.uncertain,
        known, wins, deciding, worth, today,
    )  # fmt: skip


def _refuse(
    scenario: Scenario, courses: Mapping[str, str | None], of: str, over: str, arms: tuple[str, str], metric: str,
    month: int | None, replications: int,
) -> None:  # fmt: skip
    """Refuse what no test has, before anything is matched or run."""
    refuse_strategies(scenario, [name for name in courses.values() if name is not None])
    strategy = courses[KEEP]
    refuse_metrics(scenario, [strategy], (of, metric))
    refuse_arms(scenario.unmatched_journey(strategy), over, arms)
    kept = _by_arm(scenario, strategy, over).unmatched_journey(strategy)
    outcome_of(kept, of)
    refuse_metric(kept, metric)
    if month is not None and month > kept.months:
        raise ExperimentError(f"month is {month}: the test is read at the end of one of the months 1 to {kept.months}")
    if replications < 2:
        raise ExperimentError(
            f"{replications} replications: each is one test, and how tests come out takes many; write replications=1000"
        )
    if NOW in courses and ROLL_OUT not in courses:
        raise ExperimentError("now is held against a roll-out after the test; name a strategy for roll_out too")


def _by_arm(model: Scenario, strategy: str | None, over: str) -> Scenario:
    """Return the scenario with results by arm, spends as solved for."""
    reported = model.unmatched_journey(strategy).report_by
    return model if over in reported else model.with_texts([("report_by", [*reported, over])])


def _month(courses: Mapping[str, Course], month: int | None, roll_out: str | None) -> int:
    """Return at the end of which month the test is read."""
    periods = courses[KEEP].came.shape[1]
    if roll_out is not None:
        return read_before(alike(courses[KEEP].came, courses[ROLL_OUT].came), periods, month, roll_out)
    return periods if month is None else month
