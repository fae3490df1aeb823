"""The scenario a user holds: one file with its strategies, changed only by making another.

``load`` reads and checks a file with every strategy in it, so that a `Scenario` in hand can run.
"""

from __future__ import annotations

import copy
import difflib
import os
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from flywheel_sim.errors import ConfigError, DataError, Problem, nearest
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import Quantity, UnitError, looks_like_quantity, parse
from flywheel_sim.scenario.resolve.resolver import resolve
from flywheel_sim.scenario.source.changes import is_change
from flywheel_sim.scenario.source.schema import SETTINGS
from flywheel_sim.scenario.source.strategy import Choices, apply_strategy, leave_out, lever_spend
from flywheel_sim.scenario.source.tree import Path_, Raw, Tree, deletions, merge, read_file, read_text, tree_of

_CONFIGS = Path(__file__).resolve().parent.parent / "configs"
#: Decimals of a solved spend.
_DIGITS = 4
_CONFIGS_IN_SOURCE = Path(__file__).resolve().parent.parent.parent / "configs"


@dataclass(frozen=True)
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
    """

    tree: Tree
    changes: tuple[tuple[str, Raw], ...] = ()
    origin: str = ""
    solved: tuple[tuple[str, float], ...] = ()
    left_out: tuple[tuple[str | None, str], ...] = ()
    _journeys: dict[str, Journey] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Return the name the file gives itself."""
        return str(self.tree.root["name"])

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
            found = self._resolve(key, problems)
            if not problems and self._unsolved(key):
                rule = "the spend is 'matched' and not solved for yet"
                problems.append(Problem(self.origin, 0, 0, f"strategies.{key}.spend", "matched", rule,
                                        "run, replicate or compare it, or use fs.settle(model)"))  # fmt: skip
            if problems or found is None:
                raise ConfigError(problems)
            self._journeys[key] = found
        return self._journeys[key]

    def at_spend(self, strategy: str, spend: float) -> Scenario:
        """Return the scenario with the spend of a strategy whose budget is matched; units as for ``solved``."""
        return replace(self, solved=(*((s, v) for s, v in self.solved if s != strategy), (strategy, spend)), _journeys={
            name: journey for name, journey in self._journeys.items() if name != strategy
        })  # fmt: skip

    def solved_as(self, other: Scenario) -> Scenario:
        """Return the scenario with the matched spends that were found for another."""
        return replace(self, solved=other.solved, _journeys={})

    def without(self, *names: str, strategy: str | None = None) -> Scenario:
        """Return the scenario without what a strategy's ``without`` may name: in one strategy, or everywhere.

        Raises
        ------
        ConfigError
            If there is nothing of such a name.
        """
        changed = replace(self, left_out=(*self.left_out, *((strategy, name) for name in names)), _journeys={})
        problems: list[Problem] = []
        changed._merged(strategy or "", problems)
        if problems:
            raise ConfigError(problems)
        return changed

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
            path = self._path_of(name)
            if path is None:
                rule, remedy = "no rate, setting or dotted path of that name", self._near(name)
                problems.append(Problem("<values set in code>", 0, 0, "", name, rule, remedy))
                continue
            if path[0] == "levers" and path[2:] != ("spend",):
                rule, remedy = "of a lever, code can change the spend", "change the file, or the rates it moves"
                problems.append(Problem("<values set in code>", 0, 0, name, "", rule, remedy))
                continue
            text = value_text(value, changed._raw_at(path))
            changed = replace(changed, changes=(*changed.changes, (".".join(path), text)), solved=(), _journeys={})
        if problems:
            raise ConfigError(problems)
        changed.check()
        return changed

    def check(self) -> None:
        """Resolve the file and every strategy.

        Raises
        ------
        ConfigError
            With every problem of the file and of all its strategies.
        """
        problems: list[Problem] = deletions(self.tree, self.tree)
        whole = {"channels", "journey"} <= self.tree.root.keys()
        for strategy in ("", *self.strategies) if whole else ("",):
            key_problems: list[Problem] = []
            found = self._resolve(strategy, key_problems)
            if found is not None and not key_problems and not self._unsolved(strategy):
                self._journeys[strategy] = found
            noted = {(p.file, p.line, p.column, p.path) for p in problems}
            problems += [p for p in key_problems if (p.file, p.line, p.column, p.path) not in noted or not p.line]
        if problems:
            raise ConfigError(problems)

    def raw(self, strategy: str | None = None) -> dict[str, Raw]:
        """Return the merged file of a strategy as raw texts."""
        return copy.deepcopy(self._merged(strategy or "", [])[0].root)

    def choices(self, strategy: str | None = None) -> Choices:
        """Return what a strategy does without, and what it spends on levers."""
        return self._merged(strategy or "", [])[1]

    def _unsolved(self, strategy: str) -> bool:
        """Tell whether a strategy has a matched spend that is not solved for yet."""
        return strategy not in dict(self.solved) and self.choices(strategy).matched is not None

    def _raw_at(self, path: Path_) -> Raw:
        return self._merged("", [])[0].at(path)

    def _path_of(self, name: str) -> Path_ | None:
        if name in self.rates:
            return ("rates", name)
        if name in SETTINGS:
            return (name,)
        path = tuple(name.split("."))
        return path if len(path) > 1 and path[0] != "strategies" and self._raw_at(path) is not None else None

    def _near(self, name: str) -> str:
        """Return a remedy for a name that `with_` does not know."""
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
            held = self._raw_at(path)
            known = list(held) if isinstance(held, dict) else []
        return f"under '{'.'.join(path)}', {nearest(step, known)}" if path else nearest(step, known)

    def _resolve(self, strategy: str, problems: list[Problem]) -> Journey | None:
        """Return a strategy's journey, or None after noting problems."""
        tree, choices = self._merged(strategy, problems)
        return None if problems else resolve(tree, strategy, choices, problems)

    def _merged(self, strategy: str, problems: list[Problem]) -> tuple[Tree, Choices]:
        tree, choices = self.tree, Choices()
        if strategy:
            tree, choices = apply_strategy(tree, strategy, problems)
        choices.base = self.tree
        for name in (name for whose, name in self.left_out if whose in (None, strategy)):
            leave_out(Tree({}, {}), tree, name, ("without",), choices, problems)
        for path, value in self.changes:
            steps = tuple(path.split("."))
            if steps[0] == "levers":
                spend = lever_spend(tree, value, tree.at(steps[:2]), steps, problems)
                if spend is not None and steps[1] not in choices.levers:
                    choices.spends[steps[1]] = spend
                continue
            tree = _laid(tree, steps, value)
        solved = dict(self.solved).get(strategy)
        if choices.matched and solved is not None:
            kind, name = choices.matched
            if kind == "channel":
                tree = _laid(tree, ("channels", name, "spend"), f"{solved:.{_DIGITS}f} per month")
            else:
                held = parse(tree.at(("levers", name, "spend")))
                text = f"{solved:.{_DIGITS}f} {held.text.partition(' ')[2]}"
                choices.spends[name] = replace(held, number=solved, text=text)
        return tree, choices


def _laid(tree: Tree, path: Path_, value: Raw) -> Tree:
    """Return the file with a value laid over what stands at a path."""
    nested: Raw = value
    for key in reversed(path):
        nested = {key: nested}
    return merge(tree, tree_of(nested, "<values set in code>"))


def value_text(value: Any, old: Raw) -> Raw:
    """Return a value as the file would say it, in the unit of what it replaces."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [value_text(item, None) for item in value]
    if isinstance(value, dict):
        inner = old if isinstance(old, dict) else {"value": old}
        return {str(k): value_text(v, inner.get(k)) for k, v in value.items()}
    if isinstance(old, dict):
        old = old.get("value")
    unit = None
    if isinstance(old, str) and looks_like_quantity(old):
        try:
            unit = parse(old)
        except UnitError:
            unit = None
    if not isinstance(value, str):
        try:
            number = Decimal(repr(value if isinstance(value, int) else float(value)))
            finite = number.is_finite() and not isinstance(value, bool)
        except (TypeError, ValueError, ArithmeticError):
            finite = False
        if not finite:
            shown, remedy = repr(value)[:60], "give a text or a finite number"
            raise ConfigError([Problem("<values set in code>", 0, 0, "", shown, "not a value", remedy)])
        value = f"{number:f}"
        if unit and unit.form == "percent":
            value = f"{(number * 100).normalize():f} %"
        elif unit and unit.form == "duration":
            value = f"{value} {unit.text.split()[-1]}"
    if unit is not None and unit.per_ms is not None and looks_like_quantity(value) and not is_change(value):
        try:
            new = parse(value)
        except UnitError:
            return value
        if new.per_ms is None and new.form == unit.form:
            value = f"{value} {_unit_words(unit)}"
    return value


def _unit_words(unit: Quantity) -> str:
    """Return the words after the figure: ``kept per year``, ``per 4.414 weeks``."""
    text = unit.text
    start = text.index(" per ")
    return f"{unit.reading} {text[start + 1 :]}" if unit.reading else text[start + 1 :]


def shipped() -> tuple[str, ...]:
    """Return the names of the journeys that come with the package."""
    return tuple(sorted(path.stem for path in _configs().glob("*.yaml")))


def _exists(path: Path) -> bool:
    """Tell whether there is something at a path that the system can look up at all."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _configs() -> Path:
    return _CONFIGS if _CONFIGS.is_dir() else _CONFIGS_IN_SOURCE


def load(source: str | Path) -> Scenario:
    """Return the scenario of a journey file, checked with all its strategies.

    Parameters
    ----------
    source
        Path of a YAML file, or the name of a shipped journey such as ``subscription``.

    Raises
    ------
    ConfigError
        With every problem of the file, each with its place, rule and remedy.
    DataError
        If there is no such file, or it cannot be read.
    """
    path = Path(source)
    if not _exists(path) and path.suffix == "" and len(path.parts) == 1:
        path = _configs() / f"{source}.yaml"
        if not _exists(path):
            near = difflib.get_close_matches(str(source), shipped(), n=1, cutoff=0.5)
            said = f"did you mean '{near[0]}'?" if near else f"shipped: {', '.join(shipped())}"
            raise DataError(f"{source}: no file and no shipped journey of that name; {said}")
    elif not _exists(path):
        raise DataError(f"{source}: no such file; give the path of a YAML file or one of: {', '.join(shipped())}")
    return _checked(_extended(path, ()), str(path))


def loads(text: str, name: str = "<text>") -> Scenario:
    """Return the scenario of a YAML text, checked with all its strategies.

    Raises
    ------
    ConfigError
        With every problem of the text.
    """
    tree = read_text(text, name)
    if "extends" in tree.root:
        raise ConfigError([tree.problem((), None, "a text cannot extend a file", "load it from a file", "extends")])
    return _checked(tree, name)


def _checked(tree: Tree, origin: str) -> Scenario:
    strategies = tree.root.get("strategies")
    if strategies is not None and not isinstance(strategies, dict):
        raise ConfigError([tree.problem(("strategies",), strategies, "strategies are a mapping of names",
                                        "write funnel: {without: [...]}")])  # fmt: skip
    scenario = Scenario(tree, origin=origin)
    scenario.check()
    return scenario


def _extended(path: Path, seen: tuple[Path, ...]) -> Tree:
    tree = read_file(path)
    base = tree.root.get("extends")
    if base is None:
        return tree
    if not isinstance(base, str):
        rule = "one file to extend belongs here"
        raise ConfigError([tree.problem(("extends",), None, rule, "write extends: base.yaml")])
    parent = Path(os.path.abspath(path.parent / base))
    here = Path(os.path.abspath(path))
    if parent in seen or parent == here:
        raise ConfigError([tree.problem(("extends",), base, "files extend each other in a circle", "break it")])
    if not _exists(parent):
        raise ConfigError([tree.problem(("extends",), base, "no such file", "give its path from this file")])
    inherited = _extended(parent, (*seen, here))
    if problems := deletions(tree, inherited):
        raise ConfigError(problems)
    merged = merge(inherited, tree)
    merged.root.pop("extends", None)
    return merged
