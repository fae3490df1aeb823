"""A data frame whose figures are shown as a reader wants them: thousands apart, no false precision, no 2.5e+04."""

from __future__ import annotations

from typing import Any

import pandas as pd

from flywheel_sim.stats import figure


class FigureTable(pd.DataFrame):
    """A data frame like any other, but for how it shows its figures; what it holds is not rounded."""

    @property
    def _constructor(self) -> Any:
        return FigureTable

    def __repr__(self) -> str:
        with pd.option_context("display.float_format", figure, "display.width", 80, "display.max_columns", None,
                               "display.max_colwidth", 32):  # fmt: skip
            return super().__repr__()

    def _repr_html_(self) -> Any:
        with pd.option_context("display.float_format", figure, "display.max_colwidth", 120,
                               "display.html.use_mathjax", False):  # fmt: skip
            return super()._repr_html_()  # type: ignore[misc]


def with_figures(table: Any) -> Any:
    """Return a data frame that shows its figures so; anything else as it is."""
    if not isinstance(table, pd.DataFrame) or isinstance(table, FigureTable):
        return table
    shown = FigureTable(table)
    shown.attrs = table.attrs
    return shown
