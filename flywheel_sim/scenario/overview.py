"""A scenario at a glance: its stages, channels, strategies and rates with their reasons, as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flywheel_sim.scenario.said import RateText, channels_of
from flywheel_sim.scenario.source.tree import MOVED, Raw
from flywheel_sim.stats import VERBATIM
from flywheel_sim.texts import reason, titled
from flywheel_sim.wording import text_table


def as_text(raw: Raw) -> str:
    """Return a raw value on one line, a rate with its levels and factors."""
    if raw is None:
        return "none"
    if isinstance(raw, str):
        return raw
    if isinstance(raw, list):
        return ", ".join(as_text(item) for item in raw)
    parts = []
    if MOVED in raw:
        parts.append(f"{raw[MOVED]} (family moved from {as_text(raw.get('value'))})")
    elif "value" in raw:
        parts.append(as_text(raw["value"]))
    for key, value in raw.items():
        if key in ("value", "why", MOVED):
            continue
        if key in ("by", "times") and isinstance(value, dict):
            for attribute, levels in value.items():
                sign = "× " if key == "times" else ""
                held = levels.items() if isinstance(levels, dict) else [("", levels)]
                parts.append(f"{attribute}: " + ", ".join(f"{k} {sign}{as_text(v)}" for k, v in held))
        else:
            parts.append(f"{key} {as_text(value)}")
    return "; ".join(parts)


@dataclass(frozen=True)
class Overview:
    """A scenario at a glance.

    Attributes
    ----------
    title
        Its name.
    parts
        What it has, in a sentence each: horizon, stages, channels, strategies.
    rates
        Name, value and reason of every named rate.
    """

    title: str
    parts: Sequence[tuple[str, str]]
    rates: Sequence[tuple[str, str, str]]

    def __str__(self) -> str:
        lines = [self.title, text_table(["", ""], self.parts).strip("\n")]
        if self.rates:
            lines += ["", text_table(["rate", "value", "why"], self.rates)]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Return it as HTML."""
        parts = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(what)}</td></tr>" for name, what in self.parts
        )
        rates = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td><td>{html.escape(why)}</td></tr>"
            for name, value, why in self.rates
        )
        left = "style='text-align:left;vertical-align:top'"
        head = f"<tr><th {left}>rate</th><th {left}>value</th><th {left}>why</th></tr>" if rates else ""
        styled = f"{parts}{rates}".replace("<td>", f"<td {left}>").replace("<th>", f"<th {left}>")
        cut = styled.index("<tr><td") if rates else len(styled)
        tables = f"<table>{styled[:cut]}</table><table>{head}{styled[cut:]}</table>"
        return f'<div class="{VERBATIM}"><p><b>{html.escape(self.title)}</b></p>{tables}</div>'


def overview_of(raw: Mapping[str, Any], strategies: Mapping[str, str]) -> Overview:
    """Return a scenario at a glance.

    Parameters
    ----------
    raw
        The file as read, with what was changed in it.
    strategies
        For each strategy what it does, in words.
    """
    start = f" from {raw['start']}" if raw.get("start") else ""
    currency = f", in {raw['currency']}" if raw.get("currency") else ""
    stages = []
    for name, stage in raw["journey"].items():
        role = stage if isinstance(stage, str) else stage.get("role")
        stages.append(f"{name} ({role})" if role else name)
    channels = []
    for name, channel in channels_of(raw).items():
        word, source = channel.source
        figure = as_text(source) if isinstance(source, str) else "by a table or plan"
        channels.append(f"{name} ({f'{word} {figure}' if word else 'people who are referred'})")
    parts = [
        ("horizon", f"{raw['horizon']}{start}{currency}"),
        ("stages", ", ".join(stages)),
        ("channels", ", ".join(channels)),
        *(("" if at else "strategies", f"{name}: {what}") for at, (name, what) in enumerate(strategies.items())),
    ]
    if not strategies:
        parts.append(("strategies", "none: the file as written"))
    rates = [(name, as_text(held), reason(RateText(held).why)) for name, held in (raw.get("rates") or {}).items()]
    return Overview(titled(str(raw.get("name") or "")), parts, rates)
