"""How often each part of the language that couples people occurs in a journey file, and what happened in a run."""

from collections import Counter

import numpy as np

from flywheel_sim.journey.calendar import staffing
from flywheel_sim.ledger import GAVE_UP, QUEUE, TURNED_AWAY

from .constructs import DISTRIBUTIONS
from .money_constructs import MONEY, MoneyConstructFinder

CLOCKS = ("after", "every", "when", "on_date")

#: Everything that random journeys of people who affect one another must together have.
CONSTRUCTS = """
market warm_up
resource:one resource:several people:plain people:calendar people:month people:all people:zero people:named
resource:hours resource:cost resource:queue_limit resource:queue_limit.zero resource:target
staff:entry staff:after staff:every staff:when staff:on_date staff:waits staff:dates staff:stage staff:set staff:inline
staff:beside staff:two_at_one staff:present staff:priority staff:refers staff:moves staff:stays
gives_up:patience gives_up:limit gives_up:both
takes:zero takes:duration takes:rate takes:table takes:fixed takes:exponential takes:uniform takes:triangular
takes:lognormal takes:weibull takes:gamma takes:erlang takes:empirical
takes:by.levels takes:by.counter takes:by.stopwatch takes:by.shared takes:by.month takes:by.calendar takes:by.referrer
takes:rate.levels takes:rate.stopwatch takes:rate.month takes:rate.shared takes:rate.counter takes:rate.referrer
patience:zero patience:duration patience:rate patience:table patience:fixed patience:exponential patience:uniform
patience:triangular patience:lognormal patience:weibull patience:gamma patience:erlang patience:empirical
patience:by.levels patience:by.stopwatch patience:by.shared patience:rate.levels patience:rate.stopwatch
patience:rate.month patience:rate.shared patience:rate.referrer
shared:count count:role count:phase count:stage count:list count:beside_mean lines:of_resource
counts:chance counts:clock counts:accrual counts:amount counts:when counts:takes counts:patience counts:draw
attribute:shared shared:of_levels shared:of_counter shared:several shared:role shared:phase shared:stage shared:list
shared:set shared:added
reads:chance reads:clock reads:accrual reads:amount reads:when reads:takes reads:patience reads:draw_on_arrival
reads:channel_set reads:set
strategy:people strategy:market strategy:unasked
by:shared times:shared by:referrer times:referrer effect:refer stage:at_once channel:present channel:inherits
lever:role lever:event costs report_by horizon:part_month spread:chance spread:rate uncertain:rate set:overlap
"""
COUPLED = (*CONSTRUCTS.split(), *MONEY)

#: What has to happen in their runs; ``ties`` are things that happen to different people at one instant.
HAPPENS = (
    *(name for name in QUEUE if not name.endswith("time")), "missed", "market:runs_out", "waiting:at_end",
    "served:at_end", "shared:moves", "won_back",
    "tie:gives_up+service", "tie:gives_up+staffing", "tie:gives_up+arrival", "tie:service+staffing",
    "tie:service+arrival", "tie:arrival+staffing", "tie:turned_away+service", "tie:turned_away+gives_up",
    "tie:two_channels", "tie:two_services", "tie:two_give_up", "tie:two_resources",
)  # fmt: skip


def constructs(raw):
    """Return how often each construct occurs in a journey file."""
    return CoupledConstructFinder(raw).count


class CoupledConstructFinder(MoneyConstructFinder):
    """Counts what couples people beside all else; ``place`` says for what a figure stands."""

    def __init__(self, raw):
        self.place = ""
        super().__init__(raw)

    def file(self):
        super().file()
        raw = self.raw
        self.see(*(key for key in ("market", "warm_up") if key in raw))
        resources = raw.get("resources", {})
        if resources:
            self.see("resource:several" if len(resources) > 1 else "resource:one")
        for spec in resources.values():
            self.resource(spec)
        for spec in raw.get("strategies", {}).values():
            self.see(*(["strategy:people"] if "resources" in spec else []))
            self.see(*(["strategy:market"] if "market" in spec else []))
            self.see(*(["strategy:unasked"] if "event.ask" in str(spec.get("without")) else []))
        if sum(kind == "shared" for kind in self.attributes.values()) > 1:
            self.see("shared:several")
        self.counts = {name for name, spec in raw.get("attributes", {}).items() if "count_of" in spec}
        self.means = {spec["mean_of"] for spec in raw.get("attributes", {}).values() if "mean_of" in spec}

    def resource(self, spec):
        self.see(*(f"resource:{key}" for key in ("hours", "cost", "queue_limit", "target") if key in spec))
        if spec.get("queue_limit") == "0":
            self.see("resource:queue_limit.zero")
        people = self.followed(spec["people"])
        if people is not spec["people"]:
            self.see("people:named")
        if isinstance(people, str):
            self.see("people:plain")
            return
        levels = next(iter(people["by"].values()))
        self.see("people:all" if "value" not in people else f"people:{next(iter(people['by']))}")
        self.see(*(["people:zero"] if "0" in levels.values() else []))

    def attribute(self, name, spec):
        if "count_of" in spec:
            self.see("shared:count", f"count:{self.people(spec['count_of'])}")
            self.see(*(["count:beside_mean"] if self.means else []))
        elif "mean_of" in spec:
            self.see("attribute:shared", f"shared:of_{self.attributes[spec['mean_of']]}")
            self.see(f"shared:{self.people(spec['among'])}")
        else:
            self.place = "draw_on_arrival"
            super().attribute(name, spec)
            self.place = ""

    def people(self, among):
        """Return how it is said in which stages people count."""
        if isinstance(among, list):
            return "list"
        return "role" if among in self.roles.values() else "stage" if among in self.roles else "phase"

    def channel(self, spec):
        self.place = "channel_set"
        super().channel(spec)
        self.place = ""

    def set_of_stages(self, name, spec):
        super().set_of_stages(name, spec)
        self.staffed(spec.get("events", {}), "set")

    def stage(self, name, spec):
        super().stage(name, spec)
        if isinstance(spec, dict):
            self.staffed(spec.get("events", {name: spec}), "stage" if "events" in spec else "inline")
            present = {one["enters"] for one in self.raw["channels"].values() if "present" in one}
            if name in present and "staff" in repr(spec):
                self.see("staff:present")

    def staffed(self, events, where):
        """Count in what company the staffed events of a stage or set are."""
        asked = [event["staff"] for event in events.values() if "staff" in event]
        if asked:
            self.see(f"staff:{where}")
            self.see(*(["staff:beside"] if len(events) > len(asked) else []))
            self.see(*(["staff:two_at_one"] if len(set(asked)) < len(asked) else []))

    # -- events ---------------------------------------------------------------------------------

    def event(self, event, stage):
        super().event(event, stage)
        if "staff" not in event:
            return
        clock = next((key for key in CLOCKS if key in event), "entry")
        several = isinstance(event.get(clock), list)
        self.see(f"staff:{clock}", *([{"after": "staff:waits", "on_date": "staff:dates"}[clock]] if several else []))
        self.see(*(["staff:priority"] if "priority" in event else []), *(["staff:refers"] if "refer" in event else []))
        self.see("staff:moves" if {"to", "outcomes"} & set(event) else "staff:stays")
        if "gives_up" in event:
            limit, patience = "queue_limit" in self.raw["resources"][event["staff"]], "patience" in event
            self.see(f"gives_up:{'both' if limit and patience else 'patience' if patience else 'limit'}")
        for part in ("takes", "patience"):
            if part in event:
                self.place = part
                self.kind_of_wait(part, event[part])
                self.wait(event[part])
                self.place = ""

    def kind_of_wait(self, part, spec):
        spec = self.followed(spec)
        if isinstance(spec, str):
            zero = spec.startswith("0 ")
            self.see(f"{part}:{'rate' if ' per ' in spec else 'zero' if zero else 'duration'}")
            return
        kind = next(iter(DISTRIBUTIONS & set(spec)), None)
        first = "" if kind else self.first(spec)
        self.see(f"{part}:{kind or ('rate' if ' per ' in first else 'table')}")

    def wait(self, spec):
        self.place = self.place or "clock"
        super().wait(spec)
        if self.place == "clock":
            self.place = ""

    def when(self, conditions):
        super().when(conditions)
        self.see(*(["reads:when"] if any(self.attributes.get(name) == "shared" for name in conditions) else []))
        self.see(*(["counts:when"] if self.counts & set(conditions) else []))

    # -- effects and figures --------------------------------------------------------------------

    def effects(self, spec):
        super().effects(spec)
        self.see(*(["shared:set"] if self.means & set(spec.get("set", {})) else []))
        self.see(*(["shared:added"] if self.means & set(spec.get("add", {})) else []))

    def draw(self, spec):
        outer, self.place = self.place, self.place or "set"
        super().draw(spec)
        if "by" in spec:
            self.reads(spec["by"], "chance")
        self.place = outer

    def figure(self, spec, kind, accrues=False):
        super().figure(spec, kind, accrues)
        spec = self.followed(spec)
        if isinstance(spec, dict):
            self.reads([*spec.get("by", {}), *spec.get("times", {})], kind, accrues)

    def reads(self, axes, kind, accrues=False):
        """Note what a figure depends on, and what is shared among that."""
        place = self.place or {"money": "accrual" if accrues else "amount"}.get(kind, kind)
        for axis in axes:
            if self.axis(axis) == "shared":
                self.see(f"reads:{place}")
            if axis in self.counts:
                self.see("counts:draw" if place in ("set", "draw_on_arrival", "channel_set") else f"counts:{place}")
            if place in ("takes", "patience"):
                self.see(f"{place}:{'rate' if kind == 'rate' else 'by'}.{self.axis(axis)}")


# -- what happened ----------------------------------------------------------------------------------


def happened(journey, run):
    """Return what happened in a run, each counted once a run at most."""
    ledger, layout = run.ledger, run.ledger.layout
    queue = ledger.queue.sum(axis=(0, 1))
    seen = {name for name, count in zip(QUEUE, queue, strict=True) if count}
    loads = ledger.backlog[-1].sum(axis=0)
    moves = np.diff(ledger.shared[:, :, 0], axis=0)
    seen |= {name for name, met in {
        "missed": ledger.flow[:, :, layout.role_flow("missed")].sum(),
        "won_back": ledger.flow[:, :, layout.role_flow("won_back")].sum(),
        "market:runs_out": journey.market == len(run.people),
        "waiting:at_end": loads[0], "served:at_end": loads[1], "shared:moves": moves.any(),
    }.items() if met}  # fmt: skip
    return Counter(seen | _ties(journey, run))


def _ties(journey, run):
    """Return what happened to different people, or to people and resources, at one instant."""
    staff = {
        ((owner.name if stage is None else stage), label): event.staff
        for owner in journey.owners
        for event in owner.events
        if event.staff
        for stage, label in (
            [(one, f"{owner.name}.{event.name}") for one in owner.stages]
            if hasattr(owner, "stages")
            else [(owner.name, event.name)]
        )
    }
    at = {}
    for time, person, stage, event, outcome in zip(
        *(run.events[name] for name in ("time", "person", "stage", "event", "outcome")), strict=True
    ):
        if (stage, event) in staff:
            what = {GAVE_UP: "gives_up", TURNED_AWAY: "turned_away"}.get(outcome, "service")
            at.setdefault((time, what), []).append((person, staff[stage, event].resource))
    arrivals = {}
    for time, channel in zip(run.people["born"], run.people["channel"], strict=True):
        arrivals.setdefault(time, set()).add(channel)
    changes = {step[0] for one in journey.resources for step in staffing(one, journey.phase, journey.horizon)[1:]}
    times = {what: {time for time, kind in at if kind == what} for what in ("gives_up", "turned_away", "service")}
    times |= {"arrival": set(arrivals), "staffing": changes}
    names = [name[4:].split("+") for name in HAPPENS if "+" in name]
    ties = {f"tie:{one}+{other}" for one, other in names if times[one] & times[other]}
    several = {
        "two_channels": any(len(channels) > 1 for channels in arrivals.values()),
        "two_services": any(kind == "service" and len(set(spec)) > 1 for (_, kind), spec in at.items()),
        "two_give_up": any(kind == "gives_up" and len(set(spec)) > 1 for (_, kind), spec in at.items()),
        "two_resources": any(len({one for _, one in spec}) > 1 for spec in at.values()),
    }
    return ties | {f"tie:{name}" for name, met in several.items() if met}
