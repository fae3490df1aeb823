"""Who brought whom in one run: families, how deep they go, and what their whole line is worth.

A family is a root, somebody whom nobody referred, with everybody descended from it: those it brought, those whom these
brought, and so on. All is read from the people table of one run, up to the horizon, so young families are cut short.
`Runs.generations` counts generations over many runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import NDArray

from flywheel_sim import arguments as takes
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import How, Model, Strategies, one_of, scenario_of, verb
from flywheel_sim.experiment.replicate import run
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.result import Provenance, Unreplicated, texts_of
from flywheel_sim.stats import figure

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]

#: Shares of the referrers whose part in all referred customers the answer states.
TOP = (0.01, 0.05, 0.10)

#: Columns by which families can be put in order.
SIZES = ("customers", "people", "generations", "revenue", "contribution", "lineage")


@dataclass(frozen=True)
class ReferralTree(Unreplicated):
    """Who brought whom in one run; frozen.

    Attributes
    ----------
    journey
        What was run.
    source
        Where it comes from.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> tree = fs.referral_tree("referral_programme", strategies="generous")
    >>> tree.biggest(3, by="revenue").shape[0], tree.referrers <= len(tree.people())
    (3, True)
    """

    journey: Journey
    source: Provenance
    _people: pd.DataFrame = field(repr=False)
    _families: pd.DataFrame = field(repr=False)

    def people(self) -> pd.DataFrame:
        """Return everybody, one row per person, by time of arrival.

        Columns: key, referrer ("" for roots), root (key of the head of the family), generation (0 for roots), channel,
        stage (at the end), customer (whether they ever were one), born, acquired, churned (months from the start, NaN
        never; churned is when they first left), brought and brought_customers (people they referred themselves, and
        those of them who became customers), revenue and cost (in the currency; the cost is all that was booked on the
        person, also before they bought, and no spend of channels), margin (revenue minus cost of sales and service
        since acquisition, discounted to it).
        """
        return self._people.copy()

    def frame(self) -> pd.DataFrame:
        """Return the families, one row per root who ever was a customer or brought somebody; the largest first.

        Columns: root, channel, born, acquired (months from the start, NaN never), people and customers (with the root),
        generations (the last one that holds a customer, counted from the root, which is 0), revenue, cost,
        contribution (revenue minus cost), lineage (margin of all, each discounted to the acquisition of the root, as
        the metric `lineage_value` has it, but up to the horizon; NaN where the root was not acquired within the run).
        """
        return self._families.copy()

    def biggest(self, n: int = 10, by: str = "customers") -> pd.DataFrame:
        """Return the biggest families.

        Parameters
        ----------
        n
            How many.
        by
            A column of `SIZES`.

        Raises
        ------
        ExperimentError
            If there is no such size.
        """
        if takes.NAME.of("by", by) not in SIZES:
            raise ExperimentError(f"by is '{by}', which is no size of a family; {nearest(by, SIZES)}")
        most = takes.whole(1, 2**31, "10").of("n", n)
        ordered = self._families.sort_values(by, ascending=False, kind="stable", na_position="last")
        return ordered.head(most).reset_index(drop=True)

    @property
    def referrers(self) -> int:
        """Return how many people brought at least one other, whether or not it bought."""
        return int((self._people["brought"] > 0).sum())

    @property
    def referred_customers(self) -> int:
        """Return how many customers somebody referred."""
        return int(self._people["brought_customers"].sum())

    def top_share(self, share: float = 0.1) -> float:
        """Return which share of the referred customers the most successful referrers brought, in %.

        Referrers are those who brought at least one person; of n of them, the top is n × share, rounded up. NaN where
        no referred person became a customer.

        Parameters
        ----------
        share
            Of the referrers, above 0 and at most 1.

        Raises
        ------
        ExperimentError
            If the share lies outside.
        """
        share = takes.number(0, 1, "0.1", open_low=True).of("share", share)
        if not self.referred_customers:
            return math.nan
        best = np.sort(self._people["brought_customers"].to_numpy())[::-1]
        top = math.ceil(round(share * self.referrers, 9))
        return float(100 * best[:top].sum() / self.referred_customers)

    def answer(self) -> str:
        """Return in words how much is referred, by how few, and how far families go."""
        customers = int(self._people["customer"].sum())
        if not self.referred_customers:
            return f"Nobody whom a customer referred became one: {customers:,} customers, all by themselves."
        largest = self.biggest(1).iloc[0]
        shares = ", ".join(f"the top {100 * part:g} % brought {self.top_share(part):.0f} %" for part in TOP)
        unit = self.journey.currency or ""
        generations = int(largest["generations"])
        return (
            f"{self.referred_customers:,} of {customers:,} customers were referred. Of the {self.referrers:,} people "
            f"who brought anybody, {shares} of them. The biggest family has {int(largest['customers']):,} customers in "
            f"{generations} generation{'s' * (generations != 1)} after its root, and a revenue of "
            f"{figure(largest['revenue'])} {unit}."
        )

    def table(self) -> pd.DataFrame:
        """Return the biggest families, as texts."""
        return texts_of(self.biggest().drop(columns="root"))

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return "The biggest families of one run, which have no interval; times are months from the start"

    def rows(self) -> pd.DataFrame:
        """Return the biggest families."""
        return self.biggest()


@verb(replication=takes.whole(0, 2**32 - 1, "0"))
def referral_tree(
    model: Model,
    *,
    strategies: Strategies = None,
    replication: int = 0,
    **how: Unpack[How],
) -> ReferralTree:
    """Tell who brought whom in one run.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    strategies
        One of its strategies; the file as written unless given.
    replication
        Which run; each has its own luck.
    how
        How to run: seed, workers, executor, progress, engine, limits (``docs/asking.md``).

    Raises
    ------
    ExperimentError
        If nobody can be referred in this journey.
    ConfigError
        If there is no such strategy.
    SimulationError
        If the run meets a limit.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.referral_tree("referral_programme", strategies="generous").referred_customers > 0
    True
    """
    scenario = scenario_of(model)
    strategy = one_of(scenario, strategies, "fs.referral_tree")
    written = scenario.unmatched_journey(strategy)
    if all(channel.removed for channel in written.channels if channel.kind == "referral"):
        whose = f"with strategy '{strategy}' " if strategy else ""
        remedy = "write a channel without a source, and an event with 'refer' that names it"
        raise ExperimentError(f"'{scenario.name}' {whose}has no channel of referrals; {remedy}")
    done = run(scenario, strategies=strategy, replication=replication, people=True, **how)
    assert done.people is not None
    people = _people(done.journey, done.people)
    return ReferralTree(done.journey, done.source, people, _families(done.journey, people))


def roots(generation: IntArray, parent: IntArray) -> IntArray:
    """Return the row of everybody's root.

    Parameters
    ----------
    generation
        0 for roots, otherwise one more than the referrer's; shape (people,).
    parent
        Row of the referrer, -1 for roots; shape (people,).
    """
    heads = np.arange(len(parent), dtype=np.int64)
    for level in range(1, int(generation.max(initial=0)) + 1):
        rows = np.flatnonzero(generation == level)
        heads[rows] = heads[parent[rows]]
    return heads


def _people(journey: Journey, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table that `ReferralTree.people` shows, from the people table of a run."""
    import pandas as pd

    roles = {stage.name: stage.role for stage in journey.stages}
    present = [c.name for c in journey.channels if c.kind == "present" and roles[c.enters] in ("customer", "lapsed")]
    customer = (table["acquired"] >= 0) | table["channel"].isin(present)
    parent = pd.Index(table["key"]).get_indexer(table["referrer"])
    head = roots(table["generation"].to_numpy(), parent)
    referred, bought = parent >= 0, (parent >= 0) & customer.to_numpy()
    months = {name: table[name].where(table[name] >= 0) / MONTH for name in ("born", "acquired", "churned")}
    return pd.DataFrame({
        "key": table["key"],
        "referrer": table["referrer"],
        "root": table["key"].to_numpy()[head],
        "generation": table["generation"],
        "channel": table["channel"],
        "stage": table["stage"],
        "customer": customer,
        **months,
        "brought": np.bincount(parent[referred], minlength=len(table)),
        "brought_customers": np.bincount(parent[bought], minlength=len(table)),
        "revenue": table["revenue"],
        "cost": table["cost"],
        "margin": table["margin_discounted"],
    })  # fmt: skip


def _families(journey: Journey, people: pd.DataFrame) -> pd.DataFrame:
    """Return the table that `ReferralTree.frame` shows."""
    import pandas as pd

    of = people.set_index("key").loc[people["root"]].reset_index()
    began = of["acquired"].to_numpy()
    later = np.exp(-journey.force * MONTH * (people["acquired"].fillna(0) - began))
    members = pd.DataFrame({
        "root": people["root"],
        "customers": people["customer"],
        "generations": people["generation"].where(people["customer"], 0),
        "revenue": people["revenue"],
        "cost": people["cost"],
        "lineage": people["margin"] * later,
    })  # fmt: skip
    grouped = members.groupby("root", sort=False)
    families = grouped[["customers", "revenue", "cost"]].sum()
    families["people"] = grouped.size()
    families["generations"] = grouped["generations"].max()
    families["contribution"] = families["revenue"] - families["cost"]
    families["lineage"] = grouped["lineage"].sum(min_count=1)
    heads = people.set_index("key").loc[families.index]
    families = families.join(heads[["channel", "born", "acquired"]])
    families.loc[families["acquired"].isna(), "lineage"] = math.nan
    families = families[heads["customer"] | (families["people"] > 1)].rename_axis("root").reset_index()
    columns = ["root", "channel", "born", "acquired", "people", "customers", "generations", "revenue", "cost",
               "contribution", "lineage"]  # fmt: skip
    ordered = families.sort_values(["customers", "people"], ascending=False, kind="stable")
    return ordered[columns].reset_index(drop=True)
