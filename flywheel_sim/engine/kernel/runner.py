"""Running the kernel: memory for a journey, one replication after another, and ledgers and tables from it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from flywheel_sim.engine.by_plan import accrue, close_money, person_time, spend_by_plan, staffed_by_plan
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.afterwards import STORED, Afterwards, place_of
from flywheel_sim.engine.kernel.journey_tables import JourneyTables
from flywheel_sim.engine.kernel.timers import FIRING
from flywheel_sim.engine.limits import (
    SUMS,
    Bounds,
    beyond,
    too_many_events,
    too_many_firings,
    too_many_people,
    too_many_visits,
    too_much_money,
)
from flywheel_sim.engine.room import Room
from flywheel_sim.errors import SimulationError, Stopped
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import IntArray, Ledger

#: Arrays of the ledger in memory, with the header word that holds the place of each.
_ARRAYS = {
    "money": w.H_MONEY, "mrr": w.H_MRR, "mrr_change": w.H_MRR_CHANGE, "cohort": w.H_COHORT, "followed": w.H_FOLLOWED,
    "flow": w.H_FLOW, "channel_spend": w.H_CHANNEL_SPEND, "stock": w.H_DELTA, "time": w.H_OFFSET,
    "unfinished": w.H_UNFINISHED, "generation": w.H_GENERATION, "queue": w.H_QUEUE, "backlog": w.H_BACKLOG,
    "lifetime": w.H_LIFE, "decided": w.H_DECIDED,
    "load": w.H_LOAD, "waits": w.H_WAITS, "contact": w.H_CONTACT, "shared": w.H_SHARED, "acc_delta": w.H_ACC_DELTA,
    "acc_offset": w.H_ACC_OFFSET,
}  # fmt: skip

#: How many newborns can wait at first, rows of a buffer of the logs, and people of whom several live at a time.
POOL, ROWS, LANES = 4096, 1 << 16, 256

#: Places for people at first and the most that are added at a time, buckets of the agenda at least, and places beyond
#: which people are fetched ahead.
PLACES, MORE, BUCKETS, FETCHED = 1024, 1 << 20, 1 << 16, 1 << 13

#: Steps after which a run looks whether it is to stop: a fraction of a second.
STRETCH = 200_000

#: Births that the order of people at an instant can tell apart.
MOST_BORN = (1 << 32) - (1 << 20)

#: How often rows of the logs stand in memory until they are a table.
COPIES = 4

#: Words in a line of the processor's cache.
LINE = 8


def chained(first: int, n: int, width: int, last: int) -> IntArray:
    """Return the links of free records that stand one after another: each to the next, and that of the last one."""
    links = first + np.arange(1, n + 1, dtype=np.int64) * width
    links[-1] = last
    return links


class Kernel(ABC):
    """The compiled engine with the memory of one journey; not for use by two threads at a time.

    Parameters
    ----------
    journey
        What to run; without uncertain rates, or the journey of one world.
    people, events
        Whether to keep the people table and the event log.
    max_memory
        GiB that all runs of this process together may take; what the machine can spare unless given.
    """

    def __init__(
        self, journey: Journey, people: bool = False, events: bool = False, max_memory: float | None = None
    ) -> None:
        self.journey, self.room, self.logged = journey, Room(max_memory), 0
        self.tables = JourneyTables(journey)
        self.layout = lay = self.tables.layout
        self.plan, self.staffed = spend_by_plan(journey, lay), staffed_by_plan(journey, lay)
        keys = (lay.periods, len(self.tables.accruals))
        self.shapes = {name: lay.shapes.get(name, keys) for name in _ARRAYS}
        size = len(self.tables.cells)
        self.begin = size
        self.places: dict[str, tuple[int, int]] = {}
        for name, shape in self.shapes.items():
            self.places[name] = (size, size + int(np.prod(shape, dtype=np.int64)))
            size = self.places[name][1]
        self.end = self.draws = size
        self.own = size + w.D_LISTS * w.DRAWS
        self.pool, self.pool_width = self.own + self._own_size(), w.WAITING + len(journey.attributes)
        self.room.more(8 * (self.pool + POOL * self.pool_width), f"the figures of '{journey.name}'")
        self.memory: IntArray = np.zeros(self.pool + POOL * self.pool_width, dtype=np.int64)
        self.memory[: self.begin] = self.tables.cells
        head = self.memory
        for name, word in _ARRAYS.items():
            head[word] = self.places[name][0]
        head[w.H_DRAWS], head[w.H_WITH_MARGIN] = self.draws, int(people)
        self._fill_head()
        self.template = head[: self.begin].copy()
        self.whole = False
        self.width = self.tables.due0
        self.rows = max(ROWS, 2 * LANES * int(head[w.H_ROWS_A_STEP]))
        self.after = Afterwards(self.tables) if journey.lifetime else None
        self.people = np.zeros(ROWS * self.width, dtype=np.int64) if people else None
        self.events = np.zeros(self.rows * 5, dtype=np.int64) if events else None

    @abstractmethod
    def _own_size(self) -> int:
        """Return how many words of memory, from `own` on, this way to run takes."""

    @abstractmethod
    def _fill_head(self) -> None:
        """Note in the header what stays the same from run to run."""

    @abstractmethod
    def _make_ready(self) -> None:
        """Prepare memory for a run."""

    @abstractmethod
    def _go(self) -> int:
        """Run on until all is done or something stands in the way; return the status."""

    def _make_room(self, status: int) -> bool:
        """Make room where it is wanting; tell whether that is what the status asks for."""
        if status == w.POOL_FULL:
            self._grow_pool()
        return status == w.POOL_FULL

    def run(
        self, seed: int, replication: int, bounds: Bounds
    ) -> tuple[Ledger, dict[str, IntArray] | None, dict[str, IntArray] | None]:
        """Return the ledger of a replication, and the columns of its people and events where they are kept.

        Raises
        ------
        SimulationError
            If the run meets a limit.
        Stopped
            If whoever is asked now and then says so.
        """
        head = self.memory
        free, left = head[w.H_FREE], head[w.H_POOL_LEFT]
        head[: self.begin] = self.template
        head[w.H_FREE], head[w.H_POOL_LEFT] = free, left
        head[self.begin : self.end] = 0
        head[w.H_SEED], head[w.H_REPLICATION] = seed, replication
        head[w.H_MAX_PEOPLE], head[w.H_MAX_EVENTS], head[w.H_REST] = bounds.max_people, bounds.max_events, STRETCH
        head[slice(*self.places["channel_spend"])] = self.plan[0].ravel()
        self._make_ready()
        if not self.whole:
            self._fill_pool()
        self.whole = False
        self.room.more(-self.logged, "the rows of the replication before, which are whoever's asked for them,")
        self.logged = 0
        people: list[IntArray] = []
        events: list[IntArray] = []
        if self.people is not None:
            head[w.H_PEOPLE], head[w.H_PEOPLE_SIZE], head[w.H_PEOPLE_WIDTH] = self.people.ctypes.data, ROWS, self.width
        if self.events is not None:
            head[w.H_EVENTS], head[w.H_EVENTS_SIZE] = self.events.ctypes.data, self.rows
        while True:
            self._make_store()
            status = self._go()
            if status in (w.STORE_FULL, w.DONE):
                self._live_on()
            if status in (w.PEOPLE_FULL, w.EVENTS_FULL, w.DONE):
                self._drain(people, events)
            elif status == w.RESTS:
                if bounds.stop is not None and bounds.stop():
                    raise Stopped
                self.memory[w.H_REST] = self.memory[w.H_WORK] + STRETCH
            elif status != w.STORE_FULL and not self._make_room(status):
                raise self._error_of(status)
            if status == w.DONE:
                break
        self.whole = True  # whoever waited to live has lived, and every record is free again
        return self._ledger(), self._people(people), self._events(events)

    def _make_store(self) -> None:
        """Say where customers who are followed beyond the horizon are stored."""
        if self.after is not None:
            self.memory[w.H_STORE], self.memory[w.H_STORE_SIZE] = place_of(self.after.store, self.memory), STORED

    def _live_on(self) -> None:
        """Let stored customers live on beyond the horizon."""
        status = self.after.live_on(self.memory) if self.after is not None else w.DONE
        if status != w.DONE:
            raise beyond(self._error_of(status))

    def _fill_pool(self, used: int = 0) -> None:
        """Link every free record of those waiting to live, from the first one never used."""
        first = self.pool + used * self.pool_width
        n = (len(self.memory) - first) // self.pool_width
        links = chained(first, n, self.pool_width, int(self.memory[w.H_FREE]) if used else 0)
        self.memory[first : first + n * self.pool_width : self.pool_width] = links
        self.memory[w.H_FREE] = first
        self.memory[w.H_POOL_LEFT] = n + (self.memory[w.H_POOL_LEFT] if used else 0)

    def _grow_pool(self) -> None:
        held, now = self.room.held, len(self.memory)
        size = (now - self.pool) // self.pool_width
        grown, what = now + size * self.pool_width, f"more than {size:,} people who were referred and have yet to come"
        self.room.hold(held + 8 * grown, what)  # while one is copied into the other
        larger = np.zeros(grown, dtype=np.int64)
        larger[:now] = self.memory
        self.memory = larger
        self.room.hold(held + 8 * (grown - now), what)
        self._fill_pool(size)

    def _drain(self, people: list[IntArray], events: list[IntArray]) -> None:
        """Take the rows of the logs out of their buffers."""
        for what, rows, buffer, word, width in (("people", people, self.people, w.H_PEOPLE_N, self.width),
                                                ("events", events, self.events, w.H_EVENTS_N, 5)):  # fmt: skip
            if buffer is not None:
                n = int(self.memory[word])
                self.room.more(COPIES * 8 * n * width, f"the {what} of one replication, each in a row,")
                self.logged += COPIES * 8 * n * width
                rows.append(buffer[: n * width].reshape(n, width).copy())
                self.memory[word] = 0

    def _error_of(self, status: int) -> SimulationError:
        """Return the error of what stood in the way of the run."""
        at = int(self.memory[w.H_STATUS_AT])
        if status == w.TOO_MANY_PEOPLE:
            return too_many_people(int(self.memory[w.H_MAX_PEOPLE]), self.journey)
        if status == w.TOO_MANY_EVENTS:
            return too_many_events(int(self.memory[w.H_MAX_EVENTS]))
        if status == w.TOO_MANY_VISITS:
            return too_many_visits(self.journey.owners[at].name)
        if status == w.TOO_MUCH_MONEY:
            return too_much_money(list(SUMS)[at])
        return too_many_firings(self.tables.decisions[at])

    def _ledger(self) -> Ledger:
        lay, begin = self.layout, self.begin
        block = self.memory[begin : self.end].copy()
        arrays = {name: block[at - begin : end - begin].reshape(self.shapes[name])
                  for name, (at, end) in self.places.items()}  # fmt: skip
        arrays["stock"], arrays["time"] = person_time(arrays["stock"], arrays["time"], lay.period_ends)
        arrays["backlog"], arrays["load"] = person_time(arrays["backlog"], arrays["load"], lay.period_ends)
        arrays["shared"] = arrays["shared"].cumsum(axis=0)
        begun, ms_left = arrays.pop("acc_delta"), arrays.pop("acc_offset")
        if self.tables.accruals:
            _, spent = person_time(begun, ms_left, lay.period_ends)
            for key, (price, group, line) in enumerate(self.tables.accruals):
                accrue(arrays["money"][:, group, line], price, spent[:, key])
        close_money(lay, arrays["money"])
        n_events = np.int64(self.memory[w.H_N_EVENTS]) + np.zeros((), dtype=np.int64)
        return Ledger(layout=lay, costs=self.plan[1], staffed=self.staffed.copy(), n_events=n_events, **arrays)

    def _people(self, parts: list[IntArray]) -> dict[str, IntArray] | None:
        """Return the columns that `tables.people_frame` takes."""
        if self.people is None:
            return None
        rows = np.concatenate(parts)
        columns = {
            "key": w.B_KEY, "referrer": w.B_SPONSOR, "referred": w.B_REFERRED, "channel": w.B_CHANNEL,
            "generation": w.B_GENERATION, "born": w.B_BORN, "acquired": w.B_ACQUIRED, "churned": w.B_CHURNED,
            "stage": w.B_STAGE, "revenue": w.B_REVENUE, "cost": w.B_COST, "margin_discounted": w.B_MARGIN,
            "referrals": w.B_REFERRALS,
        }  # fmt: skip
        people = {name: rows[:, column] for name, column in columns.items()}
        attributes = rows[:, self.tables.attribute0 : self.tables.attribute0 + len(self.journey.attributes)]
        for index, attribute in enumerate(self.journey.attributes):
            if attribute.kind == "stopwatch":
                since = attributes[:, index]
                attributes[:, index] = np.where(since > -w.BIG, self.journey.horizon - since, -1)
        return people | {"attributes": attributes}

    def _events(self, parts: list[IntArray]) -> dict[str, IntArray] | None:
        """Return the columns that `tables.event_frame` takes."""
        if self.events is None:
            return None
        return dict(zip(("time", "person", "step", "flow", "to"), np.concatenate(parts).T, strict=True))


class Waves(Kernel):
    """The compiled engine for people who live independent lives."""

    def _own_size(self) -> int:
        n_buckets = self.tables.n_clocks + FIRING
        self.lanes = self.own
        self.idle = self.lanes + LANES * self.tables.width
        self.counts = self.idle + LANES
        self.buckets = self.counts + n_buckets
        self.by_outcome = self.buckets + n_buckets * LANES
        return self.by_outcome + (self.tables.most_outcomes + 1) * (LANES + 1) - self.own

    def _fill_head(self) -> None:
        head = self.memory
        head[w.H_N_LANES], head[w.H_N_IDLE], head[w.H_IDLE] = LANES, LANES, self.idle
        head[w.H_COUNTS], head[w.H_BUCKETS], head[w.H_BY_OUTCOME] = self.counts, self.buckets, self.by_outcome

    def _make_ready(self) -> None:
        self.memory[self.idle : self.idle + LANES] = self.lanes + np.arange(LANES) * self.tables.width
        self.memory[self.counts : self.buckets] = 0

    def _go(self) -> int:
        from flywheel_sim.engine.kernel import waves as kernel  # which compiles it where nobody has yet

        return int(kernel.waves(self.memory.ctypes.data))


class Crowd(Kernel):
    """The compiled engine for people who affect one another."""

    def _own_size(self) -> int:
        return 0

    def _fill_head(self) -> None:
        self.stride = -(-self.tables.width // LINE) * LINE
        self.chunks: list[IntArray] = []
        self.chunks_of_pool: list[IntArray] = []
        self.n_places = self.agenda = 0
        self._more_places(PLACES)

    def _make_ready(self) -> None:
        self.memory[w.H_FREE_PLACE] = self.memory[w.H_PLACES_LEFT] = 0
        for chunk in self.chunks:
            self._link_places(chunk)
        self.memory[w.H_OPEN] = 0
        self.memory[w.H_MAX_PEOPLE] = min(int(self.memory[w.H_MAX_PEOPLE]), MOST_BORN)
        self._clear_agenda()

    def _go(self) -> int:
        from flywheel_sim.engine.kernel import coupled  # which compiles it where nobody has yet

        return int(coupled.crowd(self.memory.ctypes.data))

    def _make_room(self, status: int) -> bool:
        if status == w.PLACES_FULL:
            self._more_places(min(self.n_places, MORE))
            self._link_places(self.chunks[-1])
            self._clear_agenda()
        elif status == w.AGENDA_FULL:
            self._clear_agenda()
        else:
            return super()._make_room(status)
        return True

    def _fill_pool(self, used: int = 0) -> None:
        super()._fill_pool(used)
        self.room.more(-8 * POOL * self.pool_width * len(self.chunks_of_pool), "no more of those who have yet to come")
        self.chunks_of_pool.clear()

    def _grow_pool(self) -> None:
        self.room.more(8 * POOL * self.pool_width, "the people who were referred and have yet to come")
        chunk = np.zeros(POOL * self.pool_width, dtype=np.int64)
        self.chunks_of_pool.append(chunk)
        first = place_of(chunk, self.memory)
        chunk[w.Y_LINK :: self.pool_width] = chained(first, POOL, self.pool_width, int(self.memory[w.H_FREE]))
        self.memory[w.H_FREE] = first
        self.memory[w.H_POOL_LEFT] += POOL

    def _more_places(self, n: int) -> None:
        """Add places for people, with room for them on the agenda."""
        each = 2 + int(self.memory[w.H_ENTRIES_A_STEP])
        n_entries = each * (self.n_places + n) + 64 * each
        shift = 0
        while self.journey.horizon >> shift >= max(BUCKETS, self.n_places + n):
            shift += 1
        n_heads = (self.journey.horizon >> shift) + 1
        agenda = n_entries * (w.ENTRY + 4) + n_heads
        self.room.more(8 * (n * self.stride + agenda - self.agenda), f"more than {self.n_places:,} people at a time")
        self.agenda, self.shift = agenda, shift
        self.entries = self.heap = self.heads = np.zeros(0, dtype=np.int64)  # which are filled anew
        block = np.zeros(n * self.stride + LINE, dtype=np.int64)
        begin = -(block.ctypes.data // 8) % LINE  # so that every place begins a line
        self.chunks.append(block[begin : begin + n * self.stride])
        self.n_places += n
        self.entries = np.zeros(n_entries * w.ENTRY, dtype=np.int64)
        self.heap = np.zeros(4 * n_entries, dtype=np.int64)
        self.heads = np.zeros(n_heads, dtype=np.int64)

    def _link_places(self, chunk: IntArray) -> None:
        """Put the places of a chunk on the list of free ones."""
        head, width = self.memory, self.stride
        n, first = len(chunk) // width, place_of(chunk, self.memory)
        chunk[w.B_LINK :: width] = chained(first, n, width, int(head[w.H_FREE_PLACE]))
        head[w.H_FREE_PLACE], head[w.H_PLACES_LEFT] = first, head[w.H_PLACES_LEFT] + n

    def _clear_agenda(self) -> None:
        """Empty the agenda, to be filled anew from who is alive; what is open now is so by the new width."""
        head = self.memory
        n, first = len(self.entries) // w.ENTRY, place_of(self.entries, self.memory)
        self.entries[w.ENTRY_LINK :: w.ENTRY] = chained(first, n, w.ENTRY, 0)
        self.heads[:] = 0
        head[w.H_FREE_ENTRY], head[w.H_ENTRIES_LEFT] = first, n
        head[w.H_HEADS] = place_of(self.heads, self.memory)
        head[w.H_HEAP] = place_of(self.heap, self.memory)
        head[w.H_HEAP_N], head[w.H_HEAP_SIZE] = -1, len(self.heap) // 2
        head[w.H_FETCH] = self.stride if self.n_places > FETCHED else 0
        head[w.H_SHIFT] = self.shift
        head[w.H_OPEN] = head[w.H_NOW] >> self.shift
