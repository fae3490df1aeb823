"""Results as JSON takes them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.cli.options import plain

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.analysis.compare.result import Comparison
    from flywheel_sim.analysis.sensitivity.response import Sensitivity
    from flywheel_sim.experiment.precision import Stopping
    from flywheel_sim.stats import Estimate


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
