"""Attributes that all share: the mean of one of each person's own over those in some stages, or how many they are."""

from __future__ import annotations

from flywheel_sim.errors import nearest
from flywheel_sim.journey.journey import Shared
from flywheel_sim.journey.units import Quantity
from flywheel_sim.scenario.rates.axes import scaled
from flywheel_sim.scenario.resolve.context import FileSpecs, WrittenNames
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.schema import ROLES, AttributeSpec, MeanSpec
from flywheel_sim.scenario.source.tree import Path_

#: The parts of one in which the mean of named levels is kept as a whole number, and the mean of a counter.
SCALE_OF_LEVELS, SCALE_OF_COUNTS = 1_000_000, 1_000
#: The largest weight of a level, and the largest count of which there is a mean.
MOST_WEIGHT, MOST_COUNT = 1_000, 1_000_000


class SharedAttributeReader:
    """Reads attributes that all share; they depend on no rate, so they are read before these."""

    def __init__(self, notes: Notes, specs: FileSpecs, names: WrittenNames) -> None:
        self.notes, self.note, self.specs, self.names = notes, notes.note, specs, names

    def shared(self, name: str, attribute: AttributeSpec) -> Shared | None:
        """Return an attribute that all share, or None after noting problems."""
        path, spec = ("attributes", name), attribute.mean
        if spec is None:
            stages = self.among(attribute.count_of or [], (*path, "count_of"))
            for stage in stages:
                if (counted := self.specs.stages.get(stage)) and counted.role == "exit":
                    self.note((*path, "count_of"), stage, f"people who are in the exit stage '{stage}' are gone",
                              "count those in other stages")  # fmt: skip
            return Shared(name, "", (), 1, stages, 0)
        stages = self.among(spec.among, (*path, "among"))
        try:
            of = self.averaged(spec.mean_of, (*path, "mean_of"))
            scale = SCALE_OF_COUNTS if of.counts is not None else SCALE_OF_LEVELS
            weights = self.weights(spec, of, path)
            starts = self.weight(spec.starts, (*path, "starts"), scale, "what a mean starts at")
        except Unusable:
            return None
        return Shared(name, spec.mean_of, weights, scale, stages, starts)

    def averaged(self, name: str, path: Path_) -> AttributeSpec:
        """Return the attribute of which another is the mean."""
        if name not in self.specs.attributes:
            if name in self.names.attributes:
                raise Unusable  # its own problems are noted there
            own = [other for other, spec in self.specs.attributes.items() if spec.levels or spec.counts]
            raise self.note(path, name, "no attribute of the file's own", nearest(name, own))
        attribute = self.specs.attributes[name]
        if attribute.shared or attribute.stopwatch:
            what = "shared by all" if attribute.shared else "a stopwatch"
            raise self.note(path, name, f"a mean is of named levels or of a counter, and '{name}' is {what}",
                            "name an attribute such as [basic, premium] or {counts: 0 to 100}")  # fmt: skip
        if attribute.counts is not None and max(-attribute.counts[0], attribute.counts[1]) > MOST_COUNT:
            raise self.note(path, name, f"a mean is of counts within {MOST_COUNT}, and '{name}' goes beyond",
                            "count fewer")  # fmt: skip
        return attribute

    def weights(self, spec: MeanSpec, of: AttributeSpec, path: Path_) -> tuple[int, ...]:
        """Return what each level weighs, times the scale; nothing for a counter."""
        example = f"write weights: {{{', '.join(f'{level}: {i}' for i, level in enumerate(of.levels[:3]))}}}"
        if of.counts is not None:
            if spec.weights is not None:
                raise self.note(path, None, f"levels have weights, and the counter '{spec.mean_of}' has none",
                                "remove them: a counter weighs its number", "weights")  # fmt: skip
            return ()
        if spec.weights is None:
            raise self.note(path, None, f"'weights' is required: what each level of '{spec.mean_of}' counts",
                            example, "weights")  # fmt: skip
        place = (*path, "weights")
        failed = False
        for level in spec.weights:
            if level not in of.levels:
                self.note(place, None, f"'{level}' is no level of '{spec.mean_of}'", nearest(level, of.levels), level)
                failed = True
        if not failed and (missing := [level for level in of.levels if level not in spec.weights]):
            self.note(path, None, f"every level of '{spec.mean_of}' has a weight", f"add {', '.join(missing)}",
                      "weights")  # fmt: skip
            failed = True
        weighted = []
        for level, weight in spec.weights.items():
            try:
                weighted.append((level, self.weight(weight, (*place, level), SCALE_OF_LEVELS, "a weight")))
            except Unusable:
                failed = True
        if failed:
            raise Unusable
        return tuple(dict(weighted)[level] for level in of.levels)

    def weight(self, given: Quantity, path: Path_, scale: int, what: str) -> int:
        """Return a number in whole parts of a scale."""
        most, digits = (MOST_WEIGHT, 6) if scale == SCALE_OF_LEVELS else (MOST_COUNT, 3)
        plain = given.form == "number" and not given.per_ms and not given.per_what
        parts = scaled(given.number, scale) if plain and abs(given.number) <= most else None
        if parts is None:
            rule = f"{what} is a number from -{most} to {most} with at most {digits} decimals"
            raise self.note(path, given.text, rule, "write -1, or 0.5")
        return parts

    def among(self, given: list[str], place: Path_) -> tuple[str, ...]:
        """Return the stages whose people count: those listed, or those of a role or a phase."""
        if isinstance(self.notes.tree.at(place), list):
            if not given:
                self.note(place[:-1], None, "the list is empty", "name a role, a phase or stages", place[-1])
            for index, stage in enumerate(given):
                if stage not in self.names.stages:
                    self.note((*place, str(index)), stage, "no stage of that name", nearest(stage, self.names.stages))
                elif stage in given[:index]:
                    self.note((*place, str(index)), stage, "this stage stands twice", "name it once")
            return tuple(given)
        name = given[0]
        meanings: set[tuple[str, ...]] = {(name,)} if name in self.names.stages else set()
        meanings |= {tuple(s for s, stage_spec in self.specs.stages.items() if stage_spec.role == name)}
        meanings |= {tuple(s for s, stage_spec in self.specs.stages.items() if stage_spec.phase == name)}
        meanings -= {()}
        if len(meanings) > 1:
            self.note(place, name, f"'{name}' means different stages: as a stage, a role or a phase",
                      "list the stages that are meant")  # fmt: skip
        elif not meanings and 0 < len(self.specs.stages) == len(self.names.stages):
            phases = {stage_spec.phase for stage_spec in self.specs.stages.values() if stage_spec.phase}
            self.note(place, name, "no role, phase or stage of this file", nearest(
                name, {*self.names.stages, *phases, *ROLES}))  # fmt: skip
        return next(iter(meanings), ())
