"""How the reference engine fills a ledger: counters by period, group and line, closed at the end."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Protocol

import numpy as np

from flywheel_sim.errors import SimulationError
from flywheel_sim.ledger import COHORT_MEASURES, ROLE_FLOWS, IntArray, Layout, Ledger, person_time
from flywheel_sim.scenario.journey import SPEND_KIND_OF_ROLE, Amount, Channel, Event, Journey, Outcome
from flywheel_sim.scenario.units import MONTH, YEAR


class Grouped(Protocol):
    """Anybody with attribute levels and a channel of origin."""

    channel: int
    levels: dict[str, int]


class Books:
    """The open ledger of one run."""

    def __init__(self, layout: Layout, journey: Journey) -> None:
        self.layout, self.journey = layout, journey
        self.ends = [int(end) for end in layout.period_ends]
        self.force = math.log1p(journey.discount) / YEAR
        self.by = [(name, len(next(a.levels for a in journey.attributes if a.name == name)))
                   for name in journey.report_by]  # fmt: skip
        self.flow_of = {flow: index for index, flow in enumerate(layout.flows)}
        self.line_of = {line: index for index, line in enumerate(layout.lines)}
        self.outcome_of: dict[int, int] = {}
        for stage in journey.stages:
            for event in stage.events:
                for outcome in event.outcomes:
                    self.outcome_of[id(outcome)] = self.flow_of[stage.name, event.name, outcome.name]
        self.flow: dict[tuple[int, int, int], int] = defaultdict(int)
        self.money: dict[tuple[int, int, int], int] = defaultdict(int)
        self.channel_spend: dict[tuple[int, int], int] = defaultdict(int)
        self.moves: dict[tuple[int, int, str], list[int]] = defaultdict(lambda: [0, 0])
        self.accruals: dict[tuple[str, str, str, int, int], dict[int, list[int]]] = {}
        self.prices: dict[tuple[str, str, str, int, int], tuple[float, str]] = {}
        self.cohorts: dict[tuple[int, int, int, int], int] = defaultdict(int)

    def group(self, person: Grouped) -> int:
        """Return the group a person is in."""
        index = person.channel
        for name, size in self.by:
            index = index * size + person.levels[name]
        return index

    def count_role(self, name: str, group: int, now: int, sign: int = 1) -> None:
        """Count one of the flows that are not outcomes; a negative sign takes one back."""
        self.flow[now // MONTH, group, ROLE_FLOWS.index(name)] += sign

    def count_outcome(self, event: Event, outcome: Outcome, group: int, now: int) -> None:
        """Count an outcome of an event."""
        self.flow[now // MONTH, group, self.outcome_of[id(outcome)]] += 1

    def move(self, stage: str, group: int, now: int, sign: int) -> None:
        """Count an entry to a stage (+1) or an exit (-1), with its offset to the period's end."""
        period = now // MONTH
        cell = self.moves[period, group, stage]
        cell[0] += sign
        cell[1] += sign * (self.ends[period] - now)

    def accrue(self, stage: str, amount: Amount, cell: int, group: int, now: int, sign: int) -> None:
        """Let an amount begin (+1) or cease (-1) to accrue at one cell of its price."""
        key = (stage, amount.side, amount.line, cell, group)
        if key not in self.accruals:
            role = next(s.role for s in self.journey.stages if s.name == stage)
            self.accruals[key] = {}
            self.prices[key] = (amount.value.cells[cell], role)
        period = now // MONTH
        at = self.accruals[key].setdefault(period, [0, 0])
        at[0] += sign
        at[1] += sign * (self.ends[period] - now)

    def book(self, amount: Amount, role: str, group: int, now: int, minor: int) -> None:
        """Book an amount on its line."""
        self.money[now // MONTH, group, self.line(amount.side, amount.line, role)] += minor

    def line(self, side: str, name: str, role: str) -> int:
        """Return the index of a money line."""
        return self.line_of[side, name, SPEND_KIND_OF_ROLE[role] if side == "spend" else ""]

    def spend_on_channel(self, index: int, channel: Channel) -> None:
        """Book what a channel costs whoever comes: spend over time, and its batch."""
        begin = 0
        for period, end in enumerate(self.ends):
            if channel.spend_per_ms:
                whole = round(channel.spend_per_ms * end) - round(channel.spend_per_ms * begin)
                self.channel_spend[period, index] += whole
            begin = end
        if channel.kind == "batch":
            self.channel_spend[0, index] += channel.cost_per_batch

    def arrival_cost(self, index: int, channel: Channel, now: int) -> None:
        """Book the price of one arrival, where arrivals are paid one by one."""
        if channel.cost_per_arrival:
            self.channel_spend[now // MONTH, index] += channel.cost_per_arrival

    def cohort(self, measure: str, acquired: int, at: int, group: int, value: int) -> None:
        """Add to a measure of the people acquired when somebody was, at the age they have."""
        length = self.journey.cohort_ms
        key = (acquired // length, (at - acquired) // length, group, COHORT_MEASURES.index(measure))
        self.cohorts[key] += value

    def ledger(self, n_events: int) -> Ledger:
        """Return the closed ledger."""
        lay = self.layout
        groups = len(lay.groups)

        def filled(shape: tuple[int, ...], counts: dict[tuple[int, ...], int]) -> IntArray:
            array = np.zeros(shape, dtype=np.int64)
            for key, count in counts.items():
                if abs(count) >= 1 << 62:
                    raise SimulationError(
                        "money beyond what a ledger can hold; state it in a larger unit, such as thousands"
                    )
                array[key] += count
            return array

        delta = np.zeros((lay.periods, groups, len(lay.stages)), dtype=np.int64)
        offset = np.zeros_like(delta)
        place = {name: index for index, name in enumerate(lay.stages)}
        for (period, group, name), (count, ms) in self.moves.items():
            delta[period, group, place[name]] += count
            offset[period, group, place[name]] += ms
        stock, time = person_time(delta, offset, lay.period_ends)
        money = filled((lay.periods, groups, len(lay.lines)), self.money)  # type: ignore[arg-type]
        for key, periods in self.accruals.items():
            price, role = self.prices[key]
            _, side, line, _, group = key
            begun, ms_left = np.zeros((2, lay.periods), dtype=np.int64)
            for period, (count, ms) in periods.items():
                begun[period] += count
                ms_left[period] += ms
            _, spent = person_time(begun, ms_left, lay.period_ends)
            money[:, group, self.line(side, line, role)] += np.rint(price * spent).astype(np.int64)
        return Ledger(
            layout=lay,
            flow=filled((lay.periods, groups, len(lay.flows)), self.flow),  # type: ignore[arg-type]
            money=money,
            channel_spend=filled((lay.periods, len(lay.channels)), self.channel_spend),  # type: ignore[arg-type]
            stock=stock,
            time=time,
            cohort=filled((lay.cohorts, lay.cohorts, groups, len(COHORT_MEASURES)), self.cohorts),  # type: ignore[arg-type]
            n_events=np.int64(n_events) + np.zeros((), dtype=np.int64),
        )
