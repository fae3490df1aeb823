"""How often each word of money and of plans over time occurs in a journey file, beside all that `constructs` counts."""

from .amounts import is_share, sides
from .constructs import ALL as OTHERS
from .constructs import DISTRIBUTIONS, ConstructFinder

OVER_TIME = ("spend", "cost_per_arrival", "at_most", "rate")

#: What journeys of people who do not affect one another must have beside.
CONSTRUCTS = """
lines:cost_of_sales lines:acquisition lines:service lines:win_back lines:overhead
lines:of_line lines:of_lever lines:of_cost lines:not_recurring lines:two_kinds
derived:one derived:several derived:negative derived:kind derived:revenue derived:recurring derived:by_name
derived:uncertain
share:event share:outcome share:on_entry share:of_outcome share:stage share:set share:earn share:spend
share:literal share:negative share:name share:name.table share:name.spread share:of_drawn share:of_negative
share:accrues.name share:accrues.negative share:accrues.spread share:accrues.per share:accrues.table
earn:negative earn:negative.table earn:negative.accrues earn:negative.invoice
per:alone per:by per:times per:spread per:accrues per:accrues.spread per:once per:invoice per:drawn per:gamma
priced:set priced:on_entry priced:set.per priced:set.added priced:set.invoice
amount:six_decimals amount:below_cent amount:drawn.invoice
spread:chance.by_level spread:rate.by_level spread:money.by_level spread:accrues.by_level
spread:chance.beta_and_value spread:chance.beta_in_level spread:chance.none spread:rate.none spread:money.none
channel:from channel:from.date
channel:spend.calendar channel:spend.month channel:spend.file
channel:cost_per_arrival.calendar channel:cost_per_arrival.month channel:cost_per_arrival.file
channel:at_most.calendar channel:at_most.month channel:at_most.file channel:rate.file
channel:batch.file channel:rate+spend strategy:spend.plan
costs:dated costs:dates period:day period:week
"""
MONEY = tuple(CONSTRUCTS.split())
ALL = (*OTHERS, *MONEY)


def constructs(raw):
    """Return how often each construct occurs in a journey file."""
    return MoneyConstructFinder(raw).count


class MoneyConstructFinder(ConstructFinder):
    """Counts money beside all else; ``where`` says in what part of a stage or an event a figure stands."""

    def __init__(self, raw):
        self.where, self.set, self.paid = "", {}, ""
        super().__init__(raw)

    def file(self):
        super().file()
        raw = self.raw
        self.see(*([f"period:{raw['period']}"] if "period" in raw else []))
        for spec in raw.get("costs", {}).values():
            if isinstance(spec, dict) and "amount" in spec:
                self.see("costs:dates" if isinstance(spec["on"], list) else "costs:dated")
        for name, spec in raw.get("lines", {}).items():
            self.derived(spec) if "share" in spec else self.line(name, spec)
        for spec in raw.get("strategies", {}).values():
            spent = [raw["channels"][name].get("spend") for name in spec.get("spend", {}) if name in raw["channels"]]
            self.see(*("strategy:spend.plan" for one in spent if isinstance(self.followed(one), dict)))

    def line(self, name, spec):
        """Count what a file says of a line that is booked, of a lever, a cost or a resource."""
        raw = self.raw
        if spec.get("recurring") == "no":
            self.see("lines:not_recurring")
        if "kind" not in spec:
            return
        self.see(f"lines:{spec['kind']}")
        parts = {"levers": "lever", "costs": "cost", "resources": "resource"}
        kinds = [word for part, word in parts.items() if name in raw.get(part, {})] or ["line"]
        self.see(*(f"lines:of_{word}" for word in kinds))
        earned = sides({key: raw[key] for key in ("journey", "while") if key in raw})[0]
        self.see(*(["lines:two_kinds"] if name in earned else []))

    def derived(self, spec):
        """Count a line that follows from others."""
        self.see("derived:several" if isinstance(spec["of"], list) and len(spec["of"]) > 1 else "derived:one")
        self.see("derived:kind" if "kind" in spec else "derived:revenue")
        self.see(*(["derived:recurring"] if spec.get("recurring") == "yes" else []))
        self.see(*(["derived:negative"] if spec["share"].startswith("-") else []))
        if spec["share"] in self.rates:
            self.see("derived:by_name", *(["derived:uncertain"] if "uncertain" in self.rates[spec["share"]] else []))

    # -- channels -------------------------------------------------------------------------------

    def channel(self, spec):
        super().channel(spec)
        self.see(*(["channel:from"] if "from" in spec else []))
        self.see(*(["channel:rate+spend"] if {"rate", "spend"} <= set(spec) else []))
        self.see(*(["channel:from.date"] if "-" in spec.get("from", "") else []))
        self.see(*(["channel:batch.file"] if isinstance(spec.get("batch"), dict) else []))
        for key in OVER_TIME:
            figure = self.followed(spec.get(key))
            if isinstance(figure, dict):
                axes = ["file"] if "file" in figure else [*figure.get("by", {}), *figure.get("times", {})]
                self.see(*(f"channel:{key}.{axis}" for axis in axes))

    # -- where money stands ---------------------------------------------------------------------

    def owner(self, spec, where):
        self.where = "on_entry"
        super().owner({key: one for key, one in spec.items() if key not in ("earn", "spend")}, where)
        self.where = ""
        for side in ("earn", "spend"):
            for figure in spec.get(side, {}).values():
                self.see(f"{where}:accrues.{side}")
                if is_share(figure):
                    self.see(f"share:{where}")
                    self.share(figure, side, spec, True)
                else:
                    self.money(side, figure, accrues=True)
                    self.figure(figure, "money", accrues=True)

    def event(self, event, stage):
        self.where, self.set = "event", set(event.get("set", {}))
        outcomes = event.get("outcomes") or event.get("to") or {}
        inner = [spec for spec in outcomes.values() if isinstance(spec, dict)] if isinstance(outcomes, dict) else []
        lines = {line for spec in inner for line in spec.get("earn", {}) if line not in event.get("earn", {})}
        texts = [one for side in ("earn", "spend") for one in event.get(side, {}).values() if is_share(one)]
        self.see(*("share:of_outcome" for one in texts if one.rpartition(" of ")[2] in lines))
        super().event(event, stage)
        self.where, self.set = "", set()

    def outcomes(self, table, keyed, stage):
        self.where = "outcome"
        super().outcomes(table, keyed, stage)

    def effects(self, spec):
        outer, own = self.set, set(spec.get("set", {}))
        self.set = outer | own if self.where == "outcome" else own
        self.added, self.beside = set(spec.get("add", {})), spec
        super().effects(spec)
        self.set = outer

    def amount(self, side, spec):
        if is_share(spec):
            self.see(f"share:{self.where}")
            self.share(spec, side, self.beside, False)
            return
        super().amount(side, spec)
        for kind in DISTRIBUTIONS & set(spec) if isinstance(spec, dict) else ():
            self.drawn(kind, spec[kind])
            return
        self.money(side, spec)

    # -- amounts --------------------------------------------------------------------------------

    def share(self, text, side, beside, accrues):
        """Count a share of what is earned, given what stands beside it."""
        part, _, line = text.rpartition(" of ")
        self.see(f"share:{side}", "share:literal" if part not in self.rates else "share:name")
        self.see(*(["share:negative"] if part.startswith("-") else []))
        if accrues:
            self.see(*(["share:accrues.name"] if part in self.rates else []))
            self.see(*(["share:accrues.negative"] if part.startswith("-") else []))
        rate, base = self.followed(part), self.followed(beside.get("earn", {}).get(line))
        if isinstance(rate, dict):
            self.see(*(["share:name.table"] if {"by", "times"} & set(rate) else []))
            self.see(*(["share:name.spread"] if "spread" in rate else []))
        if isinstance(base, dict):
            self.see(*(["share:of_drawn"] if DISTRIBUTIONS & set(base) else []))
            if accrues:
                self.see(*(f"share:accrues.{key}" for key in ("spread", "per") if key in base))
                self.see(*(["share:accrues.table"] if {"by", "times"} & set(base) else []))
        self.see(*(["share:of_negative"] if base is not None and _negative(base) else []))

    def drawn(self, kind, spec):
        """Count what a drawn amount is made of."""
        text = str(self.named(spec))
        if "'per'" in text:
            self.see("per:drawn", *(["per:gamma"] if kind in ("gamma", "erlang") else []))
        self.see(*(["amount:drawn.invoice"] if " per " in text else []))

    def named(self, spec):
        """Return a nest of figures with names followed."""
        spec = self.followed(spec)
        if isinstance(spec, dict):
            return {key: self.named(one) for key, one in spec.items()}
        return [self.named(one) for one in spec] if isinstance(spec, list) else spec

    def money(self, side, spec, accrues=False):
        """Count an amount, or what accrues."""
        spec = self.followed(spec)
        table = isinstance(spec, dict) and {"by", "times"} & set(spec)
        numbers = list(_numbers(spec))
        invoice = " per " in str(spec) and not accrues
        if side == "earn" and any(one.startswith("-") for one in numbers):
            self.see("earn:negative", *(["earn:negative.table"] if table else []))
            self.see(*(["earn:negative.accrues"] if accrues else ["earn:negative.invoice"] if invoice else []))
        self.see(*("amount:six_decimals" for one in numbers if len(one.partition(".")[2]) == 6))
        self.see(*("amount:below_cent" for one in numbers if 0 < abs(float(one)) < 0.01))
        if not isinstance(spec, dict):
            return
        axes = {*spec.get("by", {}), *spec.get("times", {})}
        if "per" in spec:
            keys = [key for key in ("by", "times", "spread") if key in spec]
            self.see(*(f"per:{word}" for word in keys or ["alone"]))
            self.see("per:accrues" if accrues else "per:invoice" if invoice else "per:once")
            self.see(*(["per:accrues.spread"] if accrues and "spread" in spec else []))
        if not accrues and self.set & {spec.get("per"), *axes}:
            self.see("priced:set", *(["priced:set.invoice"] if invoice else []))
            self.see(*(["priced:on_entry"] if self.where == "on_entry" else []))
            if spec.get("per") in self.set:
                self.see("priced:set.per", *(["priced:set.added"] if spec["per"] in self.added else []))

    def figure(self, spec, kind, accrues=False):
        super().figure(spec, kind, accrues)
        spec = self.followed(spec)
        spread = spec.get("spread") if isinstance(spec, dict) else None
        if isinstance(spread, dict) and "alpha" in spread and "value" in spec:
            self.see("spread:chance.beta_and_value")
        if isinstance(spread, dict) and "by" in spread:
            self.see(f"spread:{kind}.by_level", *(["spread:accrues.by_level"] if accrues else []))
            self.see(*(["spread:chance.beta_in_level"] if "alpha" in str(spread) else []))
            spreads = [spread.get("value"), *(one for table in spread["by"].values() for one in table.values())]
            self.see(
                *([f"spread:{kind}.none"] if any(one in ("0", "0 points", "0 % of mean") for one in spreads) else [])
            )


def _numbers(spec):
    """Yield the numbers of an amount: its value and its levels, no factors."""
    if isinstance(spec, str):
        yield spec.split(" ")[0]
    elif isinstance(spec, dict):
        levels = [one for table in spec.get("by", {}).values() for one in table.values()]
        for one in (*([spec["value"]] if "value" in spec else []), *levels):
            yield from _numbers(one)


def _negative(spec):
    return any(one.startswith("-") for one in _numbers(spec))
