"""Random channels with figures over time, by calendar and month or from files, and costs that are due on dates."""

from pathlib import Path

from flywheel_sim.journey.units import MONTH, parse

from . import figures as f
from . import random_events as e

#: A plan whose rows hold from a date on, before and within most runs; and how many people come on what dates.
PLAN, ARRIVALS = (Path(__file__).with_name(name) for name in ("plan.csv", "arrivals.csv"))


def channels(w, plans, sources, feeds):
    """Return the section of channels."""
    choose = w.choose
    live = [p for p in plans if p.role != "exit"]
    raw = {}
    for name in (*sources, *feeds):
        if name in feeds:
            spec = {"enters": choose.one([p for p in live if p.tail == (feeds[name] == "tail")]).name}
            if w.attributes and choose.yes(60):
                spec["inherits"] = choose.some(w.attributes, most=2)
        elif name == "base":
            spec = {"present": str(choose.whole(15, 40)), "enters": choose.one([p for p in live if not p.at_once]).name}
        else:
            spec = _batches(w, live[0].name) if name in ("fair", "import") else _flow(w, live[0].name)
            spec |= _window(w)
        if w.attributes and choose.yes(25):
            chosen = choose.some(w.attributes.values(), most=2)
            spec["set"] = {a.name: e.setting(w, a, False) for a in chosen}
            drawn = [a for a in chosen if a.kind == "levels"]
            if drawn and choose.yes(40):
                spec["set"][drawn[0].name] = f.drawn_levels(w, drawn[0], "arrival")
        raw[name] = spec
    return raw


def _batches(w, enters):
    """Return a channel whose people come together: once, again and again, on dates, or as a file says."""
    choose = w.choose
    spec = {"batch": str(choose.whole(30, 60)), "enters": enters}
    if choose.yes(35):
        spec["cost_per_batch"] = f.number(w, 10, 500, fine=True)
    if w.start and choose.yes(25):
        spec["batch"] = {"file": str(ARRIVALS), "column": choose.one(["few", "tour"])}
    elif choose.yes(50):
        spec["batch"] = str(choose.whole(8, 18))
        dates = choose.one([list(dict.fromkeys([e.date(w), e.date(w)])), e.date(w)])
        spec |= {"every": choose.one(w.spans(8, 2))} if choose.yes(50) else {"on": dates}
    return spec


def _window(w):
    """Return from when until when a channel with a source brings people, if that is limited."""
    choose, spec = w.choose, {}
    if choose.yes(20):
        spec["until"] = choose.one(w.spans(4, 1.01))
    end = parse(spec["until"]).number if spec else w.horizon
    early = [span for span in ("1 day", *w.spans(40, 3)) if parse(span).number < end]
    if choose.yes(22):
        spec = {"from": choose.one(early), **spec}
        if w.start and "until" not in spec and choose.yes(60):
            spec["from"] = e.date(w)
    return spec


def _flow(w, enters):
    """Return a channel whose people come one by one, by a rate or for money."""
    choose, months = w.choose, w.months
    people = choose.whole(45, 85)
    spec = {"enters": enters}
    if choose.yes(50):
        if choose.yes(40):
            spec = {"rate": f.rate(w, people / 2, people, "channel", spread=False), **spec}
        else:
            spec = {"rate": _over(w, "rate", people / months, "visits"), **spec}
        if choose.yes(40):
            spec["cost_per_arrival"] = _over(w, "money", choose.whole(1, 30), "some", zero=True)
        if choose.yes(20):
            spec["spend"] = _spend(w, choose.whole(5, 90), "some")
    else:
        price = choose.whole(5, 40)
        spec = {"spend": _spend(w, people * price / months, "budget"), **spec}
        file = isinstance(spec["spend"], dict) and "file" in spec["spend"]
        column = "price" if file and months <= 24 else ""
        price = 110 * w.horizon / _unit(w)[1] / people if file else price
        spec["cost_per_arrival"] = _over(w, "money", price, column)
        if choose.yes(60):
            spec["at_most"] = _over(w, "rate", 2 * people / months, "most")
    rate = spec.get("rate")
    if choose.yes(30) and not isinstance(rate, dict) and rate not in w.rates:
        axes = choose.some(w.axes("channel"))
        spec["times"] = {a: {one: choose.one((*f.FACTORS[:3], "0")) for one in w.part(a)} for a in axes}
    return spec


def _unit(w):
    """Return the period for which a plan is stated that brings neither too few nor too many, with its length."""
    word = "week" if w.months < 9 else "month" if w.months < 40 else "year"
    return f"per {word}", parse(f"1 {word}").number


def _spend(w, each, column):
    """Return what a channel spends per month, over time or by a plan."""
    return _over(w, "money", each, column, " per month", zero=True)


def _over(w, kind, each, column, unit="", zero=False):
    """Return a figure of a channel about as large as one: alone, by calendar and month, or from a column of a plan."""
    choose = w.choose
    flows = kind == "rate" or bool(unit)
    unit = " per month" if flows else ""
    way = choose.weighted(plain=30, table=40, **({"file": 30} if column and w.start else {}))
    if way == "file":
        return {"file": str(PLAN), "column": column, **({"unit": _unit(w)[0]} if flows else {})}
    if way == "plain":
        return f.plain(each) + unit
    return w.named(_seasons(w, each * 0.6, each * 1.3, unit, zero, kind == "money"), "plan")


def _seasons(w, low, high, unit, zero, fine):
    """Return a figure by calendar or month, or factors of one by both."""
    choose = w.choose
    if choose.yes(40):
        return f.table(w, low, high, unit, "channel", zero=zero, fine=fine)
    axis = choose.one([*w.axes("channel"), *(["month"] if w.start else [])])
    whole = axis == "calendar" and choose.yes(50)
    levels = w.cells(axis) if whole else choose.some(w.cells(axis), most=5)
    table = {one: f.number(w, low, high, fine) + unit for one in levels}
    if zero and choose.yes(30):
        table[levels[-1]] = "0" + unit
    return {"by": {axis: table}} if whole else {"value": f.number(w, low, high, fine) + unit, "by": {axis: table}}


def costs(w):
    """Return what is spent whoever comes: over time, on a date, on several."""
    choose, raw = w.choose, {}
    if choose.yes(30):
        raw["rent"] = f.number(w, 50, 900, fine=True) + choose.one([" per month", " per year", " per week"])
    if choose.yes(25):
        amount = f.number(w, 100, 9000, fine=True)
        if choose.yes(30):
            w.rates["once"] = {"value": amount, "uncertain": "20 % of mean"} if choose.yes(40) else amount
            amount = "once"
        dates = list(dict.fromkeys([e.date(w), "0 days", *w.spans(20, 0.5)[:3]]))
        raw["launch"] = {"amount": amount, "on": choose.some(dates, most=4) if choose.yes(60) else e.date(w)}
    return raw


def fineness(w):
    """Return how fine the books are kept, "" where the file does not say: days for short runs alone."""
    years = w.horizon / (12 * MONTH)
    fine = {"day": 24} if years <= 2.5 else {}
    return w.choose.weighted(unsaid=58, month=6, **({"week": 18} if years <= 6 else {}), **fine).replace("unsaid", "")
