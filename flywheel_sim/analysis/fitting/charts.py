"""A fit beside the data it rests on, and how the candidates of a choice have forecast."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.result import FIT, Fit
from flywheel_sim.drawing.chart import COLOURS, GREY, INK, TITLE, Chart, blank, dress
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.texts import cut

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A chart shows so many panels; the others are in the table.
MOST_PANELS = 6

#: Whole numbers up to this one are ages, which have no halves on the axis.
_AGES = 400

#: Letters that fit below all bars of a chart, and lines that what stands below one of them has.
_ACROSS, _LINES = 84, 3

#: Heights of a figure by its rows of panels, inches.
_HEIGHT = 3.7


def fit(result: Fit) -> Chart:
    """Show what a model says beside the data it was fitted to.

    Parameters
    ----------
    result
        From `flywheel_sim.fit`.

    Raises
    ------
    ExperimentError
        If there is nothing to draw.
    """
    result = FIT.of("result", result)
    names = list(dict.fromkeys(result.drawn["panel"])) if len(result.drawn) else []
    if not names:
        raise ExperimentError(f"{result.label} has nothing to draw: the data hold too few")
    shown = names[:MOST_PANELS]
    rest = f" The first {len(shown)} of {len(names)} are shown." if len(names) > len(shown) else ""
    note = f"Data: {result.data}.{rest}"
    picture, drawn = _grid(result.finding, note, len(shown))
    for axes, name in zip(drawn, shown, strict=True):
        rows = result.drawn[result.drawn["panel"] == name]
        _panel(axes, rows, result)
        across, up = result.axes.get(name, ("", ""))
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        if len(shown) > 1:
            axes.set_title(name, fontsize=10, color=INK, loc="left")
    drawn[0].legend(frameon=False, fontsize=9)
    return Chart(f"fit_{result.of}", result.finding, picture, result.drawn)


def _panel(axes: Axes, rows: pd.DataFrame, result: Fit) -> None:
    """Draw one panel: the data in grey or as marks, the model in colour."""
    kind, fitted = str(rows["kind"].iloc[0]), COLOURS[0]
    x: Any = rows["x"].to_numpy() if kind == "line" and not _numbers(rows) else rows["x"].tolist()
    seen, said = rows["observed"].to_numpy(np.float64), rows["fitted"].to_numpy(np.float64)
    low, high = rows["low"].to_numpy(np.float64), rows["high"].to_numpy(np.float64)
    interval = bool(np.isfinite(low).any())
    of = f"data, {result.level * 100:g} % interval" if interval else "data"
    if kind == "bars":
        at = np.arange(len(rows))
        axes.bar(at, seen, color="#c3ccd3", label=of, width=0.75)
        axes.plot(at, said, "o", color=fitted, ms=6, label=result.label)
        axes.set_xticks(at, [_in_lines(str(one), max(9, _ACROSS // len(rows))) for one in x])
        axes.grid(visible=False, axis="x")
        if interval:
            axes.errorbar(at, seen, yerr=_reach(seen, low, high), fmt="none", ecolor=GREY, capsize=2.5, elinewidth=1)
    elif kind == "steps":
        axes.step(x, seen, where="post", color=GREY, lw=1.6, label=of)
        if interval:
            axes.fill_between(x, low, high, step="post", color=GREY, alpha=0.2, lw=0)
        axes.plot(x, said, color=fitted, lw=2, label=result.label)
    elif kind == "points":
        if interval:
            axes.errorbar(x, seen, yerr=_reach(seen, low, high), fmt="none", ecolor=GREY, elinewidth=0.9, alpha=0.6)
        axes.plot(x, seen, "o", color=GREY, ms=4, label=of)
        order = np.argsort(np.asarray(x, dtype=np.float64))
        axes.plot(np.asarray(x)[order], said[order], color=fitted, lw=2, label=result.label)
    else:
        axes.plot(x, seen, color=GREY, lw=1.4, label=of)
        if interval:
            axes.fill_between(x, low, high, color=GREY, alpha=0.2, lw=0)
        axes.plot(x, said, color=fitted, lw=2, label=result.label)
    if kind == "line" and not _numbers(rows):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        ticks = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(ticks)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(ticks))  # type: ignore[no-untyped-call]
    elif kind == "points" and all(float(one).is_integer() for one in x) and max(x) <= _AGES:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)


def _in_lines(text: str, width: int) -> str:
    """Return what stands below a bar, in lines that fit below it."""
    lines = textwrap.wrap(text, width, break_on_hyphens=False)
    return "\n".join(
        lines if len(lines) <= _LINES else [*lines[: _LINES - 1], cut(" ".join(lines[_LINES - 1 :]), width)]
    )


def _numbers(rows: pd.DataFrame) -> bool:
    return all(isinstance(one, int | float | np.number) for one in rows["x"])


def _reach(seen: Any, low: Any, high: Any) -> Any:
    return np.clip(np.nan_to_num(np.vstack([seen - low, high - seen])), 0, None)


def _grid(title: str, note: str, count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of their own axes, two in a row, under a title and a note."""
    across = 1 if count == 1 else 2
    down = math.ceil(count / across)
    picture = blank(_HEIGHT * down + 0.5)
    drawn = list(np.ravel(picture.subplots(down, across, squeeze=False)))
    for extra in drawn[count:]:
        extra.set_visible(False)
    picture.suptitle(f"{title}\n", x=0.01, ha="left", **TITLE)
    picture.text(0.01, 0.985 - 0.33 / (_HEIGHT * down + 0.5), note, fontsize=9, color=GREY, va="top")
    for axes in drawn[:count]:
        dress(axes)
    return picture, drawn[:count]


def choice(result: Fit) -> Chart:
    """Show how far off each candidate's forecasts from earlier days were, models beside naive baselines.

    Parameters
    ----------
    result
        From `flywheel_sim.fit` without a model named, which chooses one.

    Raises
    ------
    ExperimentError
        If no choice was made.
    """
    result = FIT.of("result", result)
    if result.choice is None or not result.choice.origins:
        raise ExperimentError("no models were compared in this fit; call fs.fit without a model, on longer records")
    made = result.choice
    table = made.frame()[::-1]
    best = table.iloc[-1]
    title = f"{best['candidate']} was off least: {figure(float(best['error']), '%')} % on average"
    note = f"Error of {made.what}, fitted anew at {made.origins} earlier {made.origin}s. Dots: each of them."
    picture = blank(1.3 + 0.42 * len(table))
    axes = picture.subplots()
    axes.set_title(title, loc="left", pad=24, **TITLE)
    axes.annotate(note, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=9,
                  color=GREY, annotation_clip=False)  # fmt: skip
    dress(axes, "x")
    at = np.arange(len(table))
    colours = [COLOURS[0] if kind == "model" else "#c3ccd3" for kind in table["kind"]]
    axes.barh(at, table["error"], color=colours, height=0.62)
    for place, name in zip(at, table["candidate"], strict=True):
        errors = made.errors.loc[made.errors["candidate"] == name, "error"]
        axes.plot(errors, np.full(len(errors), place), "o", color=INK, ms=3.5, alpha=0.7)
    axes.set_yticks(at, list(table["candidate"]))
    axes.set_xlim(left=0)
    axes.set_xlabel("Mean error (%); blue: models, grey: naive baselines")
    return Chart(f"choice_{result.of}", title, picture, made.errors)
