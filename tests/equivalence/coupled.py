"""Random journeys of people who affect one another: a finite market, staff, attributes that all share.

`seeded` makes one up as `generate` does, small and in a world of few instants: waits, services, patience,
batches, staffing and seasons are multiples of one day or of a tenth of a month, so that much happens at
the same moment. Then some events ask for staff and some wait for a shared attribute.

Runs end for the reasons given in `random_events`: an event that may take no time leads to a later stage only,
and so does giving up where asking takes none. What a ``when`` does never makes another one true in one's
own eyes; one that waits for a shared attribute brings nobody.
"""

import re
from dataclasses import dataclass, field

from flywheel_sim.journey.units import parse

from . import amounts as m
from . import figures as f
from . import generate as g
from . import random_events as e
from .choices import Seeded

DAYS = (
    "1 day", "2 days", "3 days", "5 days", "1 week", "10 days", "2 weeks", "20 days", "1 month", "5 weeks", "60 days",
    "2 months", "3 months", "150 days", "6 months",
)  # fmt: skip
TENTHS = (
    "36.5 hours", "73 hours", "146 hours", "219 hours", "365 hours", "1 month", "1095 hours", "2 months", "3 months",
    "4 months", "6 months",
)  # fmt: skip
HORIZONS = {
    DAYS: ("63 days", "2 months", "10 weeks", "100 days", "15 weeks", "150 days", "7 months"),
    TENTHS: ("2 months", "3 months", "1825 hours", "4 months", "5 months", "6 months", "8 months"),
}
LENGTHS = {units: {span: parse(span).number for span in units} for units in HORIZONS}
STARTS = ("2027-01-01", "2027-01-01", "2027-05-17", "2027-10-01", "")
RESOURCES = ("desk", "sales", "care")
CLOCKS = ("after", "every", "when", "on_date")
WEIGHTS = {2: (("0", "1"), ("-1", "1"), ("2", "0.5")), 3: (("-2", "0", "1"), ("0", "0.333333", "1"), ("3", "1", "2"))}


@dataclass
class SmallWorld(f.World):
    """A world of few instants, of which people share a little."""

    units: tuple = DAYS
    size: int = 100
    shared: dict = field(default_factory=dict)
    resources: dict = field(default_factory=dict)

    def spans(self, least=80, most=1.5):
        """Return durations of the grid that fit the horizon, at least two."""
        fit = [s for s, long in LENGTHS[self.units].items() if self.horizon / least <= long <= self.horizon / most]
        return fit if len(fit) > 1 else self.units[:2]

    def axes(self, place):
        """Return the names of what a figure in a place may depend on, what is shared more often than the rest."""
        axes = super().axes(place)
        return axes if isinstance(place, list) or place == "channel" else axes + list(self.shared) * 3

    def cells(self, axis):
        """Return all levels of a named axis, or some bounds of a numeric one, the lowest first."""
        if axis not in self.shared:
            return super().cells(axis)
        lowest, *others = self.shared[axis]
        return [lowest, *self.choose.some(others, most=3)]

    def share(self):
        """Return the attributes that all share, and know their bounds from now on."""
        choose, raw = self.choose, {}
        if choose.yes(25):
            raw["crowd"] = {"count_of": self._among()}
            self.shared["crowd"] = ["0", "1", "3", "8", "20", "45", "90"]
        able = [a for a in self.attributes.values() if a.kind in ("levels", "counter")]
        if not able or not choose.yes(50):
            return raw
        for name, of in zip(("stars", "mean"), choose.some(able, most=2), strict=False):
            of.watched = True
            spec = {"mean_of": of.name, "among": self._among()}
            if of.kind == "levels":
                weights = choose.one(WEIGHTS[len(of.levels)])
                spec["weights"] = dict(zip(of.levels, weights, strict=True))
                low, high = min(map(float, weights)), max(map(float, weights))
            else:
                low, high = float(of.low), float(min(of.high, 8))
            steps = {low + (high - low) * part for part in (0, 0.25, 0.5, 2 / 3, 0.8, 1)} | {0.0} & {low, 0.5, high}
            bounds = [f.plain(round(step, 6)) for step in sorted(steps)]
            spec["starts"] = choose.one(bounds)
            self.shared[name], raw[name] = bounds, spec
        return raw

    def _among(self):
        live = [p for p in self.plans if p.role != "exit"]
        choices = {
            "role": [p.role for p in live],
            "phase": [p.phase for p in live if p.phase],
            "stage": [p.name for p in live],
        }
        way = self.choose.weighted(role=40, phase=20, stage=15, listed=25)
        if way == "listed" or not choices[way]:
            return self.choose.some([p.name for p in live], least=2, most=4)
        return self.choose.one(sorted(set(choices[way])))

    def crowd(self, channels):
        """Return channels most of which bring people at the same instants."""
        choose, size = self.choose, min(self.size, 300) if self.shared else self.size
        sources = [name for name, spec in channels.items() if {"rate", "spend", "batch"} & set(spec)]
        for name in sources:
            spec = channels[name]
            if not choose.yes(75) or (isinstance(spec.get("batch"), dict) and choose.yes(60)):
                continue
            if choose.yes(75):
                span = choose.one(self.units[:6])
                batches = {"batch": "", "every": span}
                times = self.horizon / parse(span).number
            else:
                batches = {"batch": "", "on": list(dict.fromkeys(["0 days", e.date(self), e.date(self)]))}
                times = 3
            batches["batch"] = str(max(round(size / times / len(sources)), 1))
            settings = {key: spec[key] for key in ("enters", "from", "until", "set", "cost_per_batch") if key in spec}
            channels[name] = batches | settings
        return channels


def seeded(seed):
    """Return the journey of a seed."""
    return journey(Seeded(seed))


def journey(choose):
    """Return a journey file of people who affect one another, as nested dicts of raw texts."""
    units = choose.one([DAYS, TENTHS])
    horizon = choose.one(HORIZONS[units])
    w = SmallWorld(choose, int(parse(horizon).number), choose.one(STARTS), choose.one(["EUR", "JPY"]), units=units)
    w.size = choose.one([60, 120, 120, 240, 240, 500, 900])
    raw = g.filled(w, horizon)
    for name in w.shared:
        if not any(name in repr(part) for key, part in raw.items() if key != "attributes"):
            _price(w, raw, name)
    _wait_for_shared(w, raw)
    staff = choose.yes(80) or not w.shared
    if staff:
        w.resources = _resources(w)
        _staff_events(w, raw)
    if choose.yes(40):
        raw["market"] = str(_market(w, raw))
    if choose.yes(20):
        raw["warm_up"] = "1 month"
    _strategies(w, raw)
    return m.with_lines(w, raw)


def _price(w, raw, name):
    """Let money depend on a shared attribute that nothing else depends on."""
    raw["while"] = raw.get("while", {})
    price = {"by": {name: {one: f.number(w, 1, 9) + " per month" for one in w.cells(name)}}}
    live = [p.name for p in w.plans if p.role != "exit"]
    raw["while"][f"all_{name}"] = {"in": live, "earn": {"fee": price}}


def _market(w, raw):
    """Return how many people there are: so few that they run out, no fewer than are present."""
    present = sum(int(spec.get("present", 0)) for spec in raw["channels"].values())
    return max(present, round(min(w.size, 300) * w.choose.one([0.15, 0.3, 0.5, 0.8])), 12)


def _resources(w):
    """Return who serves: few people, at times none."""
    choose, raw = w.choose, {}
    for name in choose.some(RESOURCES, most=3):
        spec = raw[name] = {"people": _people(w, name)}
        if choose.yes(35):
            spec["hours"] = f"{choose.one(['84', '56', '42', '168', '30'])} per week"
        if choose.yes(50):
            spec["cost"] = f.number(w, 100, 5000) + " per person per month"
        if choose.yes(50):
            spec["queue_limit"] = choose.one(["0", "1", "2", "5", "12"])
        if choose.yes(50):
            spec["target"] = choose.one([*w.units[:3], "7 hours"])
    return raw


def _people(w, name):
    choose = w.choose
    way = choose.weighted(plain=35, calendar=30, all=15, month=20)
    if way == "month" and w.start:
        months = choose.some(f.MONTHS, least=3, most=7)
        people = {"value": choose.one(["1", "2", "3"]), "by": {"month": {m: choose.one("0123") for m in months}}}
    elif way in ("calendar", "all"):
        bounds = choose.some([s for s in w.spans(80, 1) if parse(s).number < w.horizon], most=5)
        people = {"by": {"calendar": {one: choose.one("0123") for one in bounds}}}
        if way == "all":
            people["by"]["calendar"] = {"0 days": choose.one("0123"), **people["by"]["calendar"]}
        else:
            people = {"value": choose.one("123"), **people}
    else:
        people = choose.one(["1", "1", "2", "3", "4"])
    levels = next(iter(people["by"].values())) if isinstance(people, dict) else {}
    if levels and "value" not in people and set(levels.values()) == {"0"}:
        levels[list(levels)[-1]] = "1"
    if choose.yes(25):
        w.rates[f"team_{name}"] = people
        return f"team_{name}"
    return people


# -- staff ------------------------------------------------------------------------------------------


def _places(w, raw):
    """Give every live stage and set that something happens in, with its raw form."""
    plans = {p.name: p for p in w.plans}
    for name, spec in (*raw["journey"].items(), *raw.get("while", {}).items()):
        if isinstance(spec, str) or spec.get("role") == "exit":
            continue
        if name in plans:
            inside = [plans[name]]
        else:
            inside = [
                p for p in w.plans if p.name in spec.get("in", ()) or ("in" not in spec and name in (p.role, p.phase))
            ]
        members, last = tuple(p.name for p in inside), max(p.index for p in inside)
        yield e.Host(name, members, last, any(p.tail for p in inside), name not in plans), spec


def _events(where, spec):
    """Return the events of a stage or set by name, one written inline too."""
    if "events" in spec:
        return spec["events"]
    return {where.name: spec} if {*CLOCKS, "to", "outcomes"} & set(spec) else {}


def _staff_events(w, raw):
    """Let some events ask for staff, add some that do nothing else on entry; keep who is asked."""
    choose = w.choose
    tails = {p.name for p in w.plans if p.tail}
    feeds = tuple(n for n, spec in raw["channels"].items()
                  if spec["enters"] in tails and not {"rate", "spend", "batch", "present"} & set(spec))  # fmt: skip
    places = list(_places(w, raw))
    for where, spec in places:
        for event in _events(where, spec).values():
            if choose.yes(45) and not _per_period(w, event) and not _invoices(w, event):
                _ask(w, where, event)
        alone = any(not {*CLOCKS, "staff"} & set(event) for event in _events(where, spec).values())
        for number in range(choose.one([0, 0, 1, 1, 2]) if "events" in spec and not alone else 0):
            if w.left(where.members) > 0:
                spec["events"][f"ask{number}"] = _asking(w, where, () if where.tail else feeds)
                w.add_clocks(where.members)
    asked = {event["staff"] for where, spec in places for event in _events(where, spec).values() if "staff" in event}
    if not asked:
        events = [(where, event) for where, spec in places for event in _events(where, spec).values()]
        where, event = next(one for one in events if not _per_period(w, one[1]) and not _invoices(w, one[1]))
        _ask(w, where, event)
        asked = {event["staff"]}
    raw["resources"] = {name: spec for name, spec in w.resources.items() if name in asked}


def _ask(w, where, event):
    """Let an event ask for staff, when its clock fires or, now and then, on entry instead."""
    instant = _takes_no_time(w, event)
    settings = _staff_settings(w, where, instant)
    lasting = settings["takes"] != "0 days"
    clock = next((key for key in ("after", "every") if key in event), None)
    if clock and lasting and not instant and w.choose.yes(15):
        del event[clock]
        settings |= {"gives_up": w.choose.one(e.targets(w, w.plans, where, True))} if "gives_up" in settings else {}
    event |= settings


def _per_period(w, event):
    """Tell whether a chance of an event holds per period, and so needs a clock of that period alone."""
    return bool(re.search("% (per|kept|lost)", _text_of(w, event)))


def _invoices(w, event):
    """Tell whether an amount of an event that comes again and again is stated per period, which no service has."""
    money = [spec.get(side, {}) for spec in (event, *_inner(event)) for side in ("earn", "spend")]
    return "every" in event and " per " in _text_of(w, money)


def _inner(event):
    tables = [spec for spec in (event.get("to"), event.get("outcomes")) if isinstance(spec, dict)]
    return [one for table in tables for one in table.values() if isinstance(one, dict)]


def _text_of(w, raw):
    """Return all texts of a part of a file, with those of the rates it names."""
    text, seen = repr(raw), set()
    while named := {name for name in w.rates if re.search(f"\\b{name}\\b", text)} - seen:
        seen |= named
        text += "".join(repr(w.rates[name]) for name in sorted(named))
    return text


def _asking(w, where, feeds):
    """Return an event that asks on entry."""
    raw = _staff_settings(w, where, True)
    instant = raw["takes"] == "0 days"
    more = e.effects(w, False, feeds, full=20)
    raw = e.outcomes(w, w.plans, where, raw | more, instant, False, feeds=feeds)
    return raw if more or {"to", "outcomes"} & set(raw) else {**raw, "spend": {"mail": f.money(w, 1, 5)}}


def _takes_no_time(w, event):
    """Tell whether the clock of an event may fire at the instant it starts."""
    if {"when", "on_date"} & set(event) or not {"after", "every"} & set(event):
        return True
    waits = event.get("after", event.get("every"))
    return "0 days" in (waits if isinstance(waits, list) else [waits])


def _staff_settings(w, where, instant):
    """Return whom an event asks, how long that takes, and who waits how long."""
    choose = w.choose
    name = choose.one(w.resources)
    raw = {"staff": name, "takes": _takes(w)}
    if choose.yes(70):
        if "queue_limit" not in w.resources[name] or choose.yes(75):
            raw["patience"] = _patience(w)
            instant |= raw["patience"] == "0 days"
        raw["gives_up"] = choose.one(e.targets(w, w.plans, where, instant))
    if choose.yes(40):
        raw["priority"] = choose.one(["1", "2", "3", "1000"])
    return raw


def _takes(w):
    """Return how long service takes."""
    way = w.choose.weighted(fixed=40, table=12, rate=22, drawn=20, zero=6)
    if way == "rate":
        return f.rate(w, 25, 120, zero=False)
    return _span(w, way, 4)


def _patience(w):
    """Return how long people wait for service."""
    way = w.choose.weighted(fixed=38, table=12, rate=18, drawn=28, zero=4)
    if way == "rate":
        return f.rate(w, 5, 60)
    return _span(w, way, 6)


def _span(w, way, longest):
    """Return one of the shorter durations of the grid, a table of them, or a distribution about one."""
    if way == "zero":
        return "0 days"
    short = list(w.units[:longest])
    if way == "fixed":
        return w.choose.one(short)
    if way == "table":
        return f.duration(w, 100, w.horizon / parse(short[-1]).number)
    middle = f.duration(w, 100, w.horizon / parse(short[-1]).number, tables=w.choose.yes(40))
    return f.distribution(w, w.choose.one(f.KINDS), (short[0], short[-1]), middle, {"column": "days", "unit": "hours"})


# -- what is shared, and strategies -----------------------------------------------------------------


def _wait_for_shared(w, raw):
    """Let some of those that wait for something, and bring nobody, wait for a shared attribute."""
    choose = w.choose
    if not w.shared:
        return
    for where, spec in _places(w, raw):
        for event in _events(where, spec).values():
            if "when" in event and "refer" not in repr(event).replace("referrer", "") and choose.yes(60):
                conditions = event["when"] if choose.yes(40) else {}
                name = choose.one(w.shared)
                event["when"] = {**conditions, name: choose.one(w.shared[name][1:])}


def _strategies(w, raw):
    """Add strategies with other staff, another market, or without what asks on entry."""
    choose, more = w.choose, {}
    for name, spec in raw.get("resources", {}).items():
        if isinstance(spec["people"], str) and spec["people"].isdigit() and choose.yes(30):
            more["other_staff"] = {"resources": {name: {"people": choose.one("1234")}}}
    if "market" in raw and choose.yes(25):
        more["larger"] = {"market": str(2 * int(raw["market"]))}
    asks = sorted({n for where, spec in _places(w, raw) for n in _events(where, spec) if n.startswith("ask")})
    if asks and choose.yes(25):
        more["unasked"] = {"without": [f"event.{asks[0]}"]}
    if more:
        raw["strategies"] = {"today": {}, **raw.get("strategies", {}), **more}
