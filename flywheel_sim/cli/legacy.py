# ruff: noqa: E501
"""What commands print and take until their format is one: kept apart, to be removed in one step."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flywheel_sim.cli.options import say, ways

_END = "seed horizon sets out as_json workers max_people max_events"
#: Which options each command takes, in which order, and the defaults that are not the verb's.
_TAKEN = {
    "run": "sets strategies replications precision at_most seed horizon out as_json workers engine max_people max_events max_memory",
    "compare": "other sets strategies replications precision at_most seed horizon out as_json workers engine max_people max_events max_memory over",
    "sensitivity": "of over sets strategies replications seed horizon out as_json workers engine max_people max_events max_memory",
    "capacity": f"resource people of leads times waiting plan target strategies replications {_END}",
    "frictions": "of window strategy replications seed horizon sets out as_json workers",
    "momentum": "window strategy replications seed horizon sets out as_json workers",
    "abtest": "of attribute arms roll_out now strategy replications seed horizon sets out as_json workers",
    "referrals": "strategy replication seed horizon sets out as_json",
    "ladder": "purchases window strategy replications seed horizon sets out as_json",
    "forecast": "strategy replications seed horizon sets out as_json workers",
    "effect": "over change upsell strategies replications seed horizon sets out as_json workers",
    "allocate": "budget horizon of risk place at_least at_most marginal strategies replications seed sets out as_json workers max_people max_events",
    "breakeven": f"over by of and_ between and_between points rematch strategies replications {_END}",
    "claims": f"strategies retention win_back replications {_END}",
    "sobol": f"of rates ranges step points morris trajectories tornado strategies replications store resume {_END}",
    "sweep": "vary design points n strategies replications metrics store resume executor workers seed horizon sets max_people max_events as_json",
}  # fmt: skip
_DEFAULTS: dict[str, dict[str, Any]] = {
    "sensitivity": {"replications": 100}, "capacity": {"replications": 50}, "breakeven": {"replications": 100},
    "momentum": {"window": "12 months", "replications": 200},
}  # fmt: skip
_HELP = {
    ("run", "replications"): "How many of each strategy; 200 unless given.",
    ("compare", "replications"): "How many of each strategy; 200 unless given.",
    ("sobol", "replications"): "Of each design point, the same at all.",
    ("sweep", "replications"): "How many replications of each design point.",
    ("sweep", "workers"): "Threads or processes; 0 takes all cores.",
}


def ordered(name: str, parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return the options of a command as it takes them."""
    held = {one.name: one for one in parameters}
    found = [held["config"], *(held[word] for word in _TAKEN[name].split())]
    for i, one in enumerate(found):
        default = _DEFAULTS.get(name, {}).get(one.name, one.default)
        kind = one.annotation
        if (name, one.name) in _HELP:
            import copy

            option = copy.copy(kind.__metadata__[0])
            option.help = _HELP[name, one.name]
            from typing import Annotated

            inner: Any = int | None if name in ("run", "compare") else int
            kind = Annotated[inner, option]
        found[i] = one.replace(default=default, annotation=kind)
    return found


def how(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return how to run, as the verbs take it."""
    found = ways(given.get("workers", 0), given.get("engine", "kernel"), given.get("max_people"),
                 given.get("max_events"), given.get("max_memory"))  # fmt: skip
    if name in ("sobol", "sweep"):
        del found["engine"]
    return found | {key: given[key] for key in ("seed", "replications") if key in given}


def as_text(name: str, found: dict[str, Any]) -> str:
    """Return what a command prints."""
    from flywheel_sim.cli import as_json as js

    results = list(found.values())
    first = results[0]
    if name == "run":
        return js.run_text(first)
    if name == "sensitivity":
        table = first.frame()[["strategy", "value", "mean", "low", "high", "unit"]].to_string(index=False)
        return f"{first}\n{table}"
    if name == "compare":
        return "\n".join(map(str, results))
    if name == "sweep":
        return f"{first}\n{js.sweep_table(first)}"
    if name in ("capacity", "breakeven"):
        return "\n\n".join(map(str, results))
    if name in ("claims", "sobol", "allocate"):
        return str(first)
    said, text = first.answer(), str(first)
    return text if said in text else f"{said}\n{text}"


def as_json(name: str, found: dict[str, Any]) -> Any:
    """Return what a command prints with --json."""
    from flywheel_sim.cli import as_json as js

    first = next(iter(found.values()))
    if name == "run":
        return js.run_json(first)
    if name == "compare":
        response = {"sensitivity": js.sensitivity_json(found["sensitivity"])} if len(found) > 1 else {}
        return js.comparison_json(first) | response
    if name == "sensitivity":
        return js.sensitivity_json(first)
    if name == "breakeven":
        return {key: js.breakeven_json(one) for key, one in found.items()}
    if name == "capacity":
        return {key: js.capacity_json(one) for key, one in found.items()}
    if name == "claims":
        return js.claims_json(first)
    if name == "allocate":
        return js.allocation_json(first)
    if name == "sobol":
        return js.sobol_json(first)
    if name == "sweep":
        return js.sweep_json(first)
    return js.answer_json(first)


def afterwards(name: str, found: dict[str, Any], own: dict[str, Any]) -> None:
    """Say what else there is to a sweep."""
    if name != "sweep":
        return
    one = found["sweep"]
    shown = 20
    for point, note in list(one.set_aside.items())[:shown]:
        say(f"design point {point} set aside: {note}")
    if len(one.set_aside) > shown:
        say(f"and {len(one.set_aside) - shown:,} more; all of them stand in the export")
    if own["store"] is not None:
        store = own["store"]
        say(f"kept in {store}; flywheel export {shlex.quote(str(store))} FILE.parquet writes it to a file")


def write(out: Path | None, model: Any, results: Sequence[Any]) -> None:
    """Write results into a folder, where one is given: a tidy table and the report."""
    if out is None:
        return
    from flywheel_sim.errors import DataError
    from flywheel_sim.report.html import write_report

    try:
        results[0].frame().to_csv(out / "results.csv", index=False)
    except OSError as error:
        raise DataError(f"{out}: {error.strerror or error}; choose a folder that can be written") from error
    say(f"report: {write_report(*results, to=out / 'report.html', model=model)}")
