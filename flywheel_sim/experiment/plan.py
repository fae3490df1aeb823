"""What is to be run together: journeys under names, all on the same people with the same luck."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey

Name = TypeVar("Name", bound=Hashable)
Read = TypeVar("Read")


@dataclass
class Plan(Generic[Name]):
    """Journeys to be run, each under one name or several; what stands under several names is run once.

    Attributes
    ----------
    seed
        The luck; each journey's own seed unless given.
    jobs
        What is run.
    at
        For each name the index of its job.
    """

    seed: int | None
    jobs: list[Job] = field(default_factory=list)
    at: dict[Name, int] = field(default_factory=dict)

    def add(self, name: Name, journey: Journey) -> None:
        """Have a journey run under a name."""
        self.at[name] = len(self.jobs)
        self.jobs.append(Job(journey, journey.seed if self.seed is None else self.seed))

    def share(self, name: Name, known: Name) -> None:
        """Have a name stand for what is run under another."""
        self.at[name] = self.at[known]

    def run(
        self, replications: int, options: RunOptions, read: Callable[[Runs], Read], whole: Collection[Name] = ()
    ) -> tuple[dict[Name, Read], dict[Name, Runs]]:
        """Run all, and return by name what is read of every run, and the whole runs of some.

        Parameters
        ----------
        replications, options
            How often, and how.
        read
            Gives what is to be known of the runs of one journey; unless asked for whole, no more of them is kept.
        whole
            Names whose runs are kept, in the order in which they are returned.
        """
        kept: dict[int, Runs] = {}
        wanted = {self.at[name] for name in whole}

        def keep(index: int, runs: Runs) -> Read:
            if index in wanted:
                kept[index] = runs
            return read(runs)

        read_of: list[Read] = replicate_jobs(self.jobs, replications, options, keep=keep)
        return {name: read_of[index] for name, index in self.at.items()}, {name: kept[self.at[name]] for name in whole}
