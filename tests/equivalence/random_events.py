"""Random events of the language: clocks, outcomes, effects; and the rules that let every run end.

A move that may take no time leads to a later stage only, effects of a ``when`` never make another one
true, and people who bring people without end are kept few. So no journey runs in a circle in an
instant, and none feeds itself.
"""

import datetime as dt
import re
from dataclasses import dataclass

from flywheel_sim.journey.units import MONTH, parse

from . import amounts as m
from . import figures as f

#: What may be drawn by an event, and by one of its outcomes: two draws of one firing go by two names.
DRAWN_LEVELS = {False: ("plan", "mood"), True: ("was", "kind")}


@dataclass(frozen=True)
class Host:
    """A stage, or a set of them, with what holds for events there.

    ``last`` is the highest index of its stages; ``tail`` whether people in one of them bring nobody, so
    that any number may be brought there; ``inside`` whether it is a set.
    """

    name: str
    members: tuple
    last: int
    tail: bool
    inside: bool = False


def targets(w, plans, where, instant):
    """Return the stages an event may lead to."""
    if instant:
        return [p.name for p in plans if p.index > where.last]
    if where.tail:
        return [p.name for p in plans if p.tail or p.role == "exit"]
    return [p.name for p in plans]


# -- effects ----------------------------------------------------------------------------------------


def setting(w, attr, lower, drawn=()):
    """Return what an attribute is set to; ``lower`` where it may make nothing true, ``drawn`` what may be drawn."""
    choose = w.choose
    others = [a.name for a in w.attributes.values() if a.name != attr.name and a.kind == attr.kind
              and (a.levels, a.low, a.high) == (attr.levels, attr.low, attr.high)]  # fmt: skip
    copied = bool(others) and choose.yes(30)
    if attr.kind == "levels":
        if lower:
            return attr.levels[0]
        if copied:
            return choose.one(others)
        return f.drawn_levels(w, attr) if attr.name in drawn and choose.yes(60) else choose.one(attr.levels)
    if attr.kind == "counter":
        if lower:
            return str(attr.low)
        return choose.one(others) if copied else str(choose.whole(attr.low, attr.high))
    if lower or not (copied or choose.yes(35)):
        return "0 days"
    return choose.one(others) if copied else choose.one(["never", "never", *w.spans()[:4]])


def effects(w, whens=False, feeds=(), full=40, inner=False, earned=(), periods=m.ANY):
    """Return effects, perhaps none.

    ``feeds`` are channels they may refer to, ``inner`` says they are an outcome's, ``earned`` are lines on which the
    event earns, ``periods`` those that an amount may have.
    """
    choose, raw = w.choose, {}
    if choose.yes(full) and w.attributes:
        chosen = choose.some(w.attributes.values(), most=2)
        if choose.yes(30):
            chosen = chosen[::-1]
        raw["set"] = {a.name: setting(w, a, whens and a.watched, DRAWN_LEVELS[inner]) for a in chosen}
    m.booked(w, raw, periods, full, inner, earned)
    counters = [a for a in w.attributes.values() if a.kind == "counter"]
    if counters and choose.yes(full):
        chosen = choose.some(counters, most=2)
        again = [a for a in counters if a.name in raw.get("set", {}) and a not in chosen]
        chosen += again if choose.yes(50) else []
        raw["add"] = {a.name: _added(w, a, whens, bool(earned) or "earn" in raw) for a in chosen}
        raw["add"] = {name: n for name, n in raw["add"].items() if n != "0"}
    if feeds and choose.yes(full):
        raw["refer"] = choose.some(feeds, most=2)
        if len(raw["refer"]) == 1 and choose.yes(70):
            raw["refer"] = raw["refer"][0]
    return {key: spec for key, spec in raw.items() if spec}


def _added(w, attr, whens, earns):
    if whens and attr.watched:
        return str(-w.choose.whole(1, 6))
    return w.choose.one(["1", "5", "-1", "-3", "12", *(["earned"] * 4 * earns)])


# -- outcomes ---------------------------------------------------------------------------------------


def outcomes(w, plans, where, raw, instant, at_once, period=None, whens=False, feeds=(), periods=m.ANY):
    """Add to an event where it leads: nowhere, to a stage, or by chance."""
    choose = w.choose
    goals = targets(w, plans, where, instant)
    shape = choose.weighted(**({} if at_once else {"stays": 25}), one=15, to=35, outcomes=25)
    if shape == "stays" or not goals:
        return raw
    if shape == "one":
        return {**raw, "to": choose.one(goals)}
    ends = choose.some(goals, most=3)
    if shape == "to":
        names = [*ends, *(["stay"] if not at_once and (len(ends) == 1 or choose.yes(60)) else [])]
        moves = dict.fromkeys(names, "")
    else:
        moves = {f"o{i}": end for i, end in enumerate(ends)}
        if not at_once:
            moves["nothing"] = ""
    names = list(moves)
    if len(names) == 1:
        names, moves = [*names, "none"], moves
        if at_once or shape == "to":
            return {**raw, "to": ends[0]}
    if choose.yes(25):
        names.reverse()
    odds = chances(w, names, where, plans, period, shape)
    table = {}
    for name in names:
        inner = effects(w, whens, feeds, full=18, inner=True, earned=m.lines_of(raw), periods=periods)
        goal = {"to": moves[name]} if moves.get(name) else {}
        more = goal or inner
        table[name] = {"chance": odds[name], **goal, **inner} if more else odds[name]
    lines = [line for one in table.values() if isinstance(one, dict) for line in m.lines_of(one)]
    raw = {**raw, shape: table}
    if lines and choose.yes(35):
        m.share(w, raw, choose.one(lines))
    return raw


def chances(w, names, where, plans, period, shape):
    """Return a chance for each name, reaching 100 % together."""
    choose = w.choose
    two = {"alone": 45, "counted": 8} if len(names) == 2 else {}
    way = choose.weighted(rest=30, exact=14, **two)
    if way == "alone":
        first, second = (names[0], names[1]) if choose.yes(50) else (names[1], names[0])
        period_text = _reading(w, first, where, plans, period, shape) if period and choose.yes(60) else ""
        low, high = (60, 97) if "kept" in period_text else (5, 80)
        return {
            name: f.chance(w, low, high, period=period_text) if name == first else "rest" for name in (first, second)
        }
    if way == "rest":
        left = choose.one(names)
        share = 92 / max(len(names) - 1, 1)
        return {n: "rest" if n == left else f.chance(w, 2, share, alone=False) for n in names}
    if way == "counted":
        return {names[0]: "20 of 30", names[1]: "10 of 30"}
    parts = {2: ("35 %", "65 %"), 3: ("20 %", "30 %", "50 %"), 4: ("10 %", "20 %", "30 %", "40 %")}[len(names)]
    return dict(zip(names, parts, strict=True))


def _reading(w, name, where, plans, period, shape):
    """Return how a chance may be said per period, of an event whose fixed period is given."""
    roles = {p.name: p.role for p in plans}
    if where.inside or shape != "to":
        reading = "kept" if name == "stay" else ""
    elif name == "stay" or roles[name] == roles[where.name]:
        reading = "kept"
    else:
        reading = "lost"
    plain = f" per {period}"
    return w.choose.one([plain, f" {reading} per {w.choose.one(['year', '6 months'])}" if reading else plain])


# -- events -----------------------------------------------------------------------------------------


def event(w, plans, where, room, feeds):
    """Return an event with how many clocks it starts, at most so many."""
    choose = w.choose
    kind = choose.weighted(
        after=16, after_rate=10, after_drawn=12, several=8, every=18, every_rate=14, every_drawn=4, on_date=8, when=22,
        renewal=14,
    )  # fmt: skip
    if kind == "when" or room < 3:
        raw = {"when": conditions(w, where)}
        if raw["when"]:
            return _whole(w, plans, where, raw, True, feeds, whens=True), 1
        kind = "after_rate"
    if kind == "renewal":
        return renewal(w, plans, where), 1
    period, instant, periods = None, False, m.ANY
    if kind == "after":
        span = f.duration(w, never=True, zero=True)
        instant = span == "0 days"
        raw, period = {"after": span}, _fixed(w, span)
    elif kind in ("every", "every_rate", "every_drawn"):
        raw, period, periods = _again(w, kind)
    elif kind == "after_rate":
        raw = {"after": f.rate(w, 0.3, 6)}
    elif kind == "after_drawn":
        raw = {"after": f.wait(w)}
    elif kind == "several":
        spans = ["0 days", *w.spans(40, 2)] if choose.yes(40) else w.spans(40, 2)
        chosen = choose.some(spans, least=2, most=min(3, room))
        instant = "0 days" in chosen
        raw = {"after": chosen}
        if choose.yes(20):
            raw = {"after": [*chosen[:-1], f.wait(w)]}
    else:
        instant = True
        raw = {"on_date": date(w) if choose.yes(50) else [date(w), date(w)]}
    count = len(next(iter(raw.values()))) if isinstance(next(iter(raw.values())), list) else 1
    return _whole(w, plans, where, raw, instant, feeds, period, periods=periods), count


def _again(w, kind):
    """Return the clock of an event that comes again and again, the period of its chances, and those of its amounts."""
    if kind == "every_rate":
        return {"every": f.rate(w, 0.3, 8)}, None, ()
    if kind == "every_drawn":
        return {"every": f.wait(w)}, None, ()
    span = f.duration(w, 40, never=True)
    if w.choose.yes(12):
        axis = w.choose.one(w.axes("event"))
        span = {"value": w.choose.one(w.spans(40, 1.5)), "by": {axis: dict.fromkeys(w.part(axis)[:1], "never")}}
    return {"every": span}, _fixed(w, span), periods_of(w, span)


def periods_of(w, span):
    """Return the one period that an amount may have, of a clock whose figure is a duration or a table, or none."""
    durations = {one for one in _durations(w, span) if one != "never"}
    return tuple(f" per {_unit(one)}" for one in durations) if len(durations) == 1 and "times" not in str(span) else ()


def _durations(w, span):
    while isinstance(span, str) and span in w.rates:
        span = w.rates[span]
    if isinstance(span, str):
        yield span
        return
    if "times" in span:
        yield from ("1 day", "2 days")
    for spec in (*([span["value"]] if "value" in span else []), *next(iter(span.get("by", {}).values()), {}).values()):
        yield from _durations(w, spec)


def _unit(span):
    count, unit = span.split(" ")
    return unit if count == "1" else span


def _whole(w, plans, where, raw, instant, feeds, period=None, whens=False, periods=m.ANY):
    """Return an event with its effects and where it leads."""
    allowed = feeds if "every" not in raw or w.choose.yes(30) else ()
    raw = {**raw, **effects(w, whens, allowed, full=25, periods=periods)}
    raw = outcomes(w, plans, where, raw, instant, False, period, whens, allowed, periods)
    if len(raw) > 1:
        return raw
    side = w.choose.one(["earn", "spend"])
    return {**raw, side: {w.choose.one(m.LINES): m.amount(w, side, periods)}}


def at_once(w, plans, where, feeds):
    """Return an event without a clock."""
    return outcomes(w, plans, where, effects(w, False, feeds, full=15), True, True, feeds=feeds)


def _fixed(w, span):
    """Return the period that a chance may name, of a clock whose figure is one duration."""
    while isinstance(span, str) and span in w.rates:
        span = w.rates[span]
    if not isinstance(span, str) or span in ("0 days", "never"):
        return None
    return _unit(span)


def renewal(w, plans, where):
    """Return what a subscription does: it is paid for again, or ends."""
    choose = w.choose
    goals = targets(w, plans, where, False)
    span = choose.one([s for s in ("1 month", "2 months", "3 months", "1 year") if s in w.spans(140, 2)])
    period = _fixed(w, span)
    goal, roles = choose.one(goals), {p.name: p.role for p in plans}
    paid = {"earn": {choose.one(m.LINES): m.amount(w, "earn", (f" per {period}",))}}
    if choose.yes(25):
        m.share(w, paid, next(iter(paid["earn"])))
    if choose.yes(30) and not where.inside and roles[goal] != roles[where.name]:
        odds = f.chance(w, 5, 60, period=" lost per year")
        return {"every": span, "to": {goal: odds, "stay": {"chance": "rest", **paid}}}
    reading = choose.one([f" per {period}", " kept per year", ""])
    return {"every": span, "to": {"stay": {"chance": f.chance(w, 60, 97, period=reading), **paid}, goal: "rest"}}


def conditions(w, where):
    """Return the conditions of a ``when``: of watched attributes, times, what is built in."""
    choose = w.choose
    when = {}
    for attr in choose.some([a for a in w.attributes.values() if a.watched], least=0, most=2):
        if attr.kind == "levels":
            when[attr.name] = choose.one(attr.levels)
        elif attr.kind == "counter":
            when[attr.name] = str(choose.whole(attr.low + 1, attr.high))
        else:
            when[attr.name] = choose.one(w.spans(60, 1.2))
    if not when or choose.yes(25):
        built = choose.one(
            ["calendar", "generation", "referrer", "channel", *(["month"] * 3), *(["stage"] * 8 * where.inside)]
        )
        if built == "calendar":
            when[built] = w.choose.one(w.spans(60, 1.2))
        elif built == "generation":
            when[built] = choose.one(["1", "2"])
        elif built == "referrer":
            when[built] = choose.one(f.REFERRER[::-1])
        elif built == "channel":
            when[built] = choose.one(w.channels)
        elif built == "month" and w.start:
            when[built] = choose.one(f.MONTHS)
        elif built == "stage" and where.inside:
            when[built] = choose.one(where.members)
    return when


def date(w):
    """Return an instant of the run: an offset, or a date where the run has a start."""
    if w.start and w.choose.yes(50):
        days = int(w.horizon / MONTH * 30)
        first = dt.date.fromisoformat(w.start)
        return (first + dt.timedelta(days=w.choose.whole(1, days))).isoformat()
    return w.choose.one([s for s in w.spans(60, 1.01) if parse(s).number < w.horizon])


# -- levers and strategies --------------------------------------------------------------------------


def levers(w, plans, stages, while_):
    """Return levers that move rates with a reference value."""
    choose, raw = w.choose, {}
    if not w.movable or not choose.yes(60):
        return raw
    events = _names(stages, while_)
    for number, name in enumerate(choose.some(w.movable, most=2)):
        kind, unit, value = w.movable[name]
        up = choose.yes(60)
        if kind == "chance":
            higher = value + (99 - value) * 0.3
        else:
            higher = value * 1.6
        without, limit = (value * 0.6, higher) if up else (higher, value * 0.7)
        moves = {"without": f.plain(without) + unit, "limit": f.plain(limit) + unit}
        plan = choose.one([p for p in plans if p.role != "exit"])
        spend = {
            "role": f"3 per {plan.role} per month",
            "stage": f"2 per {plan.name} per month",
            "event": f"4 per {choose.one(events)}",
            "month": "300 per month",
            "friction": None,
        }[choose.weighted(role=3, stage=3, event=3, month=3, friction=2)]
        spec = {"moves": {name: moves if spend else {"without": moves["without"]}}}
        raw[f"lever{number}"] = {"spend": spend, **spec} if spend else spec
    return raw


def _names(stages, while_):
    """Return the names of the events of stages and sets, those left out that are written inline."""
    tables = [one for one in (*stages.values(), *while_.values()) if isinstance(one, dict)]
    return [name for one in tables for name in one.get("events") or ()]


def _spends(w, spec):
    """Tell whether a plan is not nothing at first, nor ever where the channel comes later."""
    spend = spec["spend"]
    while isinstance(spend, str) and spend in w.rates:
        spend = w.rates[spend]
    levels = "[^}]*" if "from" in spec else "'[^']*'"
    return not re.search(f"'calendar': {{{levels}: '0[ ']", repr(spend))


def strategies(w, stages, while_, channels):
    """Return strategies: the file itself, one that spends otherwise, one that does without."""
    choose, raw = w.choose, {"today": {}}
    events = [name for name in _names(stages, while_) if name.startswith("bring")]
    if events and choose.yes(60):
        raw["less"] = {
            "without": [choose.one(events), *choose.some([f"channel.{one}" for one in list(channels)[1:]], 0, 1)]
        }
    spent = [name for name, spec in channels.items() if "spend" in spec and _spends(w, spec)]
    if spent and choose.yes(60):
        raw["more"] = {"spend": {spent[0]: "70 per month"}}
    return raw
