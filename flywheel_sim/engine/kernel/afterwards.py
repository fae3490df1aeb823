"""Beyond the horizon: customers live on by themselves, in waves, for what they are worth alone.

Whoever is followed is stored at the horizon as they are then. They live on with a header of its own, in which all but
what customers are worth is booked where nobody reads it, channels bring nobody, and what all share stands still.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.journey_tables import JourneyTables
from flywheel_sim.engine.kernel.timers import FIRING
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import COHORT, DECIDED, GENERATION, GENERATIONS, MRR, MRR_CHANGE, IntArray

#: How many customers are stored before they live on, and how many of them live at a time.
STORED, LANES = 4096, 256


class Afterwards:
    """Room for customers of one journey to live on."""

    def __init__(self, tables: JourneyTables) -> None:
        self.tables, lay = tables, tables.layout
        self.end = tables.journey.horizon + tables.journey.lifetime
        months, groups = -(-self.end // MONTH), len(lay.groups)
        self.store = np.zeros(STORED * tables.width, dtype=np.int64)
        buckets = tables.n_clocks + FIRING
        self.room: dict[int, IntArray] = {
            word: np.zeros(size, dtype=np.int64)
            for word, size in {
                w.H_IDLE: LANES, w.H_COUNTS: buckets, w.H_BUCKETS: buckets * LANES,
                w.H_BY_OUTCOME: (tables.most_outcomes + 1) * (LANES + 1), w.H_FLOW: groups * len(lay.flows),
                w.H_MONEY: groups * len(lay.lines), w.H_MRR: groups * len(MRR),
                w.H_MRR_CHANGE: groups * len(MRR_CHANGE), w.H_DELTA: groups * len(lay.stages),
                w.H_OFFSET: groups * len(lay.stages),
                w.H_UNFINISHED: len(lay.stages), w.H_COHORT: (months + 1) * len(COHORT),
                w.H_DECIDED: groups * len(DECIDED), w.H_GENERATION: GENERATIONS * len(GENERATION),
                w.H_ACC_DELTA: len(tables.accruals) + groups, w.H_ACC_OFFSET: len(tables.accruals) + groups,
            }.items()
        }  # fmt: skip
        self.ends = np.arange(1, months + 2, dtype=np.int64) * MONTH
        self.lanes = np.zeros(LANES * tables.width, dtype=np.int64)

    def live_on(self, memory: IntArray) -> int:
        """Let stored customers live on as long as they are followed; return the status."""
        from flywheel_sim.engine.kernel import waves as kernel  # which compiles it where nobody has yet

        first = int(memory[w.H_CHANNEL_ROWS])
        removed = memory[first : first + len(self.tables.layout.channels) * w.CHANNEL][w.N_REMOVED :: w.CHANNEL]
        header, channels = memory[: w.HEADER].copy(), removed.copy()
        for word, block in self.room.items():
            block[:] = 0
            memory[word] = place_of(block, memory)
        self.room[w.H_IDLE][:] = place_of(self.lanes, memory) + np.arange(LANES) * self.tables.width
        memory[w.H_PERIOD_ENDS] = place_of(self.ends, memory)
        for word in (w.H_GROUPS, w.H_COHORTS, w.H_ACC_KEYS, w.H_ELIGIBLE, w.H_FINE, w.H_N_SHARED, w.H_COUPLED,
                     w.H_WITH_MRR, w.H_PEOPLE, w.H_EVENTS, w.H_STORE_SIZE, w.H_N_EVENTS, w.H_N_PEOPLE,
                     w.H_REFERS_A_STEP):  # fmt: skip
            memory[word] = 0
        memory[w.H_HORIZON], memory[w.H_AFTER], memory[w.H_REST] = self.end, 1, w.BIG
        memory[w.H_N_LANES] = memory[w.H_N_IDLE] = LANES
        removed[:] = 1
        status = int(kernel.waves(memory.ctypes.data))
        at = int(memory[w.H_STATUS_AT])
        memory[: w.HEADER], removed[:] = header, channels
        memory[w.H_STORED_N], memory[w.H_STATUS_AT] = 0, at
        return status


def place_of(array: IntArray, memory: IntArray) -> int:
    """Return the place of an array of its own, counted from where memory begins."""
    return int((array.ctypes.data - memory.ctypes.data) // 8)
