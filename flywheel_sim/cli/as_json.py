"""Results as JSON takes them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.analysis.compare.result import Comparison
    from flywheel_sim.analysis.sensitivity.response import Sensitivity
    from flywheel_sim.experiment.precision import Stopping
    from flywheel_sim.stats import Estimate


def plain(value: float) -> float | str | None:
    """Return a figure for JSON, which knows neither NaN (null) nor infinity (a text)."""
    return value if math.isfinite(value) else None if math.isnan(value) else "infinite"


def numbers(found: Estimate) -> dict[str, Any]:
    """Return an estimate for JSON, which knows neither NaN (null) nor infinity (a text)."""
    ends = {"mean": plain(found.mean), "low": plain(found.low), "high": plain(found.high)}
    return {**ends, "level": found.level, "n": found.n, "unit": found.unit}


def stopping_json(stopping: Stopping | None) -> dict[str, Any]:
    """Return why replicating stopped, where a precision was asked for."""
    if stopping is None:
        return {}
    held = [
        {"what": one.what, "asked": str(one.target), "half_width": plain(one.half_width), "unit": one.found.unit,
         "n": one.found.n, "reached": one.met, "note": one.note} for one in stopping.held
    ]  # fmt: skip
    return {"stopping": {"reason": stopping.reason, "replications": stopping.replications,
                         "at_most": stopping.at_most, "looks": list(stopping.looks), "held": held}}  # fmt: skip


def comparison_json(duel: Comparison) -> dict[str, Any]:
    """Return a comparison: the last strategy against the first, and all in their order."""
    summary = duel.summary()
    shared = [str(n) for n in summary.index if not summary.loc[n, list(duel.names)].isna().any()]
    cross, order = duel.crossover("profit"), duel.ranking("profit")
    return {
        "answer": duel.answer(),
        "difference": {name: numbers(duel.difference(name)) for name in shared},
        "strategies": {s: {name: numbers(duel[s][name]) for name in shared} for s in duel.names},
        "crossover": {"month": cross.month, "low": cross.low, "high": cross.high,
                      "earliest": cross.earliest, "latest": cross.latest,
                      "date": cross.date.isoformat() if cross.date else None,
                      "probability_percent": numbers(cross.probability)},
        "ranking": {"metric": order.metric, "level": order.level, "order": list(order.names),
                    "leaders": list(order.leaders),
                    "gaps": [{"first": a, "second": b, **numbers(gap)} for (a, b), gap in order.gaps.items()]},
        "what_differs": [[d.what, d.one, d.other] for d in duel.what_differs()],
        "provenance": [vars(r.provenance) for r in duel.runs.values()],
        **stopping_json(duel.stopping),
    }  # fmt: skip


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for JSON."""
    return [
        {str(key): plain(v) if isinstance(v, float) else v for key, v in row.items()}
        for row in frame.to_dict("records")
    ]


def answer_json(result: Any) -> dict[str, Any]:
    """Return an answer in words, with its figures and where they come from."""
    runs = getattr(result, "base_runs", None)
    sources = [one.provenance for one in runs.values()] if runs else [result.provenance]
    return {"answer": result.answer(), "figures": rows_of(result.frame()), "provenance": vars(sources[0])}


def sensitivity_json(result: Sensitivity) -> dict[str, Any]:
    """Return a response with both readings of "+5 %"."""
    readings = {
        s: [{"reading": r.label, "value": None if math.isnan(r.value) else r.value, "note": r.note,
             "change": numbers(r.change) if r.change else None,
             "percent": numbers(r.relative) if r.relative else None} for r in found]
        for s, found in result.readings.items()
    }  # fmt: skip
    return {
        "metric": result.of, "rate": result.over, "rate_unit": result.rate_unit,
        "curve": json.loads(result.frame().to_json(orient="records")),
        "elasticity": {s: numbers(e) for s, e in result.elasticity.items()}, "readings": readings,
        "provenance": [vars(r.provenance) for r in result.base_runs.values()],
    }  # fmt: skip


def breakeven_json(result: Any) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, its figures, and where the lead changes."""
    from flywheel_sim.analysis.breakeven.result import BreakEven

    found: dict[str, Any] = {"answer": result.answer(), "figures": rows_of(result.frame())}
    if isinstance(result, BreakEven):
        found |= {"rate_unit": result.rate_unit, "today": dict(result.today), "today_gap": numbers(result.difference()),
                  "crossings": [{"value": one.value, "low": plain(one.low), "high": plain(one.high), "rises": one.rises}
                                for one in result.crossings],
                  "stretches": [vars(one) for one in result.stretches]}  # fmt: skip
        found |= {"months": rows_of(result.months_frame())} if result.today_gap.paths is not None else {}
    else:
        found |= {"rate_units": result.rate_units, "today": [plain(value) for value in result.today],
                  "today_gap": numbers(result.today_gap), "line": rows_of(result.line_frame())}  # fmt: skip
    return found | {"provenance": [vars(runs.provenance) for runs in result.base_runs.values()]}


def capacity_json(result: Any) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, its figures, and what decides."""
    from flywheel_sim.analysis.capacity.lead_volume import LeadVolume
    from flywheel_sim.analysis.capacity.result import Capacity
    from flywheel_sim.analysis.capacity.staff_plan import StaffPlan

    found = answer_json(result)
    if isinstance(result, Capacity):
        worth = {name: {n: numbers(e) for n, e in result.marginal(name).items()} for name in result.resources}
        found |= {"resources": result.resources, "best": result.best, "leaders": result.leaders, "one_more": worth}
    elif isinstance(result, LeadVolume):
        found |= {"turn": numbers(result.turn)}
    elif isinstance(result, StaffPlan):
        plans = {name: numbers(one) for name, one in result.profit.items()}
        found |= {"safety": result.safety, "yaml": result.yaml, "gain": numbers(result.gain), "profit": plans,
                  "gain_today": numbers(result.gain_today)}  # fmt: skip
    return found


def allocation_json(result: Any) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, and its figures."""
    from flywheel_sim.analysis.allocation.split import Allocation

    found = answer_json(result)
    if isinstance(result, Allocation):
        found |= {
            "best": result.best, "spend": result.spend, "value": numbers(result.estimate()),
            "against_today": numbers(result.difference("best", "today")),
            "against_even": numbers(result.difference("best", "even")),
            "certified": result.certificate.holds, "runs": result.took,
        }  # fmt: skip
    return found


def sobol_json(result: Any) -> dict[str, Any]:
    """Return a result as JSON has it: in words, its figures, and the ranges."""
    from flywheel_sim.analysis.uncertainty.tornado import Tornado

    tried = [bar.range for bar in result.bars] if isinstance(result, Tornado) else list(result.ranges.values())
    ranges = {
        one.name: {"low": one.text(one.low), "today": one.text(one.today), "high": one.text(one.high),
                   "source": one.source} for one in tried
    }  # fmt: skip
    more = {} if isinstance(result, Tornado) else {"answers": {name: result.answer(name) for name in result.of}}
    return answer_json(result) | {"subject": result.subject, "ranges": ranges} | more


def sweep_json(found: Any) -> dict[str, Any]:
    """Return a sweep as JSON has it."""
    points = []
    for point, strategy in enumerate(found.strategies):
        figures = {}
        for name in found.metrics:
            held = found.estimate(point, name)
            ends = {"mean": plain(held.mean), "low": plain(held.low), "high": plain(held.high)}
            figures[name] = {**ends, "level": held.level, "n": held.n, "unit": held.unit}
        points.append({
            "point": point, "factors": dict(zip(found.factors, found.stated[point], strict=True)),
            "strategy": strategy, "metrics": figures, "note": found.notes[point],
        })  # fmt: skip
    return {
        "scenario": found.scenario, "design": found.design, "factors": list(found.factors), "seed": found.seed,
        "replications": found.n, "version": found.version, "n_events": found.n_events, "points": points,
    }  # fmt: skip


def sweep_table(found: Any) -> str:
    """Return the outcomes as a short table: means with the half-width of their intervals, and the units below."""
    from flywheel_sim.stats import plus_minus

    table = found.points.head(20).copy()
    for name in found.metrics:
        table[name] = [plus_minus(found.estimate(point, name)) for point in range(len(table))]
    lines = [table.to_string()]
    if len(found.notes) > 20:
        lines.append(f"... and {len(found.notes) - 20:,} design points more")
    units = ", ".join(f"{name} in {unit}" for name, unit in found.units.items())
    lines.append(f"mean ± half-width of its 95 % interval, n = {found.n:,}; {units}")
    return "\n".join(lines)


def claims_json(found: Any) -> dict[str, Any]:
    """Return the claims as JSON has them."""
    both = [{"claims": one.keys, "possible": one.possible, "said": one.said, "computation": one.computation,
             "figures": dict(one.figures)} for one in found.together]  # fmt: skip
    return {"answer": found.answer(), "readings": rows_of(found.frame()), "together": both,
            "provenance": [vars(runs.provenance) for runs in found.base_runs.values()]}  # fmt: skip


def run_json(runs: Any) -> dict[str, Any]:
    """Return replications as JSON has them."""
    figures = {str(name): numbers(runs[str(name)]) for name in runs.summary().index}
    return {"provenance": vars(runs.provenance), "metrics": figures, "warnings": runs.warnings(),
            **stopping_json(runs.stopping)}  # fmt: skip


def run_text(runs: Any) -> str:
    """Return replications as the command prints them."""
    summary = runs.summary()
    lines = [str(runs.provenance)]
    width = max(len(str(label)) for label in summary["label"])
    lines += [f"  {summary.loc[name, 'label']!s:<{width}}  {runs[str(name)]}" for name in summary.index]
    lines += [f"  {runs.stopping}"] if runs.stopping else []
    return "\n".join(lines + [f"  warning: {text}" for text in runs.warnings()])
