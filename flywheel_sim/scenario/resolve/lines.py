"""Money lines: what each is for, and those that nothing books because they are a share of others."""

from __future__ import annotations

from collections.abc import Iterator

from flywheel_sim.errors import nearest
from flywheel_sim.journey.journey import Line
from flywheel_sim.journey.units import Quantity
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.money_specs import LineSpec
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EffectsSpec, EventSpec, OutcomeSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_, Raw
from flywheel_sim.scenario.source.values import Ref

#: The largest share, ten times what is earned; a larger one is taken for a mistake.
MOST_SHARE = 10.0


def _books(root: Raw, name: str) -> bool:
    """Tell whether a file books on a line: as a lever, resource or cost, or under an ``earn`` or a ``spend``."""

    def paid(raw: Raw) -> bool:
        if not isinstance(raw, dict):
            return False
        amounts = (raw[side] for side in ("earn", "spend") if isinstance(raw.get(side), dict))
        return any(name in lines for lines in amounts) or any(paid(lines) for lines in raw.values())

    named = (root.get(part) for part in ("levers", "resources", "costs"))
    return any(isinstance(section, dict) and name in section for section in named) or any(
        paid(root.get(part)) for part in ("journey", "while")
    )


class LineReader:
    """Reads what a file says about its lines, given every line on which the file books."""

    def __init__(self, context: Context) -> None:
        self.context, self.note, self.specs = context, context.notes.note, context.specs
        owners: list[StageSpec | WhileSpec] = [*self.specs.stages.values(), *self.specs.sets.values()]
        booked = [part for owner in owners for part in _parts(owner)]
        self.earned = dict.fromkeys(line for part in booked for line in part.earn or ())
        self.spent = dict.fromkeys(line for part in booked for line in part.spend or ())
        self.others = dict.fromkeys(name for part in ("levers", "resources", "costs") for name in self.written(part))

    def lines(self) -> dict[str, Line]:
        """Return what the file says of its lines by name; those with problems are left out."""
        lines = {}
        for name, spec in self.specs.lines.items():
            try:
                lines[name] = self.line(name, spec)
            except Unusable:
                continue
        return lines

    def line(self, name: str, spec: LineSpec) -> Line:
        """Return what the file says of one line."""
        path = ("lines", name)
        if spec.share is not None or spec.of is not None:
            return self.derived(name, spec, path)
        known = {*self.earned, *self.spent, *self.others}
        if name not in known:
            if name in self.context.names.channels:
                raise self.note(("lines",), None, f"'{name}' is a channel, and what brings people is acquisition",
                                "remove the line", name)  # fmt: skip
            if not self.all_read():
                raise Unusable
            base = self.context.choices.base
            if base is not None and _books(base.root, name):
                raise Unusable  # a strategy does without what the file books on it
            rule = f"nothing is booked on '{name}', and no lever, cost or resource bears that name"
            raise self.note(("lines",), None, rule, nearest(name, known), name)
        spends = name in self.spent or name in self.others
        if spec.kind is not None and not spends:
            raise self.note((*path, "kind"), spec.kind, f"'{name}' is earned, and what is earned is revenue",
                            "remove the kind, or name a line of spend")  # fmt: skip
        if spec.recurring is not None and name not in self.earned:
            raise self.note(path, None, f"'{name}' is spent, and recurring revenue is earned", "remove it", "recurring")
        return Line(name, spec.kind or "", spec.recurring is not False)

    def derived(self, name: str, spec: LineSpec, path: Path_) -> Line:
        """Return a line that is a share of others."""
        for word in ("share", "of"):
            if getattr(spec, word) in (None, []):
                raise self.note(path, None, f"'{word}' is required: a derived line is a share of other lines",
                                "write {share: 2.9 %, of: sales}", word)  # fmt: skip
        if name in {*self.earned, *self.spent, *self.others, *self.context.names.channels}:
            raise self.note(("lines",), None, f"'{name}' is booked already, and a derived line follows from others",
                            "rename one of the two", name)  # fmt: skip
        for index, of in enumerate(spec.of or ()):
            place = (
                (*path, "of", str(index))
                if isinstance(self.context.notes.tree.at((*path, "of")), list)
                else (*path, "of")
            )
            if of in self.earned:
                if of in (spec.of or ())[:index]:
                    raise self.note(place, of, "this line stands twice", "name it once")
                continue
            if of in self.specs.lines and (
                self.specs.lines[of].share is not None or self.specs.lines[of].of is not None
            ):
                raise self.note(place, of, "a share is of money that is booked, and this line is a share itself",
                                "name the lines it is a share of")  # fmt: skip
            if of in self.spent or of in self.others:
                raise self.note(place, of, "a share is of money that is earned, and this is spent",
                                "name a line under 'earn'")  # fmt: skip
            if not self.all_read():
                raise Unusable
            raise self.note(place, of, "nothing is earned on a line of that name", nearest(of, self.earned))
        if spec.recurring and spec.kind:
            raise self.note(path, None, "a derived line with a kind is spend, and recurring revenue is earned",
                            "remove 'recurring' or 'kind'", "recurring")  # fmt: skip
        share = self.share(spec.share, (*path, "share"))
        return Line(name, spec.kind or "", bool(spec.recurring), share, tuple(spec.of or ()))

    def share(self, given: Quantity | Ref | None, path: Path_) -> float:
        """Return the share that a derived line is of others, the same for everybody and always."""
        if isinstance(given, Quantity):
            return literal_share(self.context, given, path)
        assert given is not None
        value, _ = self.context.constant(
            given, path, "chance", "the share of a line is the same for everybody, at all times",
            f"write it as an amount where the money is earned: spend: {{fees: {given.name} of sales}}",
        )  # fmt: skip
        return value

    def written(self, section: str) -> list[str]:
        """Return the names in a section as written, whether or not what they name can be read."""
        items = self.context.notes.tree.root.get(section)
        return list(items) if isinstance(items, dict) else []

    def all_read(self) -> bool:
        """Tell whether every stage and set could be read, so that all lines are known."""
        written = len(self.context.names.stages) + len(self.context.notes.tree.root.get("while") or ())
        return len(self.specs.stages) + len(self.specs.sets) == written


def literal_share(context: Context, given: Quantity, path: Path_) -> float:
    """Return a share written as a percentage, of either sign.

    Raises
    ------
    Unusable
        After noting that it is none.
    """
    if given.form != "percent" or given.per_ms or given.per_what or given.reading:
        raise context.notes.note(path, given.text, "a share is a percentage", "write 2.9 %, or -4 %")
    if abs(given.number) > MOST_SHARE:
        raise context.notes.note(path, given.text, "a share is at most ten times what is earned", "write 42 %")
    return given.number


def _parts(owner: StageSpec | WhileSpec) -> Iterator[StageSpec | WhileSpec | EffectsSpec]:
    """Yield everything of a stage or set that may book money."""
    yield owner
    if owner.on_entry is not None:
        yield owner.on_entry
    events: dict[str, EventSpec] = owner.events or {}
    for event in events.values():
        yield event
        tables = [event.outcomes or {}, event.to if isinstance(event.to, dict) else {}]
        yield from (outcome for way in tables for outcome in way.values() if isinstance(outcome, OutcomeSpec))
