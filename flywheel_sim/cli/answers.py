"""Commands that ask one question of a journey: frictions, momentum, abtest, referrals, ladder, forecast, effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.as_json import answer_json
from flywheel_sim.cli.options import (
    AsJson,
    Config,
    Horizon,
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

if TYPE_CHECKING:
    from flywheel_sim.scenario.load import Scenario

Strategy = Annotated[str | None, typer.Option("--strategy", help="A strategy of the file; else the file as written.")]
Of = Annotated[str, typer.Option(help="The metric that decides.")]
Window = Annotated[str, typer.Option(help="Over how many months momentum is averaged, such as '3 months'.")]


def frictions(
    config: Config,
    of: Of = "profit",
    window: Annotated[
        str | None, typer.Option(help="Momentum over the last months alone, such as '12 months'.")
    ] = None,
    strategy: Strategy = None,
    replications: Replications = 100,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
) -> None:
    """Remove each named friction in turn: which costs most, in money and in momentum."""
    from flywheel_sim.analysis.momentum.frictions import frictions as frictions_

    model = model_of(config, sets, horizon)
    folder_for(out)
    say(f"{model.name}: each friction removed in turn, {replications:,} replications")
    how = ways(workers, "kernel", None, None, None)
    found = frictions_(model, of, strategy=strategy, window=window, replications=replications, seed=seed, **how)
    _tell(found, model, out, as_json)


def momentum(
    config: Config,
    window: Window = "12 months",
    strategy: Strategy = None,
    replications: Replications = 200,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
) -> None:
    """Tell whether growth is faster than before: mass, speed, and what is lost where."""
    from flywheel_sim.analysis.momentum.momentum import momentum as momentum_
    from flywheel_sim.experiment.replicate import replicate

    model = model_of(config, sets, horizon)
    folder_for(out)
    say(f"{model.name}: momentum, {replications:,} replications")
    how = ways(workers, "kernel", None, None, None)
    found = momentum_(replicate(model, strategy, replications=replications, seed=seed, **how), window)
    _tell(found, model, out, as_json)


def abtest(
    config: Config,
    of: Annotated[str, typer.Option(help="The chance compared, such as conversion.visitor.trial.")] = "conversion",
    attribute: Annotated[str, typer.Option(help="The attribute that says who is in which arm.")] = "arm",
    arms: Annotated[str, typer.Option(metavar="A,B", help="Its two levels.")] = "a,b",
    roll_out: Annotated[str | None, typer.Option(help="The strategy with B for everybody after the test.")] = None,
    now: Annotated[str | None, typer.Option(help="The strategy with B for everybody at once, without a test.")] = None,
    strategy: Strategy = None,
    replications: Replications = 1000,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
) -> None:
    """Run an A/B test in many futures: its power, how it misleads, what waiting and rolling out are worth."""
    from flywheel_sim.analysis.ab_test.result import ab_test
    from flywheel_sim.errors import ExperimentError

    model = model_of(config, sets, horizon)
    folder_for(out)
    a, comma, b = (part.strip() for part in arms.partition(","))
    if not (a and comma and b) or "," in b:
        raise ExperimentError(f"--arms '{arms}': two levels are compared; write --arms a,b")
    say(f"{model.name}: the test in {replications:,} futures")
    found = ab_test(
        model, attribute, (a, b), of, strategy=strategy, roll_out=roll_out, now=now, replications=replications,
        seed=seed, **ways(workers, "kernel", None, None, None),
    )  # fmt: skip
    _tell(found, model, out, as_json)


def forecast(
    config: Config,
    strategy: Strategy = None,
    replications: Replications = 200,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
) -> None:
    """Forecast in two layers: what chance alone makes of the rates as stated, and what not knowing them adds."""
    from flywheel_sim.analysis.forecast.result import forecast as forecast_

    model = model_of(config, sets, horizon)
    folder_for(out)
    say(f"{model.name}: {replications:,} replications with the rates uncertain, and as many with them as stated")
    how = ways(workers, "kernel", None, None, None)
    _tell(forecast_(model, strategy, replications=replications, seed=seed, **how), model, out, as_json)


def referrals(
    config: Config,
    strategy: Strategy = None,
    replication: Annotated[int, typer.Option(min=0, help="Which run.")] = 0,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Tell who brought whom in one run, and draw the largest families."""
    from flywheel_sim.analysis.referrals.result import referral_tree

    model = model_of(config, sets, horizon)
    folder_for(out)
    _tell(referral_tree(model, strategy, replication=replication, seed=seed), model, out, as_json)


def ladder(
    config: Config,
    purchases: Annotated[list[str], typer.Option("--purchases", help="A line of money or an event; repeatable.")],
    window: Annotated[str, typer.Option(help="How long people are watched after their first purchase.")] = "52 weeks",
    strategy: Strategy = None,
    replications: Replications = 20,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Tell which share of customers buys a second, third, ... time."""
    from flywheel_sim.analysis.purchases.ladder import repeat_ladder

    model = model_of(config, sets, horizon)
    folder_for(out)
    say(f"{model.name}: purchases person by person, {replications:,} replications")
    found = repeat_ladder(model, purchases, window=window, strategy=strategy, replications=replications, seed=seed,
                          progress=True)  # fmt: skip
    _tell(found, model, out, as_json)


def effect(
    config: Config,
    over: Annotated[str, typer.Option(help="The named rate that changes.")] = "retention",
    change: Annotated[
        list[str] | None, typer.Option("--change", help="Such as '+5 points'; repeatable; both readings of +5 % else.")
    ] = None,
    upsell: Annotated[list[str] | None, typer.Option("--upsell", help="An event of upsell; repeatable.")] = None,
    strategies: Strategies = None,
    replications: Replications = 50,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
) -> None:
    """Tell what a change of a rate does: year by year and in all, gross and net, and through whom."""
    from flywheel_sim.analysis.sensitivity.effect import effect as effect_

    model = model_of(config, sets, horizon)
    folder_for(out)
    say(f"{model.name}: what a change of {over} does, {replications:,} replications of each run")
    how = ways(workers, "kernel", None, None, None)
    found = effect_(
        model, over, change, upsell=upsell, strategies=strategies, replications=replications, seed=seed, **how
    )
    _tell(found, model, out, as_json)


def _tell(result: Any, model: Scenario, out: Path | None, as_json: bool) -> None:
    """Print an answer, and write it with its report and data where asked for."""
    said, text = result.answer(), str(result)
    print(json.dumps(answer_json(result)) if as_json else text if said in text else f"{said}\n{text}")
    write_out(out, model, result.frame, result)
