"""How often each part of the language occurs in a journey file, so that a test can say what it covered."""

from collections import Counter

from flywheel_sim.journey.units import YEAR, looks_like_quantity, parse

DISTRIBUTIONS = {
    "fixed", "exponential", "uniform", "triangular", "lognormal", "weibull", "gamma", "erlang", "empirical"
}  # fmt: skip
SETTINGS = (
    "at_most", "every", "on", "until", "times", "set", "inherits", "cost_per_arrival", "cost_per_batch"
)  # fmt: skip
ROLES = ("prospect", "customer", "lapsed", "exit", "aside")

#: Everything that random journeys together must have.
CONSTRUCTS = """
channel:rate channel:spend channel:at_most channel:batch channel:every channel:on channel:present channel:referral
channel:until channel:times channel:set channel:inherits channel:cost_per_arrival channel:cost_per_batch
channel:calendar channel:month channel:set.draw
attribute:first attribute:drawn attribute:drawn.by attribute:counter attribute:counter.negative attribute:stopwatch
stage:prospect stage:customer stage:lapsed stage:exit stage:aside stage:at_once stage:at_once.chance stage:inline
stage:accrues.earn stage:accrues.spend stage:phase stage:nothing_happens
stage:on_entry.set stage:on_entry.add stage:on_entry.earn stage:on_entry.spend stage:on_entry.refer
set:listed set:role set:phase set:overlap set:events set:accrues.earn set:accrues.spend set:moves set:when set:every
set:on_entry.set set:on_entry.add set:on_entry.earn set:on_entry.spend
clock:after clock:every clock:when clock:on_date clock:several clock:on_dates clock:date clock:rate clock:duration
clock:zero clock:table clock:never clock:whole_months
wait:fixed wait:exponential wait:uniform wait:triangular wait:lognormal wait:weibull wait:gamma wait:erlang
wait:empirical
amount:fixed amount:exponential amount:uniform amount:triangular amount:lognormal amount:weibull amount:gamma
amount:erlang amount:empirical
when:levels when:counter when:stopwatch when:calendar when:month when:generation when:referrer when:channel
when:stage when:several
outcomes:to_one outcomes:to outcomes:outcomes outcomes:stay outcomes:rest outcomes:exact outcomes:of
outcomes:same_stage outcomes:effects outcomes:refer outcomes:none
chance:kept chance:lost chance:per_period
effect:set.level effect:set.number effect:set.duration effect:set.zero effect:set.never effect:set.copy
effect:set.draw effect:set.draw.by effect:add effect:add.negative effect:add.earned effect:earn.once
effect:earn.invoice effect:spend.once effect:refer effect:refer.several
figure:value figure:by figure:by.all figure:times figure:nested figure:by_and_times figure:zero
by:levels by:counter by:stopwatch by:channel by:referrer by:generation by:stage by:calendar by:month
times:levels times:counter times:stopwatch times:channel times:referrer times:generation times:stage
times:calendar times:month
spread:chance spread:chance.beta spread:rate spread:money spread:shape spread:accrues
uncertain:chance uncertain:rate uncertain:money uncertain:range named alias
lever:role lever:stage lever:event lever:month lever:friction strategy:spend strategy:without
costs discount report_by follow follow:beyond start:mid_year start:none horizon:part_month horizon:long
"""
ALL = tuple(CONSTRUCTS.split())


def constructs(raw):
    """Return how often each construct occurs in a journey file."""
    return ConstructFinder(raw).count


class ConstructFinder:
    """Counts what a journey file is made of, part by part."""

    def __init__(self, raw):
        self.raw, self.count = raw, Counter()
        self.rates = raw.get("rates", {})
        self.attributes = {name: _kind(spec) for name, spec in raw.get("attributes", {}).items()}
        self.roles = {name: spec if isinstance(spec, str) else spec["role"] for name, spec in raw["journey"].items()}
        self.file()
        for spec in raw["channels"].values():
            self.channel(spec)
        for name, spec in raw.get("attributes", {}).items():
            self.attribute(name, spec)
        for name, spec in raw.get("while", {}).items():
            self.set_of_stages(name, spec)
        self.overlap()
        for name, spec in raw["journey"].items():
            self.stage(name, spec)
        for spec in raw.get("levers", {}).values():
            self.lever(spec)

    def see(self, *names):
        self.count.update(names)

    def file(self):
        raw = self.raw
        self.see(*(key for key in ("costs", "discount", "report_by", "follow") if key in raw))
        start = raw.get("start", "none")
        self.see("start:none" if start == "none" else "start:january" if start.endswith("01-01") else "start:mid_year")
        horizon = parse(raw["horizon"]).number
        if horizon % (YEAR // 12):
            self.see("horizon:part_month")
        if "follow" in raw and parse(raw["follow"]).number > horizon:
            self.see("follow:beyond")
        if horizon > 10 * YEAR:
            self.see("horizon:long")
        for spec in self.rates.values():
            self.see("alias" if isinstance(spec, str) and spec in self.rates else "named")
        for spec in raw.get("strategies", {}).values():
            self.see(*(f"strategy:{key}" for key in ("spend", "without") if key in spec))

    # -- people ---------------------------------------------------------------------------------

    def channel(self, spec):
        sources = [key for key in ("rate", "spend", "batch", "present") if key in spec]
        self.see(*(f"channel:{key}" for key in sources or ["referral"]))
        self.see(*(f"channel:{key}" for key in SETTINGS if key in spec))
        rate = spec.get("rate")
        rate = self.rates.get(rate, rate) if isinstance(rate, str) else rate
        for part in (spec.get("times"), *((rate.get("by"), rate.get("times")) if isinstance(rate, dict) else ())):
            for axis in part or ():
                self.see(f"channel:{axis}")
        for name, to in spec.get("set", {}).items():
            if isinstance(to, dict):
                self.see("channel:set.draw")
                self.draw(to)
            else:
                self.set_to(name, to)
        if rate is not None and "file" not in rate:
            self.figure(rate, "rate")

    def attribute(self, name, spec):
        kind = self.attributes[name]
        if kind == "levels":
            self.see("attribute:first" if isinstance(spec, list) else "attribute:drawn")
            if not isinstance(spec, list):
                if "by" in spec:
                    self.see("attribute:drawn.by")
                self.draw(spec)
        else:
            self.see(f"attribute:{kind}")
            if kind == "counter" and spec["counts"].startswith("-"):
                self.see("attribute:counter.negative")

    def draw(self, spec):
        if "by" in spec:
            for axis, levels in spec["by"].items():
                self.see(f"by:{self.axis(axis)}")
                for inner in levels.values():
                    self.draw(inner)
        else:
            for chance in spec.values():
                self.figure(chance, "chance")

    # -- stages ---------------------------------------------------------------------------------

    def set_of_stages(self, name, spec):
        self.see("set:listed" if "in" in spec else "set:role" if name in ROLES else "set:phase")
        self.owner(spec, "set")
        for event in spec.get("events", {}).values():
            self.see("set:events", *(f"set:{key}" for key in ("when", "every") if key in event))
            before = self.count["moves"]
            self.event(event, None)
            if self.count["moves"] > before:
                self.see("set:moves")

    def overlap(self):
        inside = []
        for name, spec in self.raw.get("while", {}).items():
            stages = self.raw["journey"]
            members = spec.get("in") or [
                s for s, one in stages.items()
                if self.roles[s] == name or (isinstance(one, dict) and one.get("phase") == name)
            ]  # fmt: skip
            if any(set(members) & other and set(members) != other for other in inside):
                self.see("set:overlap")
            inside.append(set(members))

    def stage(self, name, spec):
        self.see(f"stage:{self.roles[name]}")
        if isinstance(spec, str):
            if spec != "exit":
                self.see("stage:nothing_happens")
            return
        if "phase" in spec:
            self.see("stage:phase")
        events = spec.get("events")
        if events is None:
            inline = {key: one for key, one in spec.items() if key not in ("role", "phase", "on_entry")}
            clocks = {"after", "every", "when", "on_date", "staff", "to", "outcomes"} & set(inline)
            if clocks:
                self.see("stage:inline")
                events = {name: inline}
                spec = {key: one for key, one in spec.items() if key == "on_entry"}
        self.owner(spec, "stage")
        for event in (events or {}).values():
            if not {"after", "every", "when", "on_date", "staff"} & set(event):
                self.see("stage:at_once")
                if isinstance(event.get("to"), dict) or "outcomes" in event:
                    self.see("stage:at_once.chance")
            self.event(event, name)

    def owner(self, spec, where):
        self.see(*(f"{where}:on_entry.{key}" for key in spec.get("on_entry", {})))
        self.effects(spec.get("on_entry", {}))
        for side in ("earn", "spend"):
            for figure in spec.get(side, {}).values():
                self.see(f"{where}:accrues.{side}")
                self.figure(figure, "money", accrues=True)

    # -- events ---------------------------------------------------------------------------------

    def event(self, event, stage):
        for key in ("after", "every"):
            if key in event:
                self.see(f"clock:{key}")
                waits = event[key]
                if isinstance(waits, list):
                    self.see("clock:several")
                for one in waits if isinstance(waits, list) else [waits]:
                    self.wait(one)
        if "on_date" in event:
            self.see("clock:on_date", *(["clock:on_dates"] if isinstance(event["on_date"], list) else []))
            self.see(*(["clock:date"] if "-" in str(event["on_date"]) else []))
        if "when" in event:
            self.when(event["when"])
        self.effects(event)
        table = event.get("outcomes") or event.get("to")
        if table is None:
            self.see("outcomes:none")
        elif isinstance(table, str):
            self.see("outcomes:to_one", "moves")
        else:
            self.see("outcomes:outcomes" if "outcomes" in event else "outcomes:to")
            self.outcomes(table, "to" in event, stage)

    def outcomes(self, table, keyed, stage):
        rest = False
        for name, spec in table.items():
            own = isinstance(spec, dict) and bool({"chance", "to", "earn", "spend", "set", "add", "refer"} & set(spec))
            chance = spec["chance"] if own else spec
            goal = (name if name != "stay" else None) if keyed else spec.get("to") if own else None
            self.see("moves" if goal else "outcomes:stay")
            if goal is not None and goal == stage:
                self.see("outcomes:same_stage")
            if own and {"earn", "spend", "set", "add", "refer"} & set(spec):
                self.see("outcomes:effects", *(["outcomes:refer"] if "refer" in spec else []))
                self.effects(spec)
            rest |= chance == "rest"
            self.figure(chance, "chance")
        self.see("outcomes:rest" if rest else "outcomes:exact")

    def when(self, conditions):
        self.see("clock:when", *(["when:several"] if len(conditions) > 1 else []))
        for name in conditions:
            self.see(f"when:{self.attributes.get(name, name)}")

    def wait(self, spec):
        kinds = DISTRIBUTIONS & set(spec) if isinstance(spec, dict) else ()
        for kind in kinds:
            self.see(f"wait:{kind}")
            inner = spec[kind]
            table = not isinstance(inner, dict) or {"by", "value", "times"} & set(inner)
            for one in [inner] if table else inner.values():
                if kind != "empirical" and not isinstance(one, list):
                    self.figure(one, "rate" if kind == "exponential" and "per" in str(self.followed(one)) else "wait")
        if kinds:
            return
        spec = self.followed(spec)
        first = spec if isinstance(spec, str) else self.first(spec)
        if parse(first).form in ("duration", "never"):
            self.see("clock:duration", *(["clock:zero"] if first == "0 days" else []))
            self.see(*(["clock:table"] if isinstance(spec, dict) else []))
            self.see(*(["clock:never"] if "never" in str(spec) else []))
            self.see(*(["clock:whole_months"] if "month" in first or "year" in first else []))
            self.figure(spec, "wait")
        else:
            self.see("clock:rate")
            self.figure(spec, "rate")

    def first(self, spec):
        if "value" in spec:
            return self.followed(spec["value"])
        if "by" not in spec:
            return "50 %"
        for one in next(iter(spec["by"].values())).values():
            if (value := self.followed(one)) != "never":
                return value if isinstance(value, str) else self.first(value)
        return "never"

    # -- effects and figures --------------------------------------------------------------------

    def effects(self, spec):
        for name, to in spec.get("set", {}).items():
            self.set_to(name, to)
        for number in spec.get("add", {}).values():
            self.see("effect:add")
            if number == "earned":
                self.see("effect:add.earned")
            elif number.startswith("-"):
                self.see("effect:add.negative")
        for side in ("earn", "spend"):
            for amount in spec.get(side, {}).values():
                self.amount(side, amount)
        if refer := spec.get("refer"):
            self.see("effect:refer", *(["effect:refer.several"] if isinstance(refer, list) and len(refer) > 1 else []))

    def set_to(self, name, to):
        if isinstance(to, dict):
            self.see("effect:set.draw", *(["effect:set.draw.by"] if "by" in to else []))
            self.draw(to)
        elif to in self.attributes:
            self.see("effect:set.copy")
        elif to == "never":
            self.see("effect:set.never")
        else:
            kind = self.attributes[name]
            zero = kind == "stopwatch" and to.startswith("0 ")
            kinds = {"levels": "level", "counter": "number", "stopwatch": "zero" if zero else "duration"}
            self.see(f"effect:set.{kinds[kind]}")

    def amount(self, side, spec):
        for kind in DISTRIBUTIONS & set(spec) if isinstance(spec, dict) else ():
            self.see(f"amount:{kind}")
            return
        value = self.followed(spec)
        text = value if isinstance(value, str) else self.first(value)
        self.see(f"effect:{side}.{'invoice' if ' per ' in text else 'once'}")
        self.figure(spec, "money")

    def followed(self, spec):
        while isinstance(spec, str) and spec in self.rates:
            spec = self.rates[spec]
        return spec

    def axis(self, axis):
        return self.attributes.get(axis, axis)

    def figure(self, spec, kind, accrues=False):
        """Count what a figure is made of, through the name under which it stands."""
        spec = self.followed(spec)
        if isinstance(spec, str):
            if spec == "rest":
                return
            if looks_like_quantity(spec) and " of " in spec:
                self.see("outcomes:of")
            for word in ("kept", "lost"):
                if f" {word} " in spec:
                    self.see(f"chance:{word}")
            if "% per" in spec:
                self.see("chance:per_period")
            if spec.split(" ")[0] == "0":
                self.see("figure:zero")
            return
        self.see("figure:value") if "value" in spec else self.see("figure:by.all")
        if {"by", "times"} <= set(spec):
            self.see("figure:by_and_times")
        for axis, levels in spec.get("by", {}).items():
            self.see("figure:by", f"by:{self.axis(axis)}")
            for one in levels.values():
                if isinstance(one, dict):
                    self.see("figure:nested")
                self.figure(one, kind)
        for axis in spec.get("times", {}):
            self.see("figure:times", f"times:{self.axis(axis)}")
        if "value" in spec:
            self.figure(spec["value"], kind)
        if spread := spec.get("spread"):
            self.see(f"spread:{kind}", *(["spread:accrues"] if accrues else []))
            if isinstance(spread, dict) and "by" not in spread:
                self.see("spread:chance.beta" if "alpha" in spread else "spread:shape")
        if "uncertain" in spec:
            self.see(f"uncertain:{kind}", *(["uncertain:range"] if isinstance(spec["uncertain"], list) else []))

    def lever(self, spec):
        spend = spec.get("spend")
        if spend is None:
            self.see("lever:friction")
            return
        parts = spend.split(" per ")
        if len(parts) == 3:
            self.see("lever:role" if parts[1] in ROLES else "lever:stage")
        else:
            self.see("lever:month" if parts[1] in ("month", "year") else "lever:event")


def _kind(spec):
    if isinstance(spec, dict):
        return "shared" if {"mean_of", "count_of"} & set(spec) else "counter" if "counts" in spec else "levels"
    return "stopwatch" if spec == "stopwatch" else "levels"
