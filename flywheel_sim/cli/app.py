"""The commands. Results go to standard output, progress and messages to standard error.

Exit status: 0 done, 2 what was written is wrong, 3 a run met its limits, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.allocate import allocate
from flywheel_sim.cli.answers import abtest, effect, forecast, frictions, ladder, momentum, referrals
from flywheel_sim.cli.as_json import comparison_json, numbers, sensitivity_json, stopping_json
from flywheel_sim.cli.breakeven import breakeven
from flywheel_sim.cli.capacity import capacity
from flywheel_sim.cli.claims import claims
from flywheel_sim.cli.options import (
    AsJson,
    Config,
    Horizon,
    MaxEvents,
    MaxPeople,
    Out,
    Replications,
    Seed,
    Sets,
    Strategies,
    Workers,
    folder_for,
    model_of,
    say,
    ways,
    write_out,
)
from flywheel_sim.cli.sobol import sobol
from flywheel_sim.cli.sweep import export, sweep
from flywheel_sim.errors import FlywheelError, LimitReached, SimulationError

if TYPE_CHECKING:
    from flywheel_sim.analysis.sensitivity.response import Sensitivity
    from flywheel_sim.scenario.load import Scenario

app = typer.Typer(
    name="flywheel",
    help="Simulate customers moving round the marketing flywheel: what to expect, how sure, and which strategy.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Count = Annotated[
    int | None, typer.Option("--replications", min=1, help="How many of each strategy; 200 unless given.")
]
Precisions = Annotated[
    list[str] | None,
    typer.Option("--precision", metavar="METRIC=SIZE", help="Until this precise, such as profit=1%; repeatable."),
]
AtMost = Annotated[int | None, typer.Option(help="With --precision: replications at the latest; 10,000 unless given.")]
Engine = Annotated[str, typer.Option(help="kernel (compiled) or reference (SimPy); both give the same figures.")]
MaxMemory = Annotated[float | None, typer.Option(help="GiB that all ledgers together may take.")]


def main() -> None:
    """Run the command and turn errors into messages and exit codes."""
    try:
        status = app(standalone_mode=False)
        if status == 130:
            raise KeyboardInterrupt
        if status:
            sys.exit(status)
    except SimulationError as error:
        _fail(str(error), 3)
    except FlywheelError as error:
        _fail(str(error), 2)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if type(error).__name__ == "Abort":
            _fail("stopped", 130)
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            message = error.format_message()
            helped = type(error).__name__ == "NoArgsIsHelpError"
            _fail(message if helped else f"{message.rstrip('.')}; see flywheel --help", 2)
        raise


def _fail(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)


def _often(replications: int | None, precision: list[str] | None, at_most: int | None) -> tuple[dict[str, Any], str]:
    """Return how often to run as the verbs take it, and in words."""
    from flywheel_sim.errors import ExperimentError

    if not precision:
        count = replications if replications is not None or at_most is not None else 200
        return {"replications": count, "at_most": at_most}, f"{count:,} replications" if count else "replications"
    asked: dict[str, str] = {}
    for item in precision:
        name, equals, size = (part.strip() for part in item.partition("="))
        if not (equals and name and size) or name in asked:
            rule = "is said twice" if name in asked else "is not METRIC=SIZE"
            raise ExperimentError(f"--precision '{item}': {rule}; write --precision 'profit=1%' once for each metric")
        asked[name] = size
    words = f"replications until {', '.join(f'{name} is known to {size}' for name, size in asked.items())}"
    return {"replications": replications, "precision": asked, "at_most": at_most}, words


def _kept(call: Callable[[], Any]) -> tuple[Any, str]:
    """Return what a call gives; where it met a limit, what was complete before, and what it said."""
    try:
        return call(), ""
    except LimitReached as stop:
        if not stop.complete:
            raise
        return stop.complete, str(stop)


def _stopped(said: str, n: int) -> None:
    """End with the status of a run that met its limits, once what was complete is printed and written."""
    if said:
        raise SimulationError(f"{said}\nwhat is printed and written rests on the {n:,} replications done before")


@app.command()
def validate(config: Config, sets: Sets = None, horizon: Horizon = None, as_json: AsJson = False) -> None:
    """Check a journey with all its strategies, and say what is in it."""
    from flywheel_sim.scenario.describe import assumptions

    model = model_of(config, sets, horizon)
    journey = model.journey()
    unexplained = [a.name for a in assumptions(model) if not a.why]
    if as_json:
        print(json.dumps({"name": model.name, "fingerprint": journey.fingerprint, "strategies": list(model.strategies),
                          "stages": [s.name for s in journey.stages], "channels": [c.name for c in journey.channels],
                          "rates": list(model.rates), "rates_without_why": unexplained}))  # fmt: skip
        return
    print(f"{model.origin}: '{model.name}' can run")
    print(f"  stages      {', '.join(s.name for s in journey.stages)}")
    print(f"  channels    {', '.join(c.name for c in journey.channels)}")
    print(f"  strategies  {', '.join(model.strategies) or 'none: the file as written'}")
    for name in model.matched:
        print(f"  note: '{name}' is matched: one of its spends is solved for when it runs")
    if unexplained:
        print(f"  note: no 'why' given for {', '.join(unexplained)}")


@app.command()
def run(
    config: Config,
    sets: Sets = None,
    strategy: Strategies = None,
    replications: Count = None,
    precision: Precisions = None,
    at_most: AtMost = None,
    seed: Seed = None,
    horizon: Horizon = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    engine: Engine = "kernel",
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
    max_memory: MaxMemory = None,
) -> None:
    """Replicate one strategy and print its figures."""
    from flywheel_sim.errors import ExperimentError
    from flywheel_sim.experiment.replicate import replicate

    model = model_of(config, sets, horizon)
    folder_for(out)
    if strategy and len(strategy) > 1:
        raise ExperimentError("run takes one --strategy; use compare for several")
    often, words = _often(replications, precision, at_most)
    say(f"{model.name}: {words}")
    how = ways(workers, engine, max_people, max_events, max_memory)
    name = strategy[0] if strategy else None
    runs, said = _kept(lambda: replicate(model, name, seed=seed, **often, **how))
    summary = runs.summary()
    if as_json:
        figures = {str(name): numbers(runs[str(name)]) for name in summary.index}
        print(json.dumps({"provenance": vars(runs.provenance), "metrics": figures, "warnings": runs.warnings(),
                          **stopping_json(runs.stopping)}))  # fmt: skip
    else:
        print(runs.provenance)
        width = max(len(str(label)) for label in summary["label"])
        for name in summary.index:
            print(f"  {summary.loc[name, 'label']!s:<{width}}  {runs[str(name)]}")
        if runs.stopping:
            print(f"  {runs.stopping}")
        for text in runs.warnings():
            print(f"  warning: {text}")
    write_out(out, model, runs.frame, runs)
    _stopped(said, runs.n)


@app.command()
def compare(
    config: Config,
    other: Annotated[
        str | None, typer.Argument(help="A second journey to compare with; else strategies of the first.")
    ] = None,
    sets: Sets = None,
    strategy: Strategies = None,
    replications: Count = None,
    precision: Precisions = None,
    at_most: AtMost = None,
    seed: Seed = None,
    horizon: Horizon = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    engine: Engine = "kernel",
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
    max_memory: MaxMemory = None,
    over: Annotated[
        str | None,
        typer.Option("--over", help="Also the response of profit to this rate, on a third of the replications."),
    ] = None,
) -> None:
    """Compare strategies on the same people with the same luck."""
    from flywheel_sim.analysis.compare.result import compare as compare_

    model = model_of(config, sets, horizon)
    second = model_of(other, sets, horizon) if other else None
    folder_for(out)
    if over:
        from flywheel_sim.scenario.describe import reference_value

        reference_value(model, over)  # a wrong name is said before anything runs
    often, words = _often(replications, precision, at_most)
    say(f"{model.name}: comparing strategies, {words} each")
    how = ways(workers, engine, max_people, max_events, max_memory)
    duel, said = _kept(lambda: compare_(model, second, strategies=strategy, seed=seed, **often, **how))
    found: list[Any] = [duel]
    if over and not said:
        model = next(iter(duel.models.values()))[0]  # with its matched spends solved for
        found.append(_sensitivity(model, "profit", over, strategy, max(2, duel[duel.names[0]].n // 3), seed, how))
    if as_json:
        response = {"sensitivity": sensitivity_json(found[1])} if len(found) > 1 else {}
        print(json.dumps(comparison_json(duel) | response))
    else:
        print(duel)
        for each in found[1:]:
            print(each)
    write_out(out, None, duel.frame, *found)
    _stopped(said, next(iter(duel.runs.values())).n)


@app.command()
def sensitivity(
    config: Config,
    of: Annotated[str, typer.Option(help="The metric that responds.")] = "profit",
    over: Annotated[str, typer.Option(help="The named rate that moves.")] = "retention",
    sets: Sets = None,
    strategy: Strategies = None,
    replications: Replications = 100,
    seed: Seed = None,
    horizon: Horizon = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    engine: Engine = "kernel",
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
    max_memory: MaxMemory = None,
) -> None:
    """Show how much a metric depends on a rate: curve, elasticity, both readings of "+5 %"."""
    model = model_of(config, sets, horizon)
    folder_for(out)
    how = ways(workers, engine, max_people, max_events, max_memory)
    result = _sensitivity(model, of, over, strategy, replications, seed, how)
    if as_json:
        print(json.dumps(sensitivity_json(result)))
    else:
        print(result)
        print(result.frame()[["strategy", "value", "mean", "low", "high", "unit"]].to_string(index=False))
    write_out(out, model, result.frame, result)


def _sensitivity(
    model: Scenario,
    of: str,
    over: str,
    strategy: list[str] | None,
    replications: int,
    seed: int | None,
    how: dict[str, Any],
) -> Sensitivity:
    from flywheel_sim.analysis.sensitivity.response import sensitivity as sensitivity_

    say(f"{model.name}: {of} over {over}, {replications:,} replications at each value")
    return sensitivity_(model, of, over, strategies=strategy, replications=replications, seed=seed, **how)


app.command()(capacity)
for answer in (frictions, momentum, abtest, referrals, ladder, forecast, effect):
    app.command()(answer)
app.command()(allocate)
app.command()(breakeven)
app.command()(claims)
app.command()(sobol)
app.command()(sweep)
app.command()(export)
