"""Columns of cells as they were found, whatever the file: texts, numbers or times, with blanks known as blanks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
#: Times, whole seconds.
TimeArray = NDArray[np.datetime64]

#: What programs write where there is nothing.
BLANKS = ("", "nan", "null", "none", "n/a", "na", "nat", "-", "--", "–", "#n/a", "(blank)", "(null)", "\\n", "<na>",
          "(not set)", "undefined")  # fmt: skip


@dataclass(frozen=True)
class Column:
    """The cells of a column.

    Attributes
    ----------
    name
        The heading.
    kind
        ``text``, ``number`` or ``time``.
    blank
        Where nothing stands; shape (rows,).
    codes, words
        Of texts: which of the words each cell is, -1 where it is blank, and the words, each once (pyarrow).
    values
        Of numbers and times, in rows; anything where blank.
    zone
        Of times: what zone their instants were in ("UTC", or that of a business, whose wall clock they show); "" for
        wall clock of nobody knows where.
    """

    name: str
    kind: str
    blank: BoolArray
    codes: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    words: Any = None
    values: Any = None
    zone: str = ""

    def __len__(self) -> int:
        return len(self.blank)

    def texts(self) -> Column:
        """Return the column as one of texts; whole numbers have no decimals."""
        if self.kind == "text":
            return self
        import pyarrow as pa

        unique, codes = np.unique(self.values[~self.blank], return_inverse=True)
        everywhere = np.full(len(self), -1, np.int64)
        everywhere[~self.blank] = codes
        words = pa.array([text_of(one) for one in unique.tolist()], pa.string())
        return replace(self, kind="text", codes=everywhere, words=words, values=None)

    def word_list(self) -> list[str]:
        """Return the words of a column of texts."""
        listed: list[str] = self.words.to_pylist()
        return listed

    def joined_words(self, plain: Any) -> tuple[IntArray, list[str], dict[str, list[str]]]:
        """Return codes by words that are one when written plainly, those plain words, and the spellings of each."""
        column = self.texts()
        keys: dict[str, int] = {}
        spellings: dict[str, list[str]] = {}
        used = set(np.unique(column.codes).tolist())
        index = np.full(len(column.words) + 1, -1, np.int64)
        for code, word in enumerate(column.word_list()):
            if code in used:
                key = plain(word)
                index[code] = keys.setdefault(key, len(keys))
                spellings.setdefault(key, []).append(word)
        return index[column.codes], list(keys), spellings


def text_of(value: Any) -> str:
    """Return a cell's value as a text: 17850.0 as 17850, a time with a blank between day and clock."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value)


def column_of_texts(name: str, array: Any) -> Column:
    """Return a column of texts from an array of pyarrow; blanks at the ends of a cell do not count."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pc.utf8_trim_whitespace(array.cast(pa.string()))
    encoded = (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = encoded.dictionary
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    nothing = pc.is_in(pc.utf8_lower(words), value_set=pa.array(BLANKS)).to_numpy(zero_copy_only=False).astype(bool)
    codes = np.where(np.append(nothing, True)[codes], -1, codes)
    return Column(name, "text", codes < 0, codes, words)


def column_of(name: str, series: Any) -> Column:
    """Return a column from a series of pandas, whatever it holds."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    if pd.api.types.is_object_dtype(series.dtype):
        series = series.infer_objects()
    blank = series.isna().to_numpy(bool)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        zone = str(series.dt.tz)
        utc = zone in ("UTC", "Etc/UTC", "UTC+00:00")
        clock = series.dt.tz_convert("UTC").dt.tz_localize(None) if utc else series.dt.tz_localize(None)
        return Column(name, "time", blank, values=_seconds(clock), zone="UTC" if utc else zone)
    if pd.api.types.is_datetime64_dtype(series.dtype):
        return Column(name, "time", blank, values=_seconds(series))
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype):
        if pd.api.types.is_integer_dtype(series.dtype):
            return Column(name, "number", blank, values=series.fillna(0).to_numpy(np.int64))
        if not pd.api.types.is_complex_dtype(series.dtype):
            return Column(name, "number", blank, values=series.to_numpy(np.float64, na_value=np.nan))
    if pd.api.types.is_string_dtype(series.dtype) and not pd.api.types.is_object_dtype(series.dtype):
        return column_of_texts(name, pa.array(series, pa.string(), from_pandas=True))
    texts = [None if nothing else text_of(one).encode("utf-8", "replace").decode()
             for one, nothing in zip(series.tolist(), blank.tolist(), strict=True)]  # fmt: skip
    return column_of_texts(name, pa.array(texts, pa.string()))


def _seconds(series: Any) -> TimeArray:
    return np.asarray(series.to_numpy("datetime64[us]")).astype("datetime64[s]")
