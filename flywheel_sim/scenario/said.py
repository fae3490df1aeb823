"""The text of one rate, channel, lever or event as the file states it, before anything is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flywheel_sim.scenario.source.schema import long_form
from flywheel_sim.scenario.source.tree import MOVED, Raw

#: The keys by which a channel brings people of its own, and those by which an event waits.
SOURCES, WAITS = ("rate", "batch", "spend", "present"), ("after", "every")


@dataclass(frozen=True, slots=True)
class RateText:
    """A rate as written: a text, or a mapping with levels, factors, a spread, an uncertainty, a reason."""

    raw: Raw

    @property
    def value(self) -> Raw:
        """Return what is written as its value; None where only levels or a distribution are."""
        return self.raw.get("value") if isinstance(self.raw, dict) else self.raw

    @property
    def figure(self) -> Raw:
        """Return what a single figure laid over it would replace: the last such figure, else its value."""
        return self.raw.get(MOVED, self.raw.get("value")) if isinstance(self.raw, dict) else self.raw

    @property
    def uncertain(self) -> bool:
        """Tell whether the file says how uncertain it is."""
        return isinstance(self.raw, dict) and "uncertain" in self.raw

    @property
    def why(self) -> str:
        """Return the reason given for it, "" where there is none."""
        return self.raw.get("why", "") if isinstance(self.raw, dict) else ""


@dataclass(frozen=True, slots=True)
class ChannelText:
    """A channel as written.

    Attributes
    ----------
    spend
        What is spent on it, None where that is not said.
    source
        The key by which it brings people, with what is written there; ("", None) where people are referred.
    """

    name: str
    spend: Raw
    source: tuple[str, Raw]


@dataclass(frozen=True, slots=True)
class LeverText:
    """A lever as written, or a friction, which has no spend.

    Attributes
    ----------
    spend
        What the file spends on it, None for a friction.
    phase
        Where on the wheel it acts, "" where that is not said.
    moves
        For each rate it moves, the figures by ``without``, ``limit`` or a spend.
    """

    name: str
    spend: str | None
    phase: str
    moves: Mapping[str, Mapping[str, str]]


def channels_of(root: Mapping[str, Raw]) -> dict[str, ChannelText]:
    """Return the channels of a raw file, in its order."""
    channels = {}
    for name, raw in (root.get("channels") or {}).items():
        word = next((word for word in SOURCES if word in raw), "")
        channels[name] = ChannelText(name, raw.get("spend"), (word, raw.get(word)))
    return channels


def levers_of(root: Mapping[str, Raw]) -> dict[str, LeverText]:
    """Return the levers of a raw file, in its order."""
    return {
        name: LeverText(name, raw.get("spend"), raw.get("phase") or "", raw["moves"])
        for name, raw in (root.get("levers") or {}).items()
    }


def waits_of(root: Mapping[str, Raw], stage: str, event: str) -> list[tuple[str, Raw]]:
    """Return the waits of an event of a stage, each with the dotted path where it is written; none without such."""
    written = root["journey"].get(stage)
    if not isinstance(written, dict):
        return []
    inline = "events" not in written
    raw_event = (long_form(stage, written).get("events") or {}).get(event) or {}
    path = f"journey.{stage}" if inline else f"journey.{stage}.events.{event}"
    return [(f"{path}.{word}", raw_event[word]) for word in WAITS if word in raw_event]
