"""How a subscription stands, in the words of billing tools."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flywheel_sim.data.people import unknown_words
from flywheel_sim.data.source.cells import IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.statuses import read_flags
from flywheel_sim.data.taking import Taken
from flywheel_sim.texts import titled

ACTIVE_NOW, ENDED, TRIAL, NEVER, UNKNOWN = range(5)

_WORDS = {
    ACTIVE_NOW: "active|live|past due|unpaid|non renewing|running|current|paused|paid|subscribed|aktiv|laufend|"
                "gekundigt zum ende|actif|activo|attivo|actief|true|yes|ja",
    ENDED: "canceled|cancelled|churned|expired|ended|inactive|terminated|closed|lapsed|transferred|gekundigt|beendet|"
           "inaktiv|resilie|termine|cancelado|annullato|opgezegd|false|no|nein",
    TRIAL: "trialing|trialling|trial|in trial|on trial|free trial|probe|testphase|essai|prueba",
    NEVER: "incomplete|incomplete expired|future|draft|pending|scheduled",
}  # fmt: skip
_STANDINGS = {word: what for what, words in _WORDS.items() for word in words.split("|")}


def read_standings(file: Taken, who: IntArray, count: Sequence[str] | None) -> IntArray:
    """Return how every subscription stands: one of the standings of this module.

    Raises
    ------
    DataError
        If there are words that are not known and the user says nothing.
    """
    standing = _said(file, who, count)
    if "trial" in file:
        standing = np.where(read_flags(file.columns["trial"], file.file, dated=False), TRIAL, standing)
    return standing


def _said(file: Taken, who: IntArray, count: Sequence[str] | None) -> IntArray:
    """Return how every subscription stands by its status alone; raises as `read_standings`."""
    file.check_count(count)
    if "status" not in file:
        return np.full(len(file), ACTIVE_NOW, np.int64)
    column = file.columns["status"]
    codes, keys, _ = column.joined_words(plain)
    stated = {plain(one) for one in count or ()}
    meaning = [_STANDINGS.get(key, ACTIVE_NOW if key in stated else UNKNOWN) for key in keys]
    unknown = [key for key, what in zip(keys, meaning, strict=True) if what == UNKNOWN]
    if unknown and count is None:
        raise refused(file.file, f"column '{titled(column.name)}' has statuses that are not known: "
                      f"{unknown_words(unknown, keys, codes, who)}",
                      "say which of them are of subscriptions, running or ended: count=['...']")  # fmt: skip
    file.tally.mark(np.array([*(what == UNKNOWN for what in meaning), False], bool)[codes], "set aside",
                    "a status that does not count", column.name)  # fmt: skip
    return np.array([*meaning, ACTIVE_NOW], np.int64)[codes]
