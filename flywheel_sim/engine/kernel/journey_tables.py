"""From a journey to the memory of the compiled engine: every table it looks up, and where people stand.

The rows and the places in them are described in `places`. Chances become cumulative integer thresholds, rates dense
tables over just the attributes they depend on, and distributions without a closed form tables of quantiles.
"""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import decisions, rates
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory_writer import bits, shared_out
from flywheel_sim.engine.kernel.shared_tables import SharedTables, clock_count, label_of, services_of
from flywheel_sim.journey.calendar import FINE
from flywheel_sim.journey.events import Amount, Condition, Event
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Channel, Journey, Owner, Stage, StageSet, firings
from flywheel_sim.journey.reach import leads_to_customers
from flywheel_sim.journey.units import YEAR
from flywheel_sim.ledger import GAVE_UP, IntArray, Layout

_KIND_OF_BUILT_IN = {"generation": w.NUMBER, "calendar": w.CALENDAR, "month": w.MONTH_OF_YEAR}
_KIND = {"levels": w.NAMED, "counter": w.NUMBER, "stopwatch": w.STOPWATCH}


class JourneyTables(SharedTables):
    """The memory of one journey, as it stands before a run.

    Attributes
    ----------
    cells
        Header and tables; whole numbers, floats by their bits.
    layout
        What the ledger's axes mean.
    accruals
        For each key of the accruals' books: (price per ms, group, money line).
    decisions
        For each clock, by its own number, the dotted name of its event.
    """

    def __init__(self, journey: Journey) -> None:
        self.journey, self.layout = journey, Layout.of(journey)
        self.codes = decisions(journey)
        self.memory: list[int] = [0] * w.HEADER
        self.written: dict[object, int] = {}
        self.accruals: list[tuple[float, int, int]] = []
        self.n_clocks = self.most_outcomes = 0
        self.decisions: list[str] = []
        self.clocks_of: dict[str, tuple[list[int], list[int]]] = {}
        self._columns()
        self._tables()
        self.cells: IntArray = np.array(self.memory, dtype=np.int64)

    # -- columns of a person ----------------------------------------------------------------------

    def _columns(self) -> None:
        """Give each attribute, rank, visit, invoice and clock its column in a person's row."""
        journey = self.journey
        self.place = {stage.name: i for i, stage in enumerate(journey.stages)}
        self.channel = {channel.name: i for i, channel in enumerate(journey.channels)}
        self.column = {"channel": w.B_CHANNEL, "generation": w.B_GENERATION, "referrer": w.B_REFERRER,
                       "stage": w.B_STAGE, "calendar": 0, "month": 0}  # fmt: skip
        self.kind = {name: _KIND_OF_BUILT_IN.get(name, w.NAMED) for name in self.column}
        at = w.PERSON
        self.attribute0 = at
        for attribute in journey.attributes:
            self.column[attribute.name], self.kind[attribute.name] = at, _KIND[attribute.kind]
            at += 1
        self.visits = {owner.name: at + i for i, owner in enumerate(journey.owners)}
        at += len(self.visits)
        self.ranks = dict[str, int]()
        self.rates = rates(journey)
        for rate in self.rates:
            if rate.spread and rate.name not in self.ranks:
                self.ranks[rate.name] = at
                at += 1
        self.parts = [parts for owner in journey.owners for parts in firings(owner)]
        amounts = (amount for parts in self.parts for effects in parts for amount in effects.money)
        billed = dict.fromkeys(one.line for one in amounts if one.side == "earn" and one.period_ms)
        self.invoice0 = at if len(billed) > 1 else w.B_BILLED
        self.invoices = {line: self.invoice0 + i * w.INVOICED for i, line in enumerate(billed)}
        at += len(billed) * w.INVOICED if len(billed) > 1 else 0
        self.sets_of = {s.name: [u for u in journey.sets if s.name in u.stages] for s in journey.stages}
        accruals = max(
            (len(s.accruals) + sum(len(u.accruals) for u in self.sets_of[s.name]) for s in journey.stages), default=0
        )
        self.accrual0 = at
        at += w.ACCRUING * accruals
        clocks = {owner.name: sum(clock_count(event) for event in owner.events) for owner in journey.owners}
        services = {owner.name: services_of(owner) for owner in journey.owners}
        self.slot_of, self.service_of, slot, service = dict[str, int](), dict[str, int](), 0, 0
        for one in journey.sets:
            self.slot_of[one.name], self.service_of[one.name] = slot, service
            slot, service = slot + clocks[one.name], service + services[one.name]
        for stage in journey.stages:
            self.slot_of[stage.name], self.service_of[stage.name] = slot, service
        slots = slot + max((clocks[stage.name] for stage in journey.stages), default=0)
        self.due0 = at
        at += slots
        self.slot0 = at
        self.service0 = at + slots * w.SLOT
        self.width = (
            self.service0 + (service + max((services[s.name] for s in journey.stages), default=0)) * w.AT_SERVICE
        )
        self.shared_rows, self.resource_rows = self.share(), self.serve()

    # -- tables -----------------------------------------------------------------------------------

    def _tables(self) -> None:
        """Put every table into memory, and the header, which says where each stands."""
        journey, lay = self.journey, self.layout
        head = self._extents()
        head[w.H_ATTRIBUTES], head[w.H_N_ATTRIBUTES] = self.put(self._attributes()), len(journey.attributes)
        self.flow_of = {flow: index for index, flow in enumerate(lay.flows)}
        self.line_of = {line: index for index, line in enumerate(lay.lines)}
        self.leads = leads_to_customers(journey)
        sets = {one.name: self._set(bit, one) for bit, one in enumerate(journey.sets)}
        head[w.H_STAGE_ROWS] = self.put([word for stage in journey.stages for word in self._stage(stage, sets)])
        head[w.H_CHANNEL_ROWS] = self.put([word for channel in journey.channels for word in self._channel(channel)])
        head |= self._needs()
        most = max(sum(len(effects.money) for effects in parts) for parts in self.parts)
        head[w.H_SCRATCH], head[w.H_SCRATCH_HALF] = self.put([0] * (2 * most + 1)), most
        blank = self._blank()
        head[w.H_BLANK], head[w.H_N_BLANK] = self.put(blank), len(blank)
        for place, word in head.items():
            self.memory[place] = word

    def _extents(self) -> dict[int, int]:
        """Return the header's entries for the size of a journey and its ledger."""
        journey, lay = self.journey, self.layout
        self.group_stride = math.prod(len(a.levels) for a in journey.attributes if a.name in journey.report_by)
        row, stride = [], 1
        for name in reversed(journey.report_by):
            row += [self.column[name], stride]
            stride *= len(next(a.levels for a in journey.attributes if a.name == name))
        return {
            w.H_HORIZON: journey.horizon,
            w.H_LONGEST: journey.longest,
            w.H_DECIDE: journey.decided,
            w.H_LIVES: lay.lives,
            w.H_LIFE_GROUPS: len(lay.groups),
            w.H_WIDTH: self.width,
            w.H_PHASE: journey.phase,
            w.H_FORCE: bits(journey.force),
            w.H_YEARLY: int(journey.cohort_ms == YEAR),
            w.H_ELIGIBLE: lay.eligible,
            w.H_AGES: lay.ages,
            w.H_COHORTS: lay.cohorts,
            w.H_GROUPS: len(lay.groups),
            w.H_FLOWS: len(lay.flows),
            w.H_LINES: len(lay.lines),
            w.H_STAGES: len(lay.stages),
            w.H_CHANNELS: len(lay.channels),
            w.H_PERIOD_ENDS: self.put(lay.period_ends.tolist()),
            w.H_GROUP_ROW: self.put([len(journey.report_by), self.group_stride, *row]),
            w.H_ARRIVAL_CODE: self.codes["person/arrival"],
            w.H_FINE: FINE[journey.period][0] if journey.period != "month" else 0,
            w.H_TOGETHER: FINE[journey.period][1] if journey.period != "month" else 0,
            w.H_INVOICE0: self.invoice0,
            w.H_N_INVOICES: len(self.invoices),
            w.H_ACCRUAL0: self.accrual0,
            w.H_ATTRIBUTE0: self.attribute0,
            w.H_COUPLED: int(bool(journey.coupled_by)),
            w.H_MARKET: -1 if journey.market is None else journey.market,
            w.H_TOUCHED: sum(c.count for c in journey.channels if c.kind == "present" and not c.removed),
            w.H_MARKET_CODE: self.codes.get("person/market", 0),
            w.H_SHARED_ROWS: self.shared_rows,
            w.H_N_SHARED: len(journey.shared),
            w.H_RESOURCE_ROWS: self.resource_rows,
            w.H_N_RESOURCES: len(journey.resources),
        }

    def _attributes(self) -> list[int]:
        """Return a row for each attribute: its column, how it is drawn, and whether it is handed on."""
        rows: list[int] = []
        for a in self.journey.attributes:
            pick = self.pick(a.draw) if a.draw else 0
            handed_on = int(any(a.name in channel.inherits for channel in self.journey.channels))
            code = self.codes[f"person/{a.name}"]
            rows += [self.column[a.name], int(a.kind == "stopwatch"), pick, code, handed_on]
        return rows

    def _needs(self) -> dict[int, int]:
        """Return the header's entries for what the tables ask of a run, once all rows are there."""
        journey = self.journey
        events = [event for owner in journey.owners for event in owner.events]
        accruing = (amount for owner in journey.owners for amount in owner.accruals)
        asked = {axis.attribute for rate in self.rates for axis in rate.over}
        asked |= {condition.attribute for event in events for condition in event.when}
        self.most_outcomes = max((len(event.outcomes) for event in events), default=1)
        return {
            w.H_ACC_KEYS: len(self.accruals),
            w.H_WITH_MRR: int(bool(self.invoices) or any(amount.side == "earn" for amount in accruing)),
            w.H_WITH_REFERRER: int("referrer" in asked),
            w.H_N_CLOCKS: self.n_clocks,
            w.H_ROWS_A_STEP: len(journey.stages) + 3,
            w.H_REFERS_A_STEP: 1 + self.most_referred(),
            w.H_ENTRIES_A_STEP: 2 + max((services_of(owner) for owner in journey.owners), default=0),
        }

    def _blank(self) -> list[int]:
        """Return the row of a person to whom nothing has happened."""
        blank = [0] * self.due0
        blank[w.B_ASKED] = -1
        for column in (w.B_GONE_AT, w.B_LEFT_AT, w.B_LAPSE, *(column + 1 for column in self.invoices.values())):
            blank[column] = w.BIG
        never = (w.B_MONTH, w.B_ACQUIRED, w.B_CHURNED, w.B_SPONSOR_ACQUIRED, w.B_ROOT_ACQUIRED)
        for column in (*never, *self.visits.values()):
            blank[column] = -1
        for column in self.ranks.values():
            blank[column] = bits(-1.0)
        for one in self.journey.attributes:
            if one.kind == "counter":
                blank[self.column[one.name]] = min(max(0, one.low), one.high)
        return blank

    # -- events and stages ------------------------------------------------------------------------

    def event(self, owner: Owner, event: Event) -> int:
        """Return the place of an event."""
        flows = self.put(self.flows(owner, event, event.outcomes[0].name))
        outcomes = []
        left = owner.stages if isinstance(owner, StageSet) else (owner.name,)
        booking = event.effects.any or any(
            self.takes_booking(stage) for stage in self.journey.stages if stage.name in left
        )
        for outcome in event.outcomes:
            plain = outcome.to and self.plain(outcome.to) and not (booking or outcome.effects.any)
            to = self.place[outcome.to] if outcome.to else -1
            outcomes += [to, self.effects(outcome.effects), int(bool(plain))]
        pick = self.choose(event.chances, range(len(event.outcomes))) if len(event.outcomes) > 1 else 0
        changes = int(any(part.sets or part.adds for part in event.parts))
        shares = any(shared_out(part) for part in event.parts)
        simple = int(event.recurring and not changes and not shares and not event.when and not event.staff)
        effects, outcome_rows = self.effects(event.effects), self.put(outcomes)
        return self.put([self.visits[owner.name], len(event.outcomes), pick, effects, outcome_rows, flows,
                         self.codes[event.decision], int(event.recurring), changes, simple])  # fmt: skip

    def flows(self, owner: Owner, event: Event, outcome: str) -> list[int]:
        """Return the flow of an event's outcome in each stage, -1 where it does not happen."""
        label = label_of(owner, event)
        return [self.flow_of.get((stage.name, label, outcome), -1) for stage in self.journey.stages]

    def takes_booking(self, stage: Stage) -> bool:
        """Tell whether leaving or entering a stage takes more than to stop and start clocks."""
        hosts: list[Owner] = [*self.sets_of[stage.name], stage]
        staffed = any(event.staff for host in hosts for event in host.events)
        return bool(self.accruals_of(stage) or staffed or any(stage.name in s.stages for s in self.journey.shared))

    def most_referred(self) -> int:
        """Return how many people a step can bring: all that can be decided at once, a set entered from each stage."""
        referrals = sum(len(effects.refer) for parts in self.parts for effects in parts)
        return referrals + sum((len(one.stages) - 1) * len(one.on_entry.refer) for one in self.journey.sets)

    def shares(self, stage: Stage) -> bool:
        """Tell whether a clock of a stage, or what accrues there, depends on what all share."""
        hosts: list[Owner] = [*self.sets_of[stage.name], stage]
        events = [event for host in hosts for event in host.events]
        waits = [wait for event in events for wait in event.waits]
        served = [event.staff for event in events if event.staff]
        waits += [wait for staff in served for wait in (staff.takes, staff.patience) if wait]
        priced = [amount.value for amount in self.accruals_of(stage) if isinstance(amount.value, Rate)]
        rates_ = [*priced, *(rate for wait in waits for rate in wait.params)]
        asked = {axis.attribute for rate in rates_ for axis in rate.over}
        asked |= {condition.attribute for event in events for condition in event.when}
        return any(self.kind[name] == w.ALL_SHARE for name in asked)

    def accruals_of(self, stage: Stage) -> list[Amount]:
        """Return what accrues to whoever is in a stage, that of its sets first."""
        hosts: list[Owner] = [*self.sets_of[stage.name], stage]
        return [amount for owner in hosts for amount in owner.accruals]

    def plain(self, name: str) -> bool:
        """Tell whether entering a stage does nothing but start its clocks, and nothing is decided at once."""
        stage = self.journey.stages[self.place[name]]
        at_once = any(event.at_once for event in stage.events)
        return not (self.sets_of[name] or stage.on_entry.any or at_once or self.takes_booking(stage))

    def clocks(self, owner: Owner, bit: int = -1) -> tuple[list[int], list[int], int]:
        """Return the places of an owner's clocks, conditions apart from others, and of what is decided at once."""
        whens: list[int] = []
        others: list[int] = []
        at_once, slot, number = 0, self.slot_of[owner.name], self.service_of[owner.name]
        for event in owner.events:
            place, gives_up = self.event(owner, event), 0
            if event.at_once:
                at_once = place
                continue
            if event.staff and event.staff.gives_up:
                gives_up = self.giving_up(owner, event, self.flows(owner, event, GAVE_UP))
            for item, wait in enumerate(event.waits or (None,)):
                service = (self.service(owner, event, bit, number), w.ASKS) if event.staff else (0, 0)
                if event.when:
                    conditions = self.put([word for one in event.when for word in self.condition(one)])
                    asks = self.clock(owner, event, place, w.K_WHEN, item, slot, [0] * 5, event.decision,
                                      when=(conditions, len(event.when)), service=service)  # fmt: skip
                    whens.append(asks)
                elif wait is None:
                    asks = self.clock(
                        owner, event, place, w.K_ENTRY, item, slot, [0] * 5, event.decision, service=service
                    )
                    others.append(asks)
                else:
                    asks = self.waiting(owner, event, place, item, slot, wait, event.decision, service)
                    others.append(asks)
                slot += 1
                if event.staff:
                    others += self.service_clocks(owner, event, bit, item, slot, service[0], asks, place, gives_up)
                    slot, number = slot + 2, number + 1
        return whens, others, at_once

    def condition(self, condition: Condition) -> list[int]:
        """Return the cells of a condition."""
        return [self.kind[condition.attribute], self.column[condition.attribute], condition.value]

    def _set(self, bit: int, stage_set: StageSet) -> int:
        whens, others, _ = self.clocks(stage_set, bit)
        self.clocks_of[stage_set.name] = (whens, others)
        own = self.put([*whens, *others])
        code = self.codes[f"{stage_set.name}/on_entry"]
        effects = self.effects(stage_set.on_entry)
        return self.put([bit, self.visits[stage_set.name], effects, code, len(whens) + len(others), own])

    def _stage(self, stage: Stage, sets: dict[str, int]) -> list[int]:
        whens, others, at_once = self.clocks(stage)
        inside = self.sets_of[stage.name]
        running = [c for u in inside for c in self.clocks_of[u.name][0]] + whens
        running += [c for u in inside for c in self.clocks_of[u.name][1]] + others
        serving = [c for c in running if self.memory[c + w.C_PART] == w.IS_SERVED]
        services = [self.memory[c + w.C_SERVICE] for c in serving]
        live = [word for c in running for word in (c, self.memory[c + w.C_DUE])]
        accruals = [word for amount in self.accruals_of(stage) for word in self._accrual(amount, stage.role)]
        mask = 0
        for bit, one in enumerate(self.journey.sets):
            mask |= (1 << bit) if stage.name in one.stages else 0
        return [w.ROLES.index(stage.role), len(running), self.put(live), len(whens) + len(others),
                self.put([*whens, *others]), at_once, len(accruals) // w.ACCRUAL, self.put(accruals),
                self.effects(stage.on_entry), self.codes[f"{stage.name}/on_entry"], self.visits[stage.name],
                len(inside), self.put([sets[u.name] for u in inside]), mask, int(self.plain(stage.name)),
                len(services), self.put(services), int(self.shares(stage)), *self.bills(running),
                int(stage.name in self.leads)]  # fmt: skip

    def bills(self, clocks: list[int]) -> tuple[int, int]:
        """Return the number and place of what fixed clocks bill for a period who stays, by line what is billed last."""
        bills: list[int] = []
        for c in clocks:
            event = self.memory[c + w.C_EVENT]
            if self.memory[c + w.C_KIND] != w.K_FIXED or not self.memory[event + w.V_RECURS]:
                continue
            outcome_rows = range(self.memory[event + w.V_OUTCOMES], len(self.memory), w.OUTCOME)[
                : self.memory[event + w.V_N]
            ]
            stay = next((self.memory[at + w.O_EFFECTS] for at in outcome_rows if self.memory[at + w.O_TO] < 0), 0)
            billed = {
                self.memory[row + w.M_INVOICE]: row
                for effects in (self.memory[event + w.V_EFFECTS], stay) if effects
                for row in range(self.memory[effects + w.E_MONEY_AT], len(self.memory), w.MONEY)
                [: self.memory[effects + w.E_MONEY]] if self.memory[row + w.M_INVOICE]
            }  # fmt: skip
            bills += [word for column, row in billed.items() for word in (column, row, c)]
        return len(bills) // w.BILL, self.put(bills)

    def _accrual(self, amount: Amount, role: str) -> list[int]:
        assert isinstance(amount.value, Rate)
        line, key, whole, length = self.line(amount, role), -1, 0, self.journey.cohort_ms
        if not amount.value.own:
            name = ("accrual", id(amount), line)
            if name not in self.written:
                self.written[name] = len(self.accruals)
                for price in amount.value.cells:
                    self.accruals += [(price, group, line) for group in range(len(self.layout.groups))]
            key = self.written[name]
            amounts = []
            for price in amount.value.cells:
                amounts.append(draws.discounted_flow(price, 0.0, 0, length))
                amounts += [draws.discounted_flow(price, self.journey.force, age * length, (age + 1) * length)
                            for age in range(self.layout.ages)]  # fmt: skip
            whole = self.put(amounts)
        return [self.rate(amount.value), 1 if amount.side == "earn" else -1, line, key, whole,
                self.in_margin(amount, role), int(amount.side == "earn" and role == "customer"),
                int(self.journey.recurs(amount.line)),
                *self.following(amount)]  # fmt: skip

    def _channel(self, channel: Channel) -> list[int]:
        kind = ("rate", "batch", "present", "referral").index(channel.kind)
        batches = [(at, count) for at, count in zip(channel.times, channel.counts, strict=True) if count]
        sets = self.put([word for one in channel.sets for word in self.setting(one)])
        inherits = self.put([self.column[name] for name in channel.inherits])
        price = channel.cost_per_arrival
        paid = draws.whole_money(price.cells[0]) if price and price.constant else 0
        return [kind, self.place[channel.enters], self.rate(channel.rate) if channel.rate else 0,
                self.put([count for _, count in batches]), self.put([at for at, _ in batches]), len(batches),
                min(channel.until, self.journey.horizon), draws.name_key(channel.name), paid,
                self.rate(price) if price and not price.constant else 0, sets, len(channel.sets), inherits,
                len(channel.inherits), int(channel.removed), 0, 0, 0, 0, self.put([0] * (2 * w.AHEAD)),
                0, 0]  # fmt: skip
