"""Running the kernel where people depend on one another: places for all who live at a time, and the agenda."""

from __future__ import annotations

import numpy as np

from flywheel_sim.engine.kernel import coupled
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.runner import POOL, Kernel, Words, chained
from flywheel_sim.engine.limits import free_memory, too_many_at_once

#: Places for people at first, buckets of the agenda at least, and places beyond which people are fetched ahead.
PLACES, BUCKETS, FETCHED = 1024, 1 << 16, 1 << 13

#: Births that the order of people at an instant can tell apart.
MOST_BORN = (1 << 32) - (1 << 20)

#: Words in a line of the processor's cache.
LINE = 8


class Crowd(Kernel):
    """The compiled engine for people who depend on one another."""

    def _own_words(self) -> int:
        return 0

    def _fill_head(self) -> None:
        self.stride = -(-self.image.width // LINE) * LINE
        self.chunks: list[Words] = []
        self.chunks_of_pool: list[Words] = []
        self.n_places = 0
        self._more_places(PLACES)

    def _make_ready(self) -> None:
        self.memory[w.H_FREE_PLACE] = self.memory[w.H_PLACES_LEFT] = 0
        for chunk in self.chunks:
            self._link_places(chunk)
        self.memory[w.H_OPEN] = 0
        self.memory[w.H_MAX_PEOPLE] = min(int(self.memory[w.H_MAX_PEOPLE]), MOST_BORN)
        self._clear_agenda()

    def _go(self) -> int:
        return int(coupled.crowd(self.memory.ctypes.data))

    def _make_room(self, status: int) -> bool:
        if status == w.PLACES_FULL:
            self._more_places(self.n_places)
            self._link_places(self.chunks[-1])
            self._clear_agenda()
        elif status == w.AGENDA_FULL:
            self._clear_agenda()
        else:
            return super()._make_room(status)
        return True

    def _fill_pool(self, used: int = 0) -> None:
        super()._fill_pool(used)
        self.chunks_of_pool.clear()

    def _grow_pool(self) -> None:
        chunk = np.zeros(POOL * self.pool_width, dtype=np.int64)
        self.chunks_of_pool.append(chunk)
        first = self._from_memory(chunk)
        chunk[w.Y_LINK :: self.pool_width] = chained(first, POOL, self.pool_width, int(self.memory[w.H_FREE]))
        self.memory[w.H_FREE] = first
        self.memory[w.H_POOL_LEFT] += POOL

    def _from_memory(self, array: Words) -> int:
        """Return the place of an array of its own, counted from where memory begins."""
        return (array.ctypes.data - self.memory.ctypes.data) // 8

    def _more_places(self, n: int) -> None:
        """Add places for people, with room for them on the agenda."""
        each = 2 + int(self.memory[w.H_ENTRIES_A_STEP])
        n_entries = each * (self.n_places + n) + 64 * each
        if 8 * (n_entries * (w.ENTRY + 4) + n * self.stride) > 0.75 * free_memory():
            raise too_many_at_once(self.n_places)
        block = np.zeros(n * self.stride + LINE, dtype=np.int64)
        begin = -(block.ctypes.data // 8) % LINE  # so that every place begins a line
        self.chunks.append(block[begin : begin + n * self.stride])
        self.n_places += n
        self.entries = np.zeros(n_entries * w.ENTRY, dtype=np.int64)
        self.heap = np.zeros(4 * n_entries, dtype=np.int64)
        shift = 0
        while self.journey.horizon >> shift >= max(BUCKETS, self.n_places):
            shift += 1
        self.heads = np.zeros((self.journey.horizon >> shift) + 1, dtype=np.int64)
        self.shift = shift

    def _link_places(self, chunk: Words) -> None:
        """Put the places of a chunk on the list of free ones."""
        head, width = self.memory, self.stride
        n, first = len(chunk) // width, self._from_memory(chunk)
        chunk[w.B_LINK :: width] = chained(first, n, width, int(head[w.H_FREE_PLACE]))
        head[w.H_FREE_PLACE] = first
        head[w.H_PLACES_LEFT] += n

    def _clear_agenda(self) -> None:
        """Empty the agenda, to be filled anew from who is alive; what is open now is so by the new width."""
        head = self.memory
        n, first = len(self.entries) // w.ENTRY, self._from_memory(self.entries)
        self.entries[w.ENTRY_LINK :: w.ENTRY] = chained(first, n, w.ENTRY, 0)
        self.heads[:] = 0
        head[w.H_FREE_ENTRY], head[w.H_ENTRIES_LEFT] = first, n
        head[w.H_HEADS] = self._from_memory(self.heads)
        head[w.H_HEAP], head[w.H_HEAP_N], head[w.H_HEAP_SIZE] = self._from_memory(self.heap), -1, len(self.heap) // 2
        head[w.H_FETCH] = self.stride if self.n_places > FETCHED else 0
        head[w.H_SHIFT] = self.shift
        head[w.H_OPEN] = head[w.H_NOW] >> self.shift
