"""Random journeys over the whole language, for people who do not affect one another.

`journey` makes one up from `Choices`, as nested dicts of raw texts that `writing.to_yaml` writes out;
`journeys` is the same as a hypothesis strategy. Nearly all load, end, and have a few hundred events or
more. How often each part of the language occurs is counted by `constructs.constructs`.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from flywheel_sim.journey.units import MONTH, parse

from . import amounts as m
from . import figures as f
from . import plans as c
from . import random_events as e
from .choices import Drawn, Seeded

MOST_CLOCKS = 16
HORIZONS = (
    "13 months", "400 days", "24 months", "27 weeks", "36 months", "1000 days", "11 years", "5 years", "121 months"
)  # fmt: skip
STARTS = ("", "2027-01-01", "2027-05-17", "2028-02-29", "2026-12-31", "2027-07-02")
NAMES = ("visit", "trial", "user", "member", "club", "quiet", "asleep", "guest", "friend")
ROLES = ("prospect", "customer", "lapsed", "aside")


@dataclass
class Plan:
    """A stage before anything happens in it."""

    name: str
    index: int
    role: str
    phase: str = ""
    tail: bool = False
    at_once: bool = False


@st.composite
def journeys(draw):
    """Make up journey files, as nested dicts of raw texts."""
    return journey(Drawn(draw))


def seeded(seed):
    """Return the journey of a seed."""
    return journey(Seeded(seed))


def journey(choose):
    """Return a journey file, as nested dicts of raw texts."""
    horizon = choose.one(HORIZONS)
    w = f.World(choose, int(parse(horizon).number), choose.one(STARTS), choose.one(["EUR", "USD", "JPY", "KWD"]))
    w.tied = choose.yes(30)
    return m.with_lines(w, filled(w, horizon))


def filled(w, horizon):
    """Return the journey file of a world of which nothing but its time is settled."""
    choose = w.choose
    plans = w.plans = _plans(w)
    w.stages = tuple(p.name for p in plans)
    feeds = {"brought": "head", **({"told": "head"} if choose.yes(25) else {})}
    feeds |= {"invited": "tail"} if choose.yes(80) else {}
    feeds |= {"shown": "tail"} if choose.yes(35) else {}
    sources = choose.some(["ads", "shop", "fair", "base", "import"], least=2, most=3)
    w.channels = (*sources, *feeds)
    attributes = _attributes(w)
    channels = w.crowd(c.channels(w, plans, sources, feeds))
    tails = tuple(name for name, end in feeds.items() if end == "tail")
    w.room = dict.fromkeys(w.stages, MOST_CLOCKS)
    while_ = _sets(w, plans, tails)
    stages = {p.name: _stage(w, plans, p, tails) for p in plans}
    _bring(w, plans, stages, feeds)
    _reach(w, plans, stages, channels, feeds, while_)
    stages = {name: _short(w, spec) for name, spec in stages.items()}
    raw = {"name": "Made up", "horizon": horizon}
    if w.start:
        raw["start"] = w.start
    raw["currency"] = w.currency
    if choose.yes(60):
        raw["discount"] = choose.one(["10 % per year", "4.5 % per year"])
    if choose.yes(40):
        beyond = [f"{int(parse(horizon).number // MONTH) + months} months" for months in (1, 14)]
        raw["follow"] = choose.one([*(s for s in w.spans(100, 1) if parse(s).number % MONTH == 0), *beyond])
    named = [a.name for a in w.attributes.values() if a.kind == "levels"]
    if named and choose.yes(50):
        raw["report_by"] = choose.some(named, most=2)
    levers = e.levers(w, plans, stages, while_)
    costs = c.costs(w)
    if period := c.fineness(w):
        raw["period"] = period
    parts = {"rates": w.rates, "attributes": attributes, "channels": channels, "costs": costs, "while": while_}
    raw |= {key: spec for key, spec in parts.items() if spec}
    raw["journey"] = stages
    if levers:
        raw["levers"] = levers
    if choose.yes(40):
        raw["strategies"] = e.strategies(w, stages, while_, channels)
    return raw


# -- people -----------------------------------------------------------------------------------------


def _attributes(w):
    """Return the section of attributes, and let the world know them."""
    choose = w.choose
    attributes = [
        f.Attr("plan", "levels", ("basic", "premium")), f.Attr("was", "levels", ("basic", "premium")),
        f.Attr("mood", "levels", ("low", "mid", "high")), f.Attr("score", "counter", (), 0, 40),
        f.Attr("best", "counter", (), 0, 40), f.Attr("debt", "counter", (), -5, 9),
        f.Attr("seats", "counter", (), 1, 12), f.Attr("silence", "stopwatch"),
        f.Attr("tenure", "stopwatch"), f.Attr("kind", "levels", ("a", "b", "c")),
    ]  # fmt: skip
    raw = {}
    chosen = choose.some(attributes, least=2, most=7)
    for attr in chosen:
        attr.watched = choose.yes(60)
        w.attributes[attr.name] = attr
    shared = w.share()
    for index, attr in enumerate(chosen):
        if attr.kind == "stopwatch":
            raw[attr.name] = "stopwatch"
        elif attr.kind == "counter":
            raw[attr.name] = {"counts": f"{attr.low} to {attr.high}"}
        elif choose.yes(50):
            raw[attr.name] = f.drawn_levels(w, attr, f"draw {index}", len(attr.levels))
        else:
            raw[attr.name] = list(attr.levels)
    return raw | shared


# -- stages and sets --------------------------------------------------------------------------------


def _plans(w):
    """Return the stages: the last live one or two are the tail, one or two exits follow."""
    choose = w.choose
    count = choose.whole(3, 6)
    names = [*NAMES[:count]]
    plans = []
    for index, name in enumerate(names):
        role = choose.weighted(customer=45, prospect=25, lapsed=18, aside=12)
        if index == 0 and choose.yes(60):
            role = "prospect"
        if index == 1 and choose.yes(80):
            role = "customer"
        at_once = 0 < index < count - 1 and choose.yes(18)
        phase = choose.one(["", "awake", "loyal"])
        plans.append(Plan(name, index, role, phase, at_once=at_once))
    if not any(p.role == "customer" for p in plans):
        plans[1].role = "customer"
    plans[-1].tail, plans[-1].at_once = True, False
    if count > 4 and choose.yes(40):
        plans[-2].tail = True
    exits = ["lost", "gone"][: choose.whole(1, 2)]
    return plans + [Plan(name, count + i, "exit") for i, name in enumerate(exits)]


def _sets(w, plans, tails):
    """Return the section ``while``, whose events leave room for those of stages."""
    choose, raw = w.choose, {}
    live = [p for p in plans if p.role != "exit"]
    for number in range(choose.one([0, 0, 1, 1, 2, 3])):
        kind = choose.weighted(listed=55, role=25, phase=20)
        one = choose.one(live)
        if kind == "listed":
            name, inside = f"span{number}", choose.some(live, most=4)
        else:
            name = one.role if kind == "role" else one.phase
            inside = [p for p in live if name == (p.role if kind == "role" else p.phase)]
        if not name or name in raw or not inside:
            continue
        where = e.Host(name, tuple(p.name for p in inside), max(p.index for p in inside),
                       any(p.tail for p in inside), True)  # fmt: skip
        raw[name] = {"in": list(where.members)} if kind == "listed" else {}
        feeds = () if where.tail else tails
        raw[name] |= _owner(w, feeds)
        events = {}
        for n in range(choose.whole(0 if len(raw[name]) > (kind == "listed") else 1, 3)):
            if w.left(where.members) >= 9:
                event, count = e.event(w, plans, where, w.left(where.members) - 4, feeds)
                events[f"{name[0]}{n}"] = event
                w.add_clocks(where.members, count)
        if events:
            raw[name]["events"] = events
        if raw[name].keys() <= {"in"}:
            del raw[name]
    return raw


def _owner(w, feeds):
    """Return what stages and sets have beside events: effects on entry, money that accrues."""
    choose, raw = w.choose, {}
    if choose.yes(35):
        effects = e.effects(w, False, feeds if choose.yes(40) else (), full=30)
        if effects:
            raw["on_entry"] = effects
    return raw | m.accruing(w)


def _stage(w, plans, plan, tails):
    """Return a stage in the long form."""
    choose = w.choose
    raw = {"role": plan.role}
    if plan.phase:
        raw["phase"] = plan.phase
    feeds = () if plan.tail else tails
    if plan.role == "exit":
        if choose.yes(15):
            raw |= {"on_entry": effects} if (effects := e.effects(w, full=30)) else {}
        return raw
    raw |= _owner(w, feeds)
    where = e.Host(plan.name, (plan.name,), plan.index, plan.tail)
    if plan.at_once:
        event = e.at_once(w, plans, where, feeds)
        w.add_clocks([plan.name])
        return {**raw, "events": {plan.name: event}}
    events = {}
    if plan.tail and choose.yes(25):
        return raw if choose.yes(50) else {key: spec for key, spec in raw.items() if key in ("role", "phase")}
    for n in range(choose.whole(1, 4)):
        if not events or w.left([plan.name]) >= 6:
            event, count = e.event(w, plans, where, w.left([plan.name]) - 3, feeds)
            events[f"e{n}"] = event
            w.add_clocks([plan.name], count)
    return {**raw, "events": events}


def _bring(w, plans, stages, feeds):
    """Add events that bring people: seldom for those who bring others in turn, else as often as it happens."""
    choose = w.choose
    able = [p for p in plans if p.role != "exit" and not p.tail and not p.at_once]
    for channel, end in feeds.items():
        for n in range(choose.whole(1, 2)):
            plan = choose.one([p for p in able if w.room[p.name] > 1] or able)
            w.add_clocks([plan.name])
            again = end == "tail" or choose.yes(60)
            more = e.effects(w, full=20, periods=() if again else m.ANY)
            if again:
                often = (0.3, 3) if end == "tail" else (0.2, 0.7)
                event = {"every": f.rate(w, *often), **more, "refer": channel}
            else:
                odds = {"value": choose.one(["20 %", "35 %"]), "by": {"generation": {"2": "0 %"}}}
                brings = {"chance": odds, **more, "refer": channel}
                event = {"after": f.rate(w, 2, 6), "outcomes": {"brings": brings, "not": "rest"}}
            stages[plan.name]["events"][f"bring_{channel}{n}"] = event


def _reach(w, plans, stages, channels, feeds, while_):
    """Let an event lead to every stage that nobody would reach."""
    lead = {p.name: set(_goals(stages[p.name])) for p in plans}
    for name, spec in while_.items():
        for inside in spec.get("in") or [p.name for p in plans if name in (p.role, p.phase)]:
            lead[inside] |= set(_goals(spec))
    reached, waiting = set(), [spec["enters"] for name, spec in channels.items() if name not in feeds]
    while True:
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += lead[name]
        missing = next((p for p in plans if p.name not in reached), None)
        if missing is None:
            return
        hosts = [p for p in plans if p.name in reached and p.role != "exit" and not p.at_once]
        hosts = [p for p in hosts if not p.tail or missing.tail or missing.role == "exit"]
        host = min(hosts, key=lambda p: (w.room[p.name] < 1, p.index > missing.index, -w.room[p.name], -p.index))
        goal = {"after": f.rate(w, 0.5, 5, spread=False, value=False), "to": missing.name}
        stages[host.name].setdefault("events", {})[f"to_{missing.name}"] = goal
        w.add_clocks([host.name])
        waiting.append(missing.name)


def _goals(raw):
    for event in (raw.get("events") or {}).values():
        to = event.get("to")
        if isinstance(to, str):
            yield to
        elif to:
            yield from (name for name in to if name != "stay")
        for spec in (event.get("outcomes") or {}).values():
            if isinstance(spec, dict) and "to" in spec:
                yield spec["to"]


def _short(w, raw):
    """Return a stage as short as it may be written, or not quite."""
    if list(raw) == ["role"]:
        return raw["role"]
    events = raw.get("events") or {}
    if len(events) == 1 and not {"earn", "spend"} & set(raw) and w.choose.yes(70):
        only = next(iter(events.values()))
        if not only or not ({"after", "every", "when", "on_date", "to", "outcomes"} & set(only)):
            return raw
        return {key: spec for key, spec in raw.items() if key != "events"} | only
    return raw
