"""The scenario a user holds: one file with its strategies, changed only by making another."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from flywheel_sim import arguments as takes
from flywheel_sim.errors import MOST_TOLD, ConfigError, Problem, nearest
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.overview import Overview, as_text, overview_of
from flywheel_sim.scenario.resolve.resolver import resolve
from flywheel_sim.scenario.said import ChannelText, LeverText, RateText, channels_of, levers_of, waits_of
from flywheel_sim.scenario.source.deciding import CELLS, CHANGES, LEFT_OUT, SOLVED, cells_named
from flywheel_sim.scenario.source.from_code import made_visible, value_text
from flywheel_sim.scenario.source.layers import DIGITS, layered, with_spends
from flywheel_sim.scenario.source.overlay import deletions
from flywheel_sim.scenario.source.schema import SETTINGS
from flywheel_sim.scenario.source.strategy import Choices, check_names
from flywheel_sim.scenario.source.tree import IN_CODE, Path_, Raw, Tree
from flywheel_sim.scenario.source.yaml_text import LONG
from flywheel_sim.texts import titled, visible

#: Of how many strategies the journeys are kept after the check; others are made again when they are asked for.
MOST_KEPT = 50

_NAME = takes.text("a name", "'flywheel'")

#: What methods of a scenario take, by the name of the argument.
_TAKES = {
    **dict.fromkeys(("name", "names", "stage", "event", "path"), _NAME),
    "strategy": takes.like("the name of a strategy", "'flywheel'", lambda given: isinstance(given, str)),
    "spend": takes.number(0, example="1000"),
    "other": takes.instance("Scenario", what="a scenario", example="fs.load('subscription')"),
    "keep_solved": takes.YES_OR_NO,
}  # fmt: skip


@takes.guard(_TAKES)
@dataclass(frozen=True, repr=False)
class Scenario:
    """A journey file and what was changed in it since; frozen.

    Attributes
    ----------
    tree
        The file, after ``extends``.
    changes
        Values laid over the file and its strategies, as (dotted path, value) in order.
    origin
        Path of the file, or the name given to its text.
    solved
        For strategies whose spend is ``matched``, the spend that was found: currency a month for a channel,
        the figure in the unit of its own spend for a lever.
    left_out
        What else is done without, as (strategy, name); everywhere where the strategy is None.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> model = fs.load("subscription").with_(retention="93 % per month")
    >>> model.strategies, model.reference
    (('funnel', 'flywheel'), 'funnel')
    """

    tree: Tree
    changes: tuple[tuple[str, Raw], ...] = ()
    origin: str = ""
    solved: tuple[tuple[str, float], ...] = ()
    left_out: tuple[tuple[str | None, str], ...] = ()
    _journeys: dict[str, Journey] = field(default_factory=dict, repr=False, compare=False)

    # -- what it holds ------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Return the name the file gives itself, or was given in code."""
        return titled(str(self.at("name")))

    @property
    def strategies(self) -> tuple[str, ...]:
        """Return the names of the strategies, in the order of the file."""
        return tuple(self.tree.root.get("strategies") or ())

    @property
    def matched(self) -> tuple[str, ...]:
        """Return the names of the strategies whose spend equals the reference's and is not solved for yet."""
        return tuple(name for name in self.strategies if self._unsolved(name))

    @property
    def reference(self) -> str | None:
        """Return the strategy that others are held against: the file's ``reference``, or the first not matched."""
        named = self.tree.root.get("reference")
        return named or next((name for name in self.strategies if not self.choices(name).matched), None)

    @property
    def named_reference(self) -> str | None:
        """Return the strategy that ``reference`` names, None where nothing is said."""
        named: str | None = self.at("reference")
        return named

    @property
    def rates(self) -> tuple[str, ...]:
        """Return the names of the named rates, in the order of the file."""
        return tuple(self.tree.root.get("rates") or ())

    def journey(self, strategy: str | None = None) -> Journey:
        """Return one strategy ready to run; without a name, the file itself.

        Raises
        ------
        ConfigError
            If there is no such strategy, its spend is matched and not solved for yet, or a changed value
            makes the journey impossible.
        """
        key = strategy or ""
        if key not in self._journeys:
            problems: list[Problem] = []
            resolved = self._resolve(key, problems)
            if not problems and self._unsolved(key):
                rule = "the spend is 'matched' and not solved for yet"
                problems.append(Problem(self.origin, 0, 0, f"strategies.{key}.spend", "matched", rule,
                                        "run, replicate or compare it, or use fs.match_budgets(model)"))  # fmt: skip
            if problems or resolved is None:
                raise ConfigError(problems)
            self._journeys[key] = resolved
        return self._journeys[key]

    def unmatched_journey(self, strategy: str | None = None) -> Journey:
        """Return one strategy as it is before a matched spend is solved for: for names, units and checks, not to run.

        Raises
        ------
        ConfigError
            As for `journey`, a matched spend apart.
        """
        problems: list[Problem] = []
        journey = self._resolve(strategy or "", problems)
        if problems or journey is None:
            raise ConfigError(problems)
        return journey

    def choices(self, strategy: str | None = None) -> Choices:
        """Return what a strategy does without, and what it spends on levers."""
        self._refuse_unknown(strategy)
        return self._merged(strategy or "", [])[1]

    def check(self) -> None:
        """Resolve the file and every strategy.

        Raises
        ------
        ConfigError
            With every problem of the file and of all its strategies.
        """
        problems: list[Problem] = deletions(self.tree, self.tree)
        check_names(self.tree, problems)
        noted = {(p.file, p.line, p.column, p.path) for p in problems if p.line}
        whole = {"channels", "journey"} <= self.tree.root.keys()
        for strategy in ("", *self.strategies) if whole else ("",):
            key_problems: list[Problem] = []
            journey = self._resolve(strategy, key_problems)
            kept = len(self._journeys) < MOST_KEPT and not problems
            if journey is not None and kept and not key_problems and not self._unsolved(strategy):
                self._journeys[strategy] = journey
            key_problems = [p for p in key_problems if (p.file, p.line, p.column, p.path) not in noted]
            noted |= {(p.file, p.line, p.column, p.path) for p in key_problems if p.line}
            problems += key_problems
            if len(problems) > MOST_TOLD or (problems and self.tree.size > LONG):
                break  # strategies have these too, and take as long
        if problems:
            raise ConfigError(problems)

    # -- at a glance --------------------------------------------------------------------------------------

    def overview(self) -> Overview:
        """Return its stages, channels, strategies and rates with their reasons; it prints itself."""
        raw = self.raw()
        stated = raw.get("strategies") or {}
        strategies = {name: as_text(choices) or "the file as written" for name, choices in stated.items()}
        return overview_of(raw, strategies)

    def __repr__(self) -> str:
        whole = "journey" in self.tree.root
        has = f": {len(self.at('journey'))} stages, {len(self.rates)} rates" if whole else ""
        strategies = f", strategies {', '.join(self.strategies)}" if self.strategies else ""
        return f"<Scenario {self.name!r}{has}{strategies}>"

    def __str__(self) -> str:
        return str(self.overview())

    def _repr_html_(self) -> str:
        return self.overview().to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    # -- what it says -------------------------------------------------------------------------------------

    def raw(self, strategy: str | None = None) -> dict[str, Raw]:
        """Return the merged file of a strategy as raw texts."""
        self._refuse_unknown(strategy)
        return copy.deepcopy(self._merged(strategy or "", [])[0].root)

    def at(self, path: str, strategy: str | None = None) -> Raw:
        """Return what a strategy's merged file says at a dotted path, as raw texts; None where there is nothing."""
        self._refuse_unknown(strategy)
        return copy.deepcopy(self._merged(strategy or "", [])[0].at(tuple(path.split("."))))

    def rate(self, name: str, strategy: str | None = None) -> RateText:
        """Return what a strategy says of a named rate."""
        return RateText(self.at(f"rates.{name}", strategy))

    def channels(self, strategy: str | None = None) -> dict[str, ChannelText]:
        """Return what a strategy says of each channel, in the order of the file."""
        return channels_of(self.raw(strategy))

    def levers(self, strategy: str | None = None) -> dict[str, LeverText]:
        """Return what a strategy says of each lever, in the order of the file; what it spends is in `choices`."""
        return levers_of(self.raw(strategy))

    def waits(self, stage: str, event: str, strategy: str | None = None) -> list[tuple[str, Raw]]:
        """Return the waits of an event of a stage as a strategy has them, each with its dotted path."""
        return waits_of(self.raw(strategy), stage, event)

    def contents(self) -> dict[str, Raw]:
        """Return what the file says and what was changed in it, without what names no figure: seed, reference.

        Beside it stand what is left out, the spends solved for, and a digest of each column named in a CSV file.
        """
        said = {key: held for key, held in self.raw().items() if key not in ("seed", "reference")}
        trees = (self._merged(strategy, [])[0] for strategy in ("", *self.strategies))
        return said | {
            CHANGES: [list(change) for change in self.changes],
            LEFT_OUT: [list(one) for one in self.left_out],
            SOLVED: [list(one) for one in self.solved],
            CELLS: cells_named(trees),
        }

    def path_of(self, name: str) -> Path_ | None:
        """Return the path of a rate, a setting or a dotted path, None where there is none of that name."""
        if name in self.rates:
            return ("rates", name)
        if name in SETTINGS:
            return (name,)
        path = tuple(name.split("."))
        return path if len(path) > 1 and path[0] != "strategies" and self.at(name) is not None else None

    def nearest_to(self, name: str) -> str:
        """Return what to write instead of a name that has no path."""
        first, *steps = name.split(".")
        if not steps:
            return nearest(name, {*self.rates, *SETTINGS})
        if first == "strategies":
            return "change the rate, setting or path that the strategy lays its value over"
        known: list[str] = [key for key in self.raw() if key != "strategies"]
        path: Path_ = ()
        for step in (first, *steps):
            if step not in known:
                break
            path = (*path, step)
            held = self.at(".".join(path))
            known = list(held) if isinstance(held, dict) else []
        return f"under '{'.'.join(path)}', {nearest(step, known)}" if path else nearest(step, known)

    # -- others made of it --------------------------------------------------------------------------------

    def with_(self, **values: Any) -> Scenario:
        """Return the scenario with other values; the scenario in hand stays as it is.

        Parameters
        ----------
        **values
            A rate's name, a setting (``horizon``, ``seed``, ``start``, ``discount``, ``follow``) or a
            dotted path (``**{"channels.search_ads.spend": "9000 per month"}``), each with the text one
            would write in the file, or a number in the unit that stands there. A bare value for a rate
            with a table moves its whole family; ``{"value": ...}`` changes the reference alone; None deletes.

        Raises
        ------
        ConfigError
            If a name is not known, or a value does not fit.
        """
        changed = self
        problems: list[Problem] = []
        for name, value in values.items():
            path = self.path_of(name)
            if path is None:
                rule, remedy = "no rate, setting or dotted path of that name", self.nearest_to(name)
                problems.append(Problem(IN_CODE, 0, 0, "", name, rule, remedy))
                continue
            if path[0] == "levers" and path[2:] != ("spend",):
                rule, remedy = "of a lever, code can change the spend", "change the file, or the rates it moves"
                problems.append(Problem(IN_CODE, 0, 0, name, "", rule, remedy))
                continue
            place = ".".join(path)
            changed = changed.with_texts([(place, value_text(value, changed.at(place)))], keep_solved=False)
        if problems:
            raise ConfigError(problems)
        changed.check()
        return changed

    def with_texts(self, changes: Iterable[tuple[str, Raw]], *, keep_solved: bool = True) -> Scenario:
        """Return the scenario with raw values laid over dotted paths, unchecked.

        Parameters
        ----------
        changes
            Dotted paths with what the file would say there, in order.
        keep_solved
            Whether matched spends stay as they were found; else they are to be solved for anew.
        """
        said = [(visible(path), made_visible(value)) for path, value in changes]
        return self._other(changes=(*self.changes, *said), solved=self.solved if keep_solved else ())

    def without(self, *names: str, strategy: str | None = None) -> Scenario:
        """Return the scenario without what a strategy's ``without`` may name: in one strategy, or everywhere.

        Raises
        ------
        ConfigError
            If there is nothing of such a name.
        """
        changed = self._other(left_out=(*self.left_out, *((strategy, name) for name in names)))
        problems: list[Problem] = []
        changed._merged(strategy or "", problems)
        if problems:
            raise ConfigError(problems)
        return changed

    def unchanged(self) -> Scenario:
        """Return the scenario with the figures of its file: nothing changed in code, no spend solved for."""
        return self._other(changes=(), solved=())

    def at_spend(self, strategy: str, spend: float) -> Scenario:
        """Return the scenario with the spend of a strategy whose budget is matched; units as for ``solved``.

        Raises
        ------
        ConfigError
            If there is no such strategy.
        """
        self._refuse_unknown(strategy)
        kept = {name: journey for name, journey in self._journeys.items() if name != strategy}
        solved = (*((name, held) for name, held in self.solved if name != strategy), (strategy, spend))
        return replace(self, solved=solved, _journeys=kept)

    def solved_as(self, other: Scenario) -> Scenario:
        """Return the scenario with the matched spends that were found for another."""
        return self._other(solved=other.solved)

    def decided(self) -> Scenario:
        """Return the scenario whose strategies state the spends that were solved for: nothing is matched anew then."""
        spends = []
        for name, spend in self.solved:
            if (whose := self.choices(name).matched) is None:
                continue
            kind, what = whose
            stated = self.levers(name)[what].spend if kind == "lever" else None
            unit = stated.partition(" ")[2] if stated else "per month"
            spends.append((name, whose, f"{spend:.{DIGITS}f} {unit}"))
        return self._other(tree=with_spends(self.tree, spends), solved=())

    def _refuse_unknown(self, strategy: str | None) -> None:
        """Refuse a strategy that the file does not have."""
        if strategy and strategy not in self.strategies:
            remedy = nearest(strategy, self.strategies)
            raise ConfigError([Problem(self.origin, 0, 0, "strategies", strategy, "no strategy of that name", remedy)])

    def _other(self, **fields: Any) -> Scenario:
        """Return another scenario, none of whose journeys are made yet."""
        return replace(self, _journeys={}, **fields)

    def _unsolved(self, strategy: str) -> bool:
        """Tell whether a strategy has a matched spend that is not solved for yet."""
        return strategy not in dict(self.solved) and self.choices(strategy).matched is not None

    def _resolve(self, strategy: str, problems: list[Problem]) -> Journey | None:
        """Return a strategy's journey, or None after noting problems."""
        tree, choices = self._merged(strategy, problems)
        return None if problems else resolve(tree, strategy, choices, problems)

    def _merged(self, strategy: str, problems: list[Problem]) -> tuple[Tree, Choices]:
        """Return the file with everything laid over it, and what of that cannot be laid over a file."""
        left_out = (name for whose, name in self.left_out if whose in (None, strategy))
        solved = dict(self.solved).get(strategy)
        return layered(self.tree, strategy, problems, left_out=left_out, changes=self.changes, solved=solved)
