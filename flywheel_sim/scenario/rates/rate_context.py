"""What every reader of rates is given: the rates of one file as read, and what they may depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flywheel_sim.scenario.rates.axes import Traits
from flywheel_sim.scenario.source.notes import Notes


@dataclass(frozen=True, slots=True)
class RateContext:
    """The rates of one file, and the rest of the file as far as they need it.

    Attributes
    ----------
    notes
        Where problems go.
    specs
        The named rates that can be read.
    names
        The names under ``rates`` as written, whether or not what they name can be read.
    traits
        The attributes a rate may depend on.
    dated
        Whether the file says when the run starts.
    settled
        Whether what is uncertain has been drawn already.
    """

    notes: Notes
    specs: Mapping[str, object]
    names: set[str]
    traits: Traits
    dated: bool
    settled: bool = False
