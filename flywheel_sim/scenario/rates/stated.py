"""From rates as written to tables in the units they are stated in: names followed, levels, factors, moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.journey import Uncertain
from flywheel_sim.journey.units import Quantity
from flywheel_sim.scenario.rates.families import EXAMPLES, NOUNS, Stated, moved, pulled
from flywheel_sim.scenario.rates.rate_context import RateContext
from flywheel_sim.scenario.rates.spreads import check_means, check_parameters, uncertainty_of
from flywheel_sim.scenario.rates.tables import TableReader
from flywheel_sim.scenario.rates.units import check_decimals
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.tree import MOVED, Path_
from flywheel_sim.scenario.source.values import DrawSpec, RateSpec, Ref, SpreadSpec, SpreadTable

#: How many rates may name one another in a chain.
DEEPEST_CHAIN = 50


class StatedRates:
    """The rates of one file in the units they are stated in, read as they are used.

    Attributes
    ----------
    used
        The named rates that are used anywhere.
    known
        Named rates that have been read, each by what it was read as.
    uncertain, units
        What is not known of named rates, and the unit each of these is stated in.
    pulls
        For each rate, functions from its kind to the factor by which a lever multiplies it or its odds.
    """

    def __init__(self, context: RateContext) -> None:
        self.context, self.note, self.tables = context, context.notes.note, TableReader(context)
        self.used: set[str] = set()
        self.known: dict[tuple[str, Kind], Stated] = {}
        self.uncertain: dict[str, Uncertain] = {}
        self.units: dict[str, Quantity] = {}
        self.pulls: dict[str, list[Callable[[Kind], float]]] = {}
        #: The named rates that are being read, each used by the one before.
        self._reading: list[str] = []

    def read(self, x: object, path: Path_, kind: Kind) -> Stated:
        """Return a value as stated.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if isinstance(x, Quantity):
            self._check_decimals(x, path, kind)
            return Stated(".".join(path), path, x, (), (x.number,), (path,), reference=x.number)
        if isinstance(x, Ref):
            return self._named(x.name, path, kind)
        assert isinstance(x, RateSpec)
        return self._table(x, path, kind)

    def _named(self, name: str, path: Path_, kind: Kind) -> Stated:
        if name not in self.context.specs:
            if name in self.context.names:
                raise Unusable  # defined, but its own problems are noted there
            raise self.note(
                path, name, f"neither {NOUNS[kind]} nor a name under 'rates'",
                f"write {EXAMPLES[kind]}, or name a rate: {nearest(name, self.context.names)}",
            )  # fmt: skip
        if (name, kind) in self.known:
            self.used.add(name)
            return self.known[name, kind]
        if name in self._reading:
            loop = " -> ".join([*self._reading, name])
            raise self.note(path, name, f"the rate is defined by itself ({loop})", "give one of them a figure")
        if len(self._reading) > DEEPEST_CHAIN:
            raise self.note(path, name, f"more than {DEEPEST_CHAIN} rates name one another in a chain",
                            "give one of them a figure")  # fmt: skip
        self.used.add(name)
        self._reading.append(name)
        try:
            stated = self.read(self.context.specs[name], ("rates", name), kind)
        finally:
            self._reading.pop()
        spec = self.context.specs[name]
        alias = isinstance(spec, Ref)  # another name for the same rate: the same random number
        stated = stated if alias else replace(stated, name=name)
        if isinstance(spec, RateSpec) and spec.uncertain is not None and not self.context.settled:
            stated = replace(stated, uncertain_rates=frozenset({name}))
            self.uncertain[name] = replace(self.uncertain[".".join(stated.path)], name=name)
            self.units[name] = stated.unit
        for pull in self.pulls.get(name, ()):
            stated = pulled(stated, pull(kind), kind)
        self.known[name, kind] = stated
        return stated

    def _table(self, spec: RateSpec, path: Path_, kind: Kind) -> Stated:
        reference = self._reference(spec, path, kind)
        if kind == "chance":
            check_means(self.context.notes, spec, path, self.context.specs)
        for word in ("by", "times"):
            if (given := getattr(spec, word)) is not None and not (given and all(given.values())):
                remedy = f"write {word}: {{attribute: {{level: ...}}}}"
                raise self.note(path, None, f"'{word}' has no levels", remedy, word)
        levels: dict[str, Stated] = {}
        by = ""
        if spec.by:
            if len(spec.by) > 1:
                raise self.note(path, None, "'by' takes one attribute", "nest one 'by' in the other", "by")
            by, table = next(iter(spec.by.items()))
            self.tables.keys(by, table, (*path, "by"))
            levels = {key: self.read(x, (*path, "by", by, key), kind) for key, x in table.items()}
        if reference is None and not levels:
            raise self.note(path, None, "the rate has no figure", f"write value: {EXAMPLES[kind]}")
        stated = self.tables.compose(path, kind, reference, by, levels)
        stated = self.tables.scaled(stated, spec.times or {}, path)
        if isinstance(spec.spread, SpreadTable):
            stated = self.tables.spreads(stated, spec.spread, (*path, "spread"))
        else:
            stated = replace(stated, spread=spec.spread)
        stated = replace(stated, per=self._counter(spec, path, kind))
        before = stated
        if spec.moved is not None:
            self._check_decimals(spec.moved, (*path, MOVED), kind)
            stated = moved(self.context.notes, stated, spec.moved, kind)
        if spec.uncertain is not None and not self.context.settled:
            if len(path) != 2 or path[0] != "rates":
                raise self.note(path, None, "what is uncertain is a rate with a name",
                                "put it under 'rates', and write its name here", "uncertain")  # fmt: skip
            self.uncertain[".".join(path)] = uncertainty_of(self.context.notes, stated, spec.uncertain, kind, before)
        return stated

    def _counter(self, spec: RateSpec, path: Path_, kind: Kind) -> str:
        """Return the counter that multiplies a rate, "" for none."""
        if spec.per is None:
            return ""
        place = (*path, "per")
        if kind != "money":
            raise self.note(place, spec.per, f"money alone is multiplied by a counter, and this is {NOUNS[kind]}",
                            "remove 'per', or write a table by the counter")  # fmt: skip
        traits = self.context.traits
        counters = [name for name, other in traits.items() if other.kind == "number" and name != "generation"]
        if spec.per not in counters:
            if spec.per not in traits and spec.per in (self.context.notes.tree.root.get("attributes") or ()):
                raise Unusable  # its own problems are noted there
            remedy = nearest(spec.per, counters) if counters else "add attributes: {seats: {counts: 0 to 100}}"
            raise self.note(place, spec.per, "money is multiplied by a counter of the file's own", remedy)
        trait = traits[spec.per]
        if trait.low < 0:
            rule = f"'{spec.per}' counts from {trait.low}, and money is multiplied by nothing below 0"
            raise self.note(place, spec.per, rule, "let it count from 0 up")
        return spec.per

    def _check_decimals(self, given: Quantity, path: Path_, kind: Kind) -> None:
        """Refuse money that is stated too finely; what is drawn for a world is not stated."""
        if kind == "money" and not self.context.settled:
            check_decimals(self.context.notes, given, path, "round it, or state it for more of what is paid")

    def _reference(self, spec: RateSpec, path: Path_, kind: Kind) -> Stated | None:
        if spec.value is not None:
            return self.read(spec.value, (*path, "value"), kind)
        for word in ("spread", "uncertain"):
            given = getattr(spec, word)
            if isinstance(given, SpreadSpec) and given.alpha and given.beta:
                inner = (*path, word)
                check_parameters(self.context.notes, given, ("alpha", "beta"), inner)
                a, b = given.alpha.number, given.beta.number
                mean = Quantity(a / (a + b), "percent", text=f"{100 * a / (a + b):.4g} %")
                return Stated(".".join(path), path, mean, (), (mean.number,), (inner,), reference=mean.number)
        return None

    # -- draws ----------------------------------------------------------------------------------

    def drawn(self, spec: DrawSpec, path: Path_, level: str) -> Stated | None:
        """Return the chance of one level of a draw as stated, None where it takes the rest.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if spec.levels is not None:
            if level not in spec.levels:
                return Stated("", path, Quantity(0, "percent", text="0 %"), (), (0.0,), (path,))
            chance = spec.levels[level]
            return None if chance == Ref("rest") else self.read(chance, (*path, level), "chance")
        assert spec.by is not None
        if len(spec.by) != 1 or not all(spec.by.values()):
            rule = "'by' takes one attribute" if len(spec.by) > 1 else "'by' has no levels"
            raise self.note(path, None, rule, "write by: {attribute: {level: {one: 30 %, other: rest}}}", "by")
        by, table = next(iter(spec.by.items()))
        self.tables.keys(by, table, (*path, "by"))
        cells = {key: self.drawn(cell, (*path, "by", by, key), level) for key, cell in table.items()}
        reference = self.drawn(spec.value, (*path, "value"), level) if spec.value is not None else None
        given = {key: cell for key, cell in cells.items() if cell is not None}
        rests = len(cells) - len(given) + (spec.value is not None and reference is None)
        if rests == len(cells) + (spec.value is not None):
            return None
        if rests:
            raise Unusable  # cells differ in who takes the rest, which whoever reads the draw notes once
        return replace(self.tables.compose(path, "chance", reference, by, given), name=".".join((*path, level)))
