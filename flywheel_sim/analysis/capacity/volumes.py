"""Channels that bring more or fewer people: which can, the scenario at another volume, and how many came."""

from __future__ import annotations

import numpy as np

from flywheel_sim.analysis.capacity.staff import require_staff
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey import calendar
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import looks_like_quantity, parse
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.said import RateText
from flywheel_sim.scenario.source.from_code import value_text
from flywheel_sim.scenario.source.tree import MOVED, Raw
from flywheel_sim.stats import FloatArray


def came_by(runs: Runs, channel: str) -> FloatArray:
    """Return how many people came by a channel in the months counted, shape (replications,)."""
    ledger = runs.books.ledger
    mine = ledger.layout.channel_of_group() == ledger.layout.channels.index(channel)
    arrived = ledger.flow[:, :, mine, ROLE_FLOWS.index("arrived")].sum(axis=2).astype(np.float64)
    return runs.books.over(arrived)


def at_volume(model: Scenario, strategy: str | None, channel: str, times: float) -> Scenario:
    """Return the scenario with a channel that brings so many times as many, or spends so many times as much."""
    if strategy and model.choices(strategy).matched == ("channel", channel):
        return model.at_spend(strategy, dict(model.solved)[strategy] * times)
    word, raw = model.channels(strategy)[channel].source
    if isinstance(raw, str) and raw in model.rates:
        number, named = reference_value(model, raw, strategy).number * times, model.rate(raw, strategy).raw
        return model.with_texts([(f"rates.{raw}", value_text(number, named))])
    if isinstance(raw, dict) and "file" in raw and MOVED not in raw:
        raw = _mean_of_plan(model.journey(strategy), channel, word)
    return model.with_texts([(f"channels.{channel}.{word}", _scaled(raw, times, word == "batch"))])


def _mean_of_plan(journey: Journey, channel: str, word: str) -> str:
    """Return what a plan in a file comes to on average while its channel is there, as the file would say it."""
    (planned,) = (one for one in journey.channels if one.name == channel)
    if planned.spend is None or word != "spend":
        raise ExperimentError(
            f"who comes by '{channel}' stands in a file, which has no figure that can be multiplied; "
            "write the rate out with by: {calendar: ...}, or more rows into the file"
        )
    return f"{calendar.monthly_spend(planned, journey.phase)!r} per month"


def _scaled(raw: Raw, times: float, whole: bool) -> Raw:
    """Return a figure, or a table of them, so many times as large."""
    if isinstance(raw, dict):
        if (reference := RateText(raw).figure) is not None:  # a bare value moves the whole table
            return _scaled(reference, times, whole)
        return {"by": {a: {k: _scaled(v, times, whole) for k, v in t.items()} for a, t in raw["by"].items()}}
    if not isinstance(raw, str) or not looks_like_quantity(raw):
        raise ExperimentError(f"{raw!r} is no figure that can be multiplied; give the rate of the channel a number")
    number = parse(raw).number * times
    return value_text(round(number) if whole else number, raw)


def channel_asked(journey: Journey, over: str | None) -> str:
    """Return the channel that was named, or the only one by which people come of themselves.

    Raises
    ------
    ExperimentError
        If there is no staff to take more; no channel of that name, or a strategy does without it, or nobody comes by it
        of itself; or there are several and none was named.
    """
    require_staff(journey)
    coming = _coming(journey)
    if over is None and len(coming) != 1:
        remedy = f"write over='{coming[0]}'" if coming else "give a channel a rate"
        raise ExperimentError(f"over was not given, and people come of themselves to '{journey.name}' by "
                              f"{', '.join(coming) or 'no channel'}; {remedy}")  # fmt: skip
    channel = coming[0] if over is None else over
    refuse_channel(journey, channel)
    return channel


def _coming(journey: Journey) -> list[str]:
    """Return the channels by which people come of themselves."""
    return [one.name for one in journey.channels if one.kind in ("rate", "batch") and not one.removed]


def refuse_channel(journey: Journey, channel: str) -> None:
    """Refuse a channel of which there cannot be more.

    Raises
    ------
    ExperimentError
        If there is none of that name, a strategy does without it, or nobody comes by it of itself.
    """
    known = {one.name: one for one in journey.channels}
    if channel not in known:
        raise ExperimentError(f"'{channel}' is no channel of '{journey.name}'; {nearest(channel, known)}")
    if known[channel].removed:
        raise ExperimentError(f"'{journey.strategy}' does without '{channel}'; take another strategy or channel")
    coming = _coming(journey)
    if channel not in coming:
        why = "is fed by referrals" if known[channel].kind == "referral" else "holds people there at the start"
        raise ExperimentError(
            f"'{channel}' {why}, so it has no volume of its own; take {' or '.join(coming) or 'none'}"
        )
