"""Random money: amounts of events, what accrues, shares of what is earned, and what a file says of its lines.

An amount has a period where its clock has that fixed period, and where any may stand: on a clock that fires once,
on entry, and where money accrues.
"""

from . import figures as f

LINES = ("fee", "sale", "goods", "mail", "gift")
KINDS = ("cost_of_sales", "acquisition", "service", "win_back", "overhead")
DERIVED = ("card", "returns", "royalty")

#: What may be drawn by an event, and by one of its outcomes: two draws of one firing go by two names.
DRAWN = {False: {"earn": ("fee",), "spend": ("goods",)}, True: {"earn": ("sale",), "spend": ("mail",)}}

#: Periods of amounts where any may stand.
ANY = (" per month", " per month", " per year", " per 3 months", " per week")

#: Lines of shares that are earned, on the last of which amounts stand as well: nothing is a share of these.
OF_SHARES = ("cut", "back", "gift")

#: Shares as they may be written.
SHARES = ("2.9 %", "42 %", "12.5 %", "-4 %", "-10 %", "0.05 %", "150 %", "-0.3333 %", "100 %", "1 of 4")


def amount(w, side, periods=ANY, drawn=False, counter=""):
    """Return an amount that is booked when something happens, perhaps for one of some periods."""
    choose = w.choose
    way = choose.weighted(
        plain=38, **({"invoice": 28} if periods else {}), **({"negative": 10} if side == "earn" else {}),
        **({"drawn": 160} if drawn else {}),
    )  # fmt: skip
    per = choose.one(periods) if way == "invoice" or (periods and way != "plain" and choose.yes(25)) else ""
    if way == "drawn":
        return f.drawn_money(w, per, counter or (choose.one(w.counters) if w.counters and choose.yes(15) else ""))
    return f.money(w, per=per, negative=way == "negative", counter=counter)


def booked(w, raw, periods, full, inner, earned):
    """Add to effects what is earned and spent: some of it depends on what is set, some is a share of what is earned.

    ``earned`` are the lines on which the event earns beside, where the effects are an outcome's.
    """
    choose = w.choose
    for side in ("earn", "spend"):
        if choose.yes(full):
            raw[side] = {}
            for line in choose.some(LINES, most=2):
                drawn = line in DRAWN[inner][side]
                if (tied := [name for name in raw.get("set", {}) if _fits(w, name)]) and choose.yes(50):
                    raw[side][line] = _priced(w, side, choose.one(tied), periods, drawn)
                else:
                    raw[side][line] = amount(w, side, periods, drawn)
    plain = [*earned, *lines_of(raw)]
    if plain and choose.yes(35):
        share(w, raw, choose.one(plain))


def _fits(w, name):
    return name in w.counters or w.attributes[name].kind == "levels"


def _priced(w, side, name, periods, drawn):
    """Return an amount that depends on an attribute which the same firing sets."""
    if name in w.counters:
        return amount(w, side, periods, drawn and w.choose.yes(50), name)
    per = w.choose.one(periods) if periods and w.choose.yes(50) else ""
    return {"by": {name: {level: f.number(w, 1, 60, fine=True) + per for level in w.attributes[name].levels}}}


def lines_of(raw):
    """Return the lines on which effects earn, or a stage, of which something may be a share."""
    return [line for line in raw.get("earn", {}) if line not in OF_SHARES]


def is_share(amount):
    """Tell whether an amount is a share of what is earned on a line."""
    head, _, line = amount.rpartition(" of ") if isinstance(amount, str) else ("", "", "")
    return bool(head) and line in LINES


def share(w, raw, line, accrues=False):
    """Add to effects, or to what accrues, a share of what is earned on a line."""
    choose = w.choose
    side = choose.one(["spend", "spend", "earn"])
    able = (*LINES, "cut") if side == "spend" else OF_SHARES
    names = [one for one in able if one not in raw.get(side, {})]
    if not names:
        return
    if choose.yes(50):
        part = choose.one(SHARES)
    else:
        known = [name for name, own in w.shares.items() if not (own and accrues)]
        part = choose.one(known) if known and choose.yes(30) else _named_share(w, accrues)
    raw[side] = {**raw.get(side, {}), choose.one(names): f"{part} of {line}"}


def _named_share(w, accrues):
    """Return the name of a share, by which people may differ unless it is of what accrues."""
    own = not accrues and w.choose.yes(60)
    raw = f.chance(w, 2, 70, alone=own)
    if not isinstance(raw, str) or raw not in w.rates:
        name = f"r{len(w.rates)}_share"
        w.rates[name], raw = raw, name
    w.shares[raw] = own
    return raw


def accruing(w):
    """Return what accrues on a stage or a set."""
    choose, raw = w.choose, {}
    for side in ("earn", "spend"):
        if choose.yes(25):
            lines, per = choose.some(LINES, most=2), choose.one([" per month", " per year"])
            raw[side] = {}
            for line in lines:
                negative = side == "earn" and choose.yes(20)
                counter = choose.one(w.counters) if w.counters and choose.yes(15) else ""
                raw[side][line] = f.money(w, 0.5, 30, per, negative=negative, counter=counter)
    if (plain := lines_of(raw)) and choose.yes(40):
        share(w, raw, choose.one(plain), accrues=True)
    return raw


# -- what the file says of lines --------------------------------------------------------------------


def sides(raw):
    """Return the lines on which a part of a file earns, and those on which it spends."""
    earned, spent = {}, {}
    if isinstance(raw, dict):
        for key, spec in raw.items():
            if key in ("earn", "spend") and isinstance(spec, dict):
                (earned if key == "earn" else spent).update(dict.fromkeys(spec))
            inner = sides(spec)
            earned |= inner[0]
            spent |= inner[1]
    return earned, spent


def with_lines(w, raw):
    """Return a file with what it says of its lines, and lines that follow from others."""
    choose, lines = w.choose, {}
    earned, spent = sides({key: raw[key] for key in ("journey", "while") if key in raw})
    others = [name for part in ("levers", "costs", "resources") for name in raw.get(part, {})]
    if choose.yes(65):
        for line in choose.some([*spent, *others], least=0, most=4):
            lines[line] = {"kind": choose.one(KINDS)}
    for line in choose.some(earned, least=0, most=2) if choose.yes(30) else ():
        lines.setdefault(line, {})["recurring"] = choose.one(["no", "no", "yes"])
    for name in choose.some(DERIVED, most=2) if earned and choose.yes(45) else ():
        lines[name] = _derived(w, list(earned))
    if lines and choose.yes(20):
        next(iter(lines.values()))["why"] = "made up"
    return {**raw, "lines": lines} if lines else raw


def _derived(w, earned):
    """Return a line that follows from others."""
    choose = w.choose
    part = choose.one([one for one in SHARES if "of" not in one])
    if choose.yes(35):
        name = f"r{len(w.rates)}_part"
        w.rates[name] = choose.one([
            "3.5 %", {"value": "12.25 %", "why": "made up"}, {"value": "8 %", "uncertain": "2 points"}
        ])  # fmt: skip
        part = name
    of = choose.some(earned, most=3)
    spec = {"share": part, "of": of if len(of) > 1 or choose.yes(30) else of[0]}
    if choose.yes(55):
        return {**spec, "kind": choose.one(KINDS)}
    return {**spec, "recurring": choose.one(["yes", "yes", "no"])} if choose.yes(70) else spec
