"""Running the kernel where people depend on one another: places for all who live at a time, and the agenda."""

from __future__ import annotations

import numpy as np

from flywheel_sim.engine import coupled
from flywheel_sim.engine import words as w
from flywheel_sim.engine.compiled import WAITING, Kernel, Words
from flywheel_sim.engine.limits import free_memory, too_many_at_once

#: Places for people at first, entries of the agenda for each, and buckets at least.
PLACES, ENTRIES, BUCKETS = 4096, 4, 1 << 16

#: Words in a line of the processor's cache.
LINE = 8


class Crowd(Kernel):
    """The compiled engine for people who depend on one another."""

    def _own_words(self) -> int:
        return 0

    def _fill_head(self) -> None:
        self.stride = -(-self.image.width // LINE) * LINE
        self.memory[w.H_PLACE_WIDTH] = self.stride
        self.chunks: list[Words] = []
        self.chunks_of_pool: list[Words] = []
        self.n_places = 0
        self._more_places(PLACES)

    def _make_ready(self) -> None:
        self.memory[w.H_FREE_PLACE] = self.memory[w.H_PLACES_LEFT] = 0
        for chunk in self.chunks:
            self._link_places(chunk)
        self.memory[w.H_OPEN] = 0
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

    def _grow_pool(self) -> None:
        chunk = np.zeros(WAITING * self.pool_width, dtype=np.int64)
        self.chunks_of_pool.append(chunk)
        first = self._from_memory(chunk)
        links = first + np.arange(1, WAITING + 1, dtype=np.int64) * self.pool_width
        links[-1] = self.memory[w.H_FREE]
        chunk[w.Y_LINK :: self.pool_width] = links
        self.memory[w.H_FREE] = first
        self.memory[w.H_POOL_LEFT] += WAITING

    def _from_memory(self, array: Words) -> int:
        """Return the place of an array of its own, counted from where memory begins."""
        return (array.ctypes.data - self.memory.ctypes.data) // 8

    def _more_places(self, n: int) -> None:
        """Add places for people, with room for them on the agenda."""
        words = (self.n_places + n) * (ENTRIES * w.ENTRY + 2 * (ENTRIES + 1)) + n * self.stride
        if 8 * words > 0.75 * free_memory():
            raise too_many_at_once(self.n_places)
        block = np.zeros(n * self.stride + LINE, dtype=np.int64)
        begin = -(block.ctypes.data // 8) % LINE  # so that every place begins a line
        self.chunks.append(block[begin : begin + n * self.stride])
        self.n_places += n
        n_entries = ENTRIES * self.n_places + BUCKETS
        self.entries = np.zeros(n_entries * w.ENTRY, dtype=np.int64)
        self.heap = np.zeros(2 * (n_entries + self.n_places), dtype=np.int64)
        shift = 0
        while self.journey.horizon >> shift >= max(BUCKETS, self.n_places):
            shift += 1
        self.heads = np.zeros((self.journey.horizon >> shift) + 1, dtype=np.int64)
        self.shift = shift

    def _link_places(self, chunk: Words) -> None:
        """Put the places of a chunk on the list of free ones."""
        head, width = self.memory, self.stride
        n, first = len(chunk) // width, self._from_memory(chunk)
        links = first + np.arange(1, n + 1, dtype=np.int64) * width
        links[-1] = head[w.H_FREE_PLACE]
        chunk[w.B_LINK :: width] = links
        head[w.H_FREE_PLACE] = first
        head[w.H_PLACES_LEFT] += n

    def _clear_agenda(self) -> None:
        """Empty the agenda, to be filled anew from who is alive; what is open now is so by the new width."""
        head = self.memory
        n, first = len(self.entries) // w.ENTRY, self._from_memory(self.entries)
        links = first + np.arange(1, n + 1, dtype=np.int64) * w.ENTRY
        links[-1] = 0
        self.entries[w.E_LINK :: w.ENTRY] = links
        self.heads[:] = 0
        head[w.H_FREE_ENTRY], head[w.H_ENTRIES_LEFT] = first, n
        head[w.H_HEADS], head[w.H_N_HEADS] = self._from_memory(self.heads), len(self.heads)
        head[w.H_HEAP], head[w.H_HEAP_N] = self._from_memory(self.heap), -1
        head[w.H_SHIFT] = self.shift
        head[w.H_OPEN] = head[w.H_NOW] >> self.shift
