"""Customers without who they are: random tokens for their keys, and no group so small that it would name them."""

from __future__ import annotations

import csv
import io
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flywheel_sim.data.account import Tally
from flywheel_sim.data.source.cells import BoolArray, Column, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.errors import DataError
from flywheel_sim.scenario.source.regular import Unreadable, open_regular
from flywheel_sim.texts import titled
from flywheel_sim.wording import counted, joined
from flywheel_sim.writing import put

#: Smaller groups of people become one, under this name.
SMALLEST, OTHER = 10, "other"

#: Bytes of a token, and of a file of keys.
_TOKEN, _MOST_KEYS = 8, 10**9

#: Words longer than this, and more of them than that, are shown nowhere.
_LONGEST, _MOST_WORDS = 30, 20


def person_key(key: str) -> str:
    """Return a key as it is told from others: e-mail addresses without regard to capital letters."""
    return key.casefold() if "@" in key else key


def people_of(*columns: Column) -> tuple[list[IntArray], list[str]]:
    """Return who stands in each row of some columns, as numbers from 0 on and -1 for nobody, and the key of each."""
    keys: dict[str, int] = {}
    codes = []
    for column in map(Column.texts, columns):
        index = [keys.setdefault(person_key(word), len(keys)) for word in column.word_list()]
        codes.append(np.array([*index, -1], np.int64)[column.codes])
    return codes, list(keys)


def tokens_for(keys: Sequence[str], file: Path | None) -> list[str]:
    """Return a random token for each key; those of a file again, which is written anew with all of them.

    Raises
    ------
    DataError
        If the file cannot be read or written, is none of keys, or others may read it.
    """
    known = {} if file is None else _read(file)
    fresh = len(keys) - sum(key in known for key in keys) if known else len(keys)
    written = secrets.token_bytes(_TOKEN * fresh).hex()
    new = (written[at : at + 2 * _TOKEN] for at in range(0, len(written), 2 * _TOKEN))
    given = [known[key] if key in known else next(new) for key in keys]
    if len(set(given)) < len(given) or len(set(known.values()) | set(given)) < len(known) + fresh:
        return tokens_for(keys, file)  # once in many millions of years
    if file is not None:
        put(file.parent, {file.name: _Keys({**known, **dict(zip(keys, given, strict=True))})})
    return given


class _Keys:
    """What writes keys and their tokens to a file that its owner alone may read."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens

    def __call__(self, path: Path) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([("token", "key"), *((token, key) for key, token in self.tokens.items())])
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())


def _read(path: Path) -> dict[str, str]:
    """Return the tokens of a file of keys, none where there is no file; raises as `tokens_for`."""
    if not os.path.exists(path):  # which a name that is too long is not either
        return {}
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise DataError(f"{path}: others may read these keys; run chmod 600 on it")
    try:
        with open_regular(path, _MOST_KEYS, encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file)) or [[]]
    except (Unreadable, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: no file of keys; give another name to write to") from error
    sound = head == ["token", "key"] and all(len(row) == 2 and _is_token(row[0]) for row in rows)
    known = {row[1]: row[0] for row in rows} if sound else {}
    if not sound or len(known) < len(rows) or len(set(known.values())) < len(rows):
        raise DataError(f"{path}: no file of keys; give another name to write to")
    return known


def _is_token(text: str) -> bool:
    return len(text) == 2 * _TOKEN and set(text) <= set("0123456789abcdef")


@dataclass(frozen=True)
class Tokens:
    """Tokens of those who are in the records, in order of their first appearance.

    Attributes
    ----------
    kind
        The category of tokens (a dtype of pandas).
    place
        Of every person of the file the number of the token, -1 where nothing of theirs is in the records.
    """

    kind: Any
    place: IntArray

    @classmethod
    def of(cls, who: IntArray, row: IntArray, people: Sequence[str], file: Path | None) -> Tokens:
        """Return the tokens of those who stand in some rows."""
        import pandas as pd

        order = np.argsort(row, kind="stable")
        met, first = np.unique(who[order], return_index=True)
        met = met[np.argsort(first, kind="stable")]
        place = np.full(len(people) + 1, -1, np.int64)
        place[met] = np.arange(len(met))
        names = tokens_for([people[one] for one in met.tolist()], file)
        return cls(pd.CategoricalDtype(pd.Index(names, dtype=object)), place)

    def column(self, who: IntArray) -> Any:
        """Return people as tokens."""
        import pandas as pd

        return pd.Categorical.from_codes(self.place[who].astype(np.int32), dtype=self.kind)


def columns_of_people(
    tokens: Tokens, who: IntArray, row: IntArray, referrers: IntArray | None, channel: Column | None, tally: Tally
) -> dict[str, Any]:
    """Return the columns that say whose each row of the records is, who brought them, and from which channel."""
    found = {"customer": tokens.column(who)}
    if referrers is not None:
        brought = referrers[row]
        found["referred_by"] = tokens.column(brought)
        outside = len(np.unique(who[(brought >= 0) & (tokens.place[brought] < 0)]))
        if outside:
            tally.say(f"{outside:,} customers were referred by somebody who is no customer here; they have no "
                      "referred_by.")  # fmt: skip
    if channel is not None:
        everywhere = np.full(len(tally.rows), -1, np.int64)
        everywhere[row] = who
        found["channel"] = groups_of(channel, everywhere, everywhere >= 0, tally, "channel")[row]
    return found


# -- groups -------------------------------------------------------------------------------------------------


def groups_of(column: Column, who: IntArray, counted: BoolArray, tally: Tally, what: str) -> Any:
    """Return a column as groups (a pandas categorical), those of fewer than ten people as one, "other".

    Parameters
    ----------
    column
        The texts, whose spellings that differ in capitals, blanks or signs alone are one.
    who
        Who stands in each row.
    counted
        Which rows count.
    tally
        To which it is said.
    what
        What a group is, such as "channel".
    """
    import pandas as pd

    codes, keys, spellings = column.joined_words(plain)
    here = counted & (codes >= 0) & (who >= 0)
    pairs = np.unique(np.stack([codes[here], who[here]]), axis=1) if here.any() else np.zeros((2, 0), np.int64)
    people = np.bincount(pairs[0], minlength=len(keys))
    names = [titled(_commonest(spellings[key], column)) for key in keys]
    shown = [at for at, count in enumerate(people) if count >= SMALLEST]
    for at in shown:
        say_spellings(spellings[keys[at]], tally)
    small = int(((people > 0) & (people < SMALLEST)).sum())
    if small:
        groups = f"{small:,} {what}s of fewer than {SMALLEST} people are" if small > 1 else (
            f"1 {what} of fewer than {SMALLEST} people is")  # fmt: skip
        tally.say(f"{groups} shown as '{OTHER}'.")
    labels = {name: at for at, name in enumerate(dict.fromkeys([*(names[at] for at in shown), *[OTHER] * bool(small)]))}
    place = np.full(len(keys) + 1, -1, np.int64)
    for at, count in enumerate(people):
        if count:
            place[at] = labels[names[at] if count >= SMALLEST else OTHER]
    return pd.Categorical.from_codes(place[codes].astype(np.int32), categories=pd.Index(list(labels), dtype=object))


def _commonest(words: Sequence[str], column: Column) -> str:
    """Return the spelling that most rows have, the first of those that as many have."""
    if len(words) == 1:
        return words[0]
    texts = column.texts()
    counts = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.words))
    place = {word: at for at, word in enumerate(texts.word_list())}
    return max(words, key=lambda word: counts[place[word]])


def unknown_words(unknown: Sequence[str], keys: Sequence[str], codes: IntArray, who: IntArray) -> str:
    """Return words that are not known as an error names them: those that are short and of more than one person."""
    place = {key: at for at, key in enumerate(keys)}
    shared = [word for word in unknown if len(word) <= _LONGEST and len(np.unique(who[codes == place[word]])) > 1]
    if len(unknown) > _MOST_WORDS or not shared:
        return counted(len(unknown), "word")
    more = f" and {len(unknown) - len(shared)} more" * (len(unknown) > len(shared))
    return joined([f"'{titled(word)}'" for word in shared]) + more


def say_spellings(words: Sequence[str], tally: Tally) -> None:
    """Point out spellings that are taken for one."""
    if len(words) > 1 and all(len(word) <= _LONGEST for word in words):
        named = [f"'{titled(word)}'" for word in words[:6]]
        tally.say(f"{joined(named)} are taken for one.")
