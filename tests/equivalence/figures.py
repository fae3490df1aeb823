"""Random figures of the language: rates with their tables, durations, distributions, drawn levels.

Everything is a raw text or a nest of them, as it would stand in a file. `World` knows what a figure
may depend on.
"""

from dataclasses import dataclass, field
from pathlib import Path

from flywheel_sim.journey.units import MONTH, parse

SAMPLE = Path(__file__).with_name("sample.csv")

#: Amounts below a cent, down to the millionth.
TINY = ("0.004", "0.0005", "0.000001", "0.067", "0.002917")
#: On so many attributes the chances of one draw depend at most, all of them together.
MOST_AXES = 4
FACTORS = ("0.5", "0.8", "1.25", "1.5", "2")
BASES = ("channel", "referrer", "generation", "stage", "calendar", "month")
REFERRER = ("none", "present", "gone")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SPANS = (
    "1 month", "2 months", "3 months", "6 months", "1 year", "30 days", "1 week", "2 weeks", "45 days", "90 days",
    "3 days", "1 day", "18 months", "2 years", "100 hours", "5 years",
)  # fmt: skip


@dataclass
class Attr:
    """An attribute as the generator knows it; ``watched`` where a ``when`` may depend on it."""

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    watched: bool = False


@dataclass
class World:
    """What is known of a journey while it is made up: ``tied`` where all durations are whole months, ``room`` for how
    many more clocks every stage has.
    """

    choose: object
    horizon: int
    start: str = ""
    currency: str = "EUR"
    tied: bool = False
    attributes: dict = field(default_factory=dict)
    channels: tuple = ()
    stages: tuple = ()
    plans: tuple = ()
    rates: dict = field(default_factory=dict)
    movable: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)
    room: dict = field(default_factory=dict)

    @property
    def months(self):
        return self.horizon / MONTH

    @property
    def counters(self):
        """Return the names of the counters that may multiply money."""
        return [a.name for a in self.attributes.values() if a.kind == "counter" and a.low >= 0]

    def spans(self, least=80, most=1.5):
        """Return durations that fit the horizon: not too short to be over soon, not too long to matter."""
        fit = [s for s in SPANS if self.horizon / least <= parse(s).number <= self.horizon / most]
        whole = [s for s in fit if "month" in s or "year" in s] if self.tied else []
        return whole if len(whole) > 1 else fit

    def share(self):
        """Return the attributes that all share, and know them from now on: none where people live by themselves."""
        return {}

    def crowd(self, channels):
        """Return channels with as many people, and at such times, as this world has them come."""
        return channels

    def named(self, raw, kind="", movable=None):
        """Return a figure, or the name under which it now stands among the rates."""
        if not self.choose.yes(45):
            return raw
        name = f"r{len(self.rates)}_{kind or 'x'}"
        self.rates[name] = raw
        if movable is not None:
            self.movable[name] = movable
        if self.choose.yes(6):
            self.rates[f"{name}_too"] = name
            return f"{name}_too"
        return name

    # -- what figures depend on ---------------------------------------------------------------------

    def axes(self, place):
        """Return the names of what a figure in a place may depend on: a place may be a list of these names."""
        if isinstance(place, list):
            return place
        seasons = ["calendar", *(["month"] if self.start else [])]
        if place == "channel":
            return seasons
        if place == "arrival":
            return [*seasons, "channel", "generation", "referrer"]
        if place.startswith("draw "):  # of an attribute on arrival: those settled before
            return ["channel", "calendar", *list(self.attributes)[: int(place[5:])]]
        return [*self.attributes, *(b for b in BASES if b != "month" or self.start)]

    def cells(self, axis):
        """Return all levels of a named axis, or some bounds of a numeric one, the lowest first."""
        choose = self.choose
        fixed = {"channel": self.channels, "referrer": REFERRER, "month": MONTHS}
        if axis in fixed:
            return list(fixed[axis])
        if axis == "stage":
            return list(self.stages)
        if axis == "generation":
            return ["0", *choose.some(["1", "2", "3"])]
        if axis == "calendar" or self.attributes[axis].kind == "stopwatch":
            spans = sorted(self.spans(30, 1), key=lambda s: parse(s).number)
            return [choose.one(["0 days", "0 months"]), *choose.some(spans, most=3)]
        attr = self.attributes[axis]
        if attr.kind == "levels":
            return list(attr.levels)
        inner = sorted({attr.low + (attr.high - attr.low) * k // 10 for k in (1, 2, 4, 7)} - {attr.low})
        return [str(attr.low), *(str(i) for i in choose.some(inner, most=3))]

    def part(self, axis):
        """Return some levels of an axis, at least one."""
        return self.choose.some(self.cells(axis), most=3)

    # -- clocks -------------------------------------------------------------------------------------

    def left(self, stages):
        """Return how many more clocks there may be in each of some stages."""
        return min(self.room[name] for name in stages)

    def add_clocks(self, stages, count=1):
        """Take note of clocks that start in some stages."""
        for name in stages:
            self.room[name] -= count


# -- numbers ----------------------------------------------------------------------------------------


def number(w, low, high, fine=False):
    """Return a number on a grid between two ends, as text; where it is ``fine``, at times with six decimals."""
    value = low + (high - low) * w.choose.whole(0, 24) / 24
    way = w.choose.weighted(plain=80, six=13, tiny=7) if fine else "plain"
    if way == "tiny":
        return w.choose.one(TINY)
    return f"{value:.6f}".rstrip("0").rstrip(".") if way == "six" else plain(value)


def plain(value):
    """Return a number as text, three digits where it is small."""
    text = f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"
    if "e" in text:
        text = f"{value:.9f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def table(w, low, high, unit, place="event", zero=False, deep=2, value=True, fine=False):
    """Return a figure between two ends: alone, or with levels and factors that keep it between them."""
    choose = w.choose
    axes = [a for a in w.axes(place) if a not in ("month", "stage") or choose.yes(50)]
    shape = choose.weighted(alone=40, levels=14, all=12, times=16, both=10, nested=8)
    if shape == "alone" or not axes or not deep or not value:
        return number(w, low, high, fine) + unit
    if shape == "nested":
        axis = choose.one(axes)
        inner = table(w, low, high, unit, place, zero, 1, fine=fine)
        outer = {"by": {axis: {one: number(w, low, high, fine) + unit for one in w.part(axis)}}}
        level = next(iter(outer["by"][axis]))
        outer["by"][axis][level] = inner
        return {"value": number(w, low, high, fine) + unit, **outer}
    factors = {}
    if shape in ("times", "both"):
        for axis in choose.some(axes, most=2):
            factors[axis] = {one: choose.one((*FACTORS, "0") if zero else FACTORS) for one in w.part(axis)}
        for levels_of in factors.values():
            high /= max(1.0, *(float(f) for f in levels_of.values()))
        low = min(low, high / 2)
    raw = {}
    if shape != "all":
        raw["value"] = number(w, low, high, fine) + unit
    if shape != "times":
        left = [a for a in axes if a not in factors]
        if left:
            axis = choose.one(left)
            levels = w.cells(axis) if shape == "all" else w.part(axis)
            raw["by"] = {axis: {one: number(w, low, high, fine) + unit for one in levels}}
            if zero and choose.yes(20):
                raw["by"][axis][levels[-1]] = "0" + unit
    if factors:
        raw["times"] = factors
    return raw if "by" in raw or "times" in raw else number(w, low, high, fine) + unit


def _range(value):
    """Return a range around a figure, in its unit."""
    figure, _, unit = value.partition(" ")
    middle = float(figure)
    top = middle if unit.startswith("%") and middle * 1.1 > 100 else middle * 1.1
    return [f"{middle * 0.8:.6g} {unit}".strip(), f"{top:.6g} {unit}".strip()]


def _with(w, raw, kind, unit, spread, per="", doubt=True):
    """Add what a rate may carry: a counter, spread, uncertainty, a reason; name it or leave it inline."""
    choose = w.choose
    spec = {"value": raw} if isinstance(raw, str) else dict(raw)
    if per:
        spec["per"] = per
    extra = bool(per)
    if spread and choose.yes(30):
        extra = True
        if kind == "chance" and unit == " %" and choose.yes(40):
            spec = _beta(w)
        elif kind == "chance" and unit == " %" and isinstance(raw, str) and choose.yes(45):
            spec = _beta_in_a_level(w, raw)
        else:
            spec["spread"] = _by_level(w, kind) if choose.yes(30) else choose.one(SPREADS[kind])
    sure = doubt and isinstance(spec.get("value"), str)
    if sure and (kind != "chance" or spread) and choose.yes(12):
        extra = True
        spec["uncertain"] = _range(spec["value"]) if choose.yes(35) else choose.one(SPREADS[kind][:2])
    if extra and choose.yes(10):
        spec["why"] = "made up"
    figure = spec if extra else raw
    if "uncertain" in spec:
        name = f"r{len(w.rates)}_{kind}"
        w.rates[name] = spec
        return name
    movable = None
    if sure and (kind != "chance" or spread) and not spec["value"].startswith("0.000001"):
        movable = (kind, unit, float(spec["value"].split(" ")[0]))
    return w.named(figure, kind, movable)


def _beta(w):
    """Return a chance said by alpha and beta, at times with their mean beside them."""
    if w.choose.yes(40):
        mean, alpha, beta = w.choose.one([("25 %", "2", "6"), ("62.5 %", "5", "3"), ("36.8 %", "0.7", "1.2")])
        return {"value": mean, "spread": {"alpha": alpha, "beta": beta}}
    return {"spread": {"alpha": w.choose.one(["0.7", "2", "5"]), "beta": w.choose.one(["1.2", "3", "4.5"])}}


def _beta_in_a_level(w, raw):
    """Return a chance of which alpha and beta are said in one level, whose chance is their mean."""
    axis = w.choose.one(w.axes("event"))
    level = w.cells(axis)[-1]
    spread = {"value": w.choose.one(["0", "3 points"]), "by": {axis: {level: {"alpha": "20", "beta": "60"}}}}
    return {"value": raw, "by": {axis: {level: "25 %"}}, "spread": spread}


#: How people may differ around a figure; what it may be uncertain by stands first.
_WIDTHS = ("40 % of mean", "25 % of mean", {"shape": "0.6"})
SPREADS = {"chance": ("2 points", "4 points"), "rate": _WIDTHS, "money": _WIDTHS}


def _by_level(w, kind):
    """Return a spread by the levels of an attribute, in most of which people do not differ in one level."""
    axis = w.choose.one(w.axes("event"))
    spreads = SPREADS[kind]
    none = w.choose.one(["0", "0 points" if kind == "chance" else "0 % of mean"])
    if w.choose.yes(30):
        spec = {"by": {axis: {level: w.choose.one(spreads) for level in w.cells(axis)}}}
    else:
        spec = {
            "value": w.choose.one([*spreads, none]),
            "by": {axis: {one: w.choose.one(spreads) for one in w.part(axis)}},
        }
    if w.choose.yes(75):
        spec["by"][axis][w.choose.one(spec["by"][axis])] = none
    return spec


def chance(w, low=5, high=80, alone=True, period="", place="event"):
    """Return a chance; ``alone`` where only `rest` stands beside it."""
    unit = f" %{period}"
    if not period and w.choose.yes(8):
        return w.choose.one(["1 of 4", "20 of 30", "30 of 100"]) if high >= 67 else "1 of 20" if high >= 5 else "0 %"
    raw = table(w, low, high, unit, place, zero=not alone)
    return _with(w, raw, "chance", unit, alone)


def rate(w, least, most, place="event", spread=True, value=True, zero=True):
    """Return a rate that fires so often within the horizon, ``zero`` where it may not fire at all for some."""
    period, per = w.choose.one([(MONTH, " per month"), (12 * MONTH, " per year"), (7 * MONTH, " per 7 months")])
    times = w.horizon / period
    raw = table(w, least / times, most / times, per, place, zero=zero, value=value)
    return _with(w, raw, "rate", per, spread)


def money(w, low=1, high=90, per="", spread=True, negative=False, counter="", zero=True):
    """Return an amount of money, accruing or invoiced where it has a period, now and then times a counter."""
    if negative:
        low, high = (-high, -low) if w.choose.yes(40) else (-high / 2, high / 2)
    if not counter and w.counters and w.choose.yes(12):
        counter = w.choose.one(w.counters)
    if counter:
        low, high = low / 4, high / 4
    raw = table(w, low, high, per, zero=zero, fine=True)
    return _with(w, raw, "money", per, spread and not negative, counter, not negative)


def duration(w, least=80, most=1.5, never=False, zero=False, tables=True):
    """Return a duration: alone, with levels (some of them never), or with factors."""
    choose, spans = w.choose, w.spans(least, most)
    shape = choose.weighted(alone=60, levels=18, all=10, times=10) if tables else "alone"
    if zero and choose.yes(25):
        return "0 days"
    if shape == "alone":
        return w.named(choose.one(spans), "wait") if choose.yes(40) else choose.one(spans)
    axis = choose.one(w.axes("event"))
    if shape == "times":
        return w.named(
            {"value": choose.one(spans), "times": {axis: {one: choose.one(FACTORS) for one in w.part(axis)}}}, "wait"
        )
    levels = w.cells(axis) if shape == "all" else w.part(axis)
    raw = {"by": {axis: {one: choose.one(spans) for one in levels}}}
    if never and choose.yes(60):
        raw["by"][axis][levels[-1 if choose.yes(50) else 0]] = "never"
    return w.named(raw if shape == "all" else {"value": choose.one(spans), **raw}, "wait")


def distribution(w, kind, ends, middle, sample):
    """Return a distribution: of waits or of amounts, from texts that say a low, a high and a middle."""
    low, high = ends
    shape = w.choose.one(["0.5", "0.9", "2", "3.5"])
    return {
        "fixed": lambda: {"fixed": middle},
        "exponential": lambda: {"exponential": middle},
        "uniform": lambda: {"uniform": [low, high]},
        "triangular": lambda: {"triangular": [low, w.choose.one([low, high]), high]},
        "lognormal": lambda: {"lognormal": {"median": middle, "sigma": w.choose.one(["0.4", "0.8", "1.5"])}},
        "weibull": lambda: {"weibull": {"scale": middle, "shape": shape}},
        "gamma": lambda: {"gamma": {"mean": middle, "shape": shape}},
        "erlang": lambda: {"erlang": {"mean": middle, "shape": w.choose.one(["1", "2", "3"])}},
        "empirical": lambda: {"empirical": {"file": str(SAMPLE), **sample}},
    }[kind]()


KINDS = ("exponential", "uniform", "triangular", "lognormal", "weibull", "gamma", "erlang", "empirical", "fixed")


def wait(w):
    """Return a distribution of waits, none of them 0 by design."""
    spans = sorted(w.spans(60, 2), key=lambda s: parse(s).number)
    ends = (spans[0], spans[-1])
    kind = w.choose.one(KINDS)
    if kind == "exponential" and w.choose.yes(30):
        return {"exponential": rate(w, 1, 6)}
    return distribution(w, kind, ends, duration(w, 40, 2), {"column": "days", "unit": "days"})


def drawn_money(w, per="", counter=""):
    """Return a distribution of amounts, invoiced where it has a period."""
    kind = w.choose.one(KINDS)
    if kind == "empirical" and (per or counter):
        kind = "gamma"
    ends = tuple(f"{end}{per}" for end in ("2.50", "120"))
    if counter:
        ends = tuple({"value": end, "per": counter} for end in ends)
    middle = money(w, 5, 90, per, counter=counter, zero=False) if w.choose.yes(60) else table(w, 5, 90, per, fine=True)
    return distribution(w, kind, ends, middle, {"column": "money"})


def drawn_levels(w, attr, place="event", least=2):
    """Return chances of the levels of an attribute, perhaps by another attribute; at least so many levels.

    Together they depend on so few attributes that their table is never too large.
    """
    choose = w.choose
    few = choose.some(w.axes(place), most=MOST_AXES)
    levels, way = choose.some(attr.levels, least=least), choose.weighted(exact=50, rest=50)
    if choose.yes(30):
        axis = choose.one(few)
        return {"by": {axis: {one: _levels(w, levels, way, few) for one in w.cells(axis)}}}
    return _levels(w, levels, way, few)


def _levels(w, levels, way, place):
    if way == "exact":
        parts = w.choose.one([("30 %", "70 %"), ("55 %", "45 %")]) if len(levels) == 2 else ("20 %", "30 %", "50 %")
        return dict(zip(levels, parts, strict=True))
    raw = {one: chance(w, 2, 90 / len(levels), alone=False, place=place) for one in levels[:-1]}
    return {**raw, levels[-1]: "rest"}
