"""What a scenario says, for people: figures as texts, assumptions with their reasons, differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flywheel_sim.errors import ConfigError, Problem, nearest
from flywheel_sim.journey.units import Quantity, looks_like_quantity, parse
from flywheel_sim.scenario.model import Scenario
from flywheel_sim.scenario.overview import as_text
from flywheel_sim.scenario.said import RateText
from flywheel_sim.scenario.source.tree import MOVED, Raw
from flywheel_sim.texts import reason

#: What one item of a section is called.
_ONE_OF = {"channels": "channel", "levers": "lever", "costs": "overhead", "resources": "resource"}


@dataclass(frozen=True, slots=True)
class Assumption:
    """A named rate as a strategy has it: its value as text and the reason given."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two journeys differ; a side that lacks it says "none"."""

    what: str
    one: str
    other: str


def reference_value(model: Scenario, rate: str, strategy: str | None = None) -> Quantity:
    """Return the reference value of a named rate in the unit it is stated in.

    Raises
    ------
    ConfigError
        If there is no such rate, or it has no single reference value.
    """
    table = model.raw(strategy).get("rates") or {}
    if rate not in table:
        raise ConfigError([Problem(model.origin, 0, 0, "rates", rate, "no rate of that name", nearest(rate, table))])
    raw: Any = table[rate]
    if isinstance(raw, dict) and MOVED in raw and isinstance(raw.get("value"), str):
        old, new = parse(raw["value"]), parse(raw[MOVED])
        if new.per_ms is None and old.per_ms is not None:
            return Quantity(new.number, old.form, old.per_ms, old.reading, old.per_what, new.text)
    try:
        return parse(RateText(raw).figure)
    except (ValueError, TypeError, AttributeError):
        rule = "the rate has no single reference value of its own"
        raise ConfigError([Problem(model.origin, 0, 0, f"rates.{rate}", as_text(raw), rule,
                                   "give it a 'value'")]) from None  # fmt: skip


def assumptions(model: Scenario, strategy: str | None = None) -> list[Assumption]:
    """Return every named rate of a strategy with its value and why."""
    table = model.raw(strategy).get("rates") or {}
    return [Assumption(name, as_text(raw), reason(RateText(raw).why)) for name, raw in table.items()]


def inline_figures(model: Scenario, strategy: str | None = None) -> list[tuple[str, str]]:
    """Return every figure that stands outside ``rates`` without a name, with its place."""
    raw = model.raw(strategy)
    figures: list[tuple[str, str]] = [("market", raw["market"])] if "market" in raw else []

    def walk(held: Raw, path: tuple[str, ...]) -> None:
        if isinstance(held, dict):
            for key, value in held.items():
                walk(value, (*path, key))
        elif isinstance(held, list):
            for value in held:
                walk(value, path)
        elif isinstance(held, str) and looks_like_quantity(held):
            figures.append((": ".join(path), held))

    for section in ("attributes", "channels", "resources", "journey", "while", "levers", "costs"):
        for name, held in (raw.get(section) or {}).items():
            walk(held, (name,))
    return figures


def differences(one: tuple[Scenario, str | None], other: tuple[Scenario, str | None]) -> list[Difference]:
    """Return every place where two journeys differ, in the order of the file."""
    (model_a, strategy_a), (model_b, strategy_b) = one, other
    changes = list(_walk(_bearing(model_a.raw(strategy_a)), _bearing(model_b.raw(strategy_b)), ""))
    gone_a, gone_b = model_a.choices(strategy_a), model_b.choices(strategy_b)
    for kind, a, b in (("event", gone_a.events, gone_b.events), ("channel", gone_a.channels, gone_b.channels),
                       ("lever", gone_a.levers, gone_b.levers)):  # fmt: skip
        for name in sorted(a ^ b):
            there = ("left out", "as in the file") if name in a else ("as in the file", "left out")
            changes.append(Difference(f"{kind} {name.replace('/', ': ')}", *there))
    for name in sorted({*gone_a.spends, *gone_b.spends} - gone_a.levers - gone_b.levers):
        one_, other_ = gone_a.spends.get(name), gone_b.spends.get(name)
        there = (one_.text if one_ else "as in the file", other_.text if other_ else "as in the file")
        if there[0] != there[1]:
            changes.append(Difference(f"lever {name}: spend", *there))
    return changes


def _bearing(raw: dict[str, Raw]) -> dict[str, Raw]:
    return {k: v for k, v in raw.items() if k not in ("strategies", "reference", "name", "seed")}


def _walk(a: Raw, b: Raw, path: str) -> Iterator[Difference]:
    if a == b:
        return
    parts = path.split(".")
    if isinstance(a, dict) and isinstance(b, dict) and len(parts) < 3 and parts[0] != "rates":
        for key in dict.fromkeys([*a, *b]):
            yield from _walk(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    elif isinstance(a, dict) and isinstance(b, dict) and path == "rates":
        for key in dict.fromkeys([*a, *b]):
            if a.get(key) != b.get(key):
                yield Difference(f"rate {key}", as_text(a.get(key)), as_text(b.get(key)))
    else:
        section, _, place = path.partition(".")
        what = _ONE_OF.get(section, section)
        yield Difference(f"{what}: {place}".replace(".", ": ") if place else what, as_text(a), as_text(b))
