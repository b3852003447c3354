"""What the feeds of trade share: exact money, keys that repeat, and rows in the canonical schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from trendcore.schemas import TRADE
from trendcore.sources.base import InputFile
from trendcore.sources.views import scaled_numbers, views_of

#: codes of countries in the feeds of trade have three digits at most
MOST_COUNTRY: Final = 1 << 10
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MOST: Final = 2**63 - 1
#: digits of a number above which it is no amount of money
_LONGEST: Final = 60


def scaled(text: pl.Series, shift: int) -> pl.Series:
    """Return decimal numbers times ``10**shift``, exactly, rounded half up to an integer.

    Floating point would turn 0.0285 thousand dollars into 28.499999... dollars.

    Parameters
    ----------
    text
        Numbers as text without blanks around them; also such as ``1e+05``.
    shift
        Between 0 and 6.

    Returns
    -------
    polars.Series
        Int64; null where the text is no number, or one too large.

    Examples
    --------
    >>> scaled(pl.Series(["34.156", "1e+05", "-0.0005", ".5", "NA", ""]), 3).to_list()
    [34156, 100000000, -1, 500, None, None]
    """
    filled = text.fill_null("")
    values, good = np.empty(len(text), dtype=np.int64), np.empty(len(text), dtype=np.bool_)
    scaled_numbers(views_of(filled), shift, values, good)
    return patched(pl.Series(text.name, values), good, lambda rest: _all_scaled(rest, shift), text)


def _all_scaled(text: pl.Series, shift: int) -> pl.Series:
    return pl.Series([_scaled(one, shift) for one in text], dtype=pl.Int64)


def patched(
    values: pl.Series, good: NDArray[np.bool_], otherwise: Callable[[pl.Series], pl.Series], text: pl.Series
) -> pl.Series:
    """Return values that a compiled loop has read from texts, with the others read in another way.

    Parameters
    ----------
    values, good
        What was read, and where that holds.
    otherwise
        Reads texts one by one or by expressions.
    text
        All texts, same length.

    Examples
    --------
    >>> text = pl.Series(["1", "one"])
    >>> patched(pl.Series([1, 0]), np.array([True, False]), lambda rest: rest.str.len_bytes(), text).to_list()
    [1, 3]
    """
    if good.all():
        return values
    odd = np.flatnonzero(~good)
    return values.scatter(odd, otherwise(text.gather(odd)).cast(values.dtype))


def _scaled(text: str | None, shift: int) -> int | None:
    if text is None or len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number and number.adjusted() + shift > 18:
        return None
    out = int(number.scaleb(shift).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return out if abs(out) <= _MOST else None


@dataclass
class SeenKeys:
    """Keys of the rows so far with a value each, in sorted runs: 16 bytes a row.

    Examples
    --------
    >>> seen = SeenKeys()
    >>> seen.again(np.array([5, 3, 5]), np.array([10, 20, 11])).tolist()
    [0, 0, 2]
    >>> seen.again(np.array([3, 4]), np.array([20, 1])).tolist()
    [1, 0]
    """

    _runs: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)

    def again(self, keys: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int8]:
        """Say of each row whether its key is new (0), came with the same value (1) or with another (2).

        Parameters
        ----------
        keys, values
            Shape ``(n,)``. The first value of a key stands.
        """
        ascending = bool((keys[1:] > keys[:-1]).all())
        order = np.arange(len(keys)) if ascending else np.argsort(keys, kind="stable")
        ordered, held = keys[order], values[order]
        first = np.ones(len(keys), dtype=np.bool_)
        first[1:] = ordered[1:] != ordered[:-1]
        head = np.flatnonzero(first)
        known, standing = self._look_up(ordered[head], held[head])
        group = np.cumsum(first) - 1
        repeated = ~first | known[group]
        out = np.zeros(len(keys), dtype=np.int8)
        out[order] = np.where(repeated, np.where(held == standing[group], 1, 2), 0)
        self._add(ordered[head][~known], held[head][~known])
        return out

    def _look_up(
        self, keys: NDArray[np.int64], values: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        known, standing = np.zeros(len(keys), dtype=np.bool_), values.copy()
        for run, held in self._runs:
            # files sorted by key, as BACI's are, never get past this line
            if not len(keys) or run[-1] < keys[0] or run[0] > keys[-1]:
                continue
            at = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            hit = run[at] == keys
            known |= hit
            standing[hit] = held[at[hit]]
        return known, standing

    def _add(self, keys: NDArray[np.int64], values: NDArray[np.int64]) -> None:
        if not len(keys):
            return
        self._runs.append((keys, values))
        # runs of like size are merged, so that there are few of them
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= 2 * len(self._runs[-1][0]):
            (one, its), (other, others) = self._runs[-2:]
            merged = np.concatenate([one, other])
            order = np.argsort(merged, kind="stable")
            self._runs[-2:] = [(merged[order], np.concatenate([its, others])[order])]


def codes_of(text: pl.Expr) -> pl.Expr:
    """Read country codes as numbers; null where they are none of three digits or fewer."""
    number = text.cast(pl.Int32, strict=False)
    return pl.when(text.str.contains(r"^[0-9]+$") & (number < MOST_COUNTRY)).then(number)


def code_table(mapping: Mapping[str | int, int]) -> NDArray[np.int16]:
    """Return our code of each of a feed's numbers, -1 where it has none; shape ``(MOST_COUNTRY,)``."""
    table = np.full(MOST_COUNTRY, -1, dtype=np.int16)
    for number, code in mapping.items():
        if isinstance(number, int) and 0 <= number < MOST_COUNTRY:
            table[number] = code
    return table


def resolved(codes: pl.Series, mapping: Mapping[str | int, int]) -> pl.Series:
    """Return our codes (Int16) of a feed's numbers; null where it has none."""
    found = code_table(mapping)[codes.fill_null(0).to_numpy()]
    return pl.Series(codes.name, np.where(codes.is_null().to_numpy(), -1, found), dtype=pl.Int16).replace(
        -1, None
    )


def padded(products: NDArray[np.int64]) -> pa.StringArray:
    """Write products as texts of six digits.

    Examples
    --------
    >>> padded(np.array([10121])).to_pylist()
    ['010121']
    """
    n = len(products)
    text = np.empty((n, 6), dtype=np.uint8)
    for place in range(6):
        text[:, place] = products // 10 ** (5 - place) % 10 + ord("0")
    offsets = np.arange(0, 6 * n + 1, 6, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))


def trade_rows(frame: pl.DataFrame, file: InputFile) -> pa.RecordBatch:
    """Bring a frame that has all canonical columns but ``source_file`` to the schema of trade."""
    arrays = []
    for kind in TRADE:
        name = "line" if kind.name == "source_line" else kind.name
        if kind.name == "source_file":
            arrays.append(pa.repeat(file.name, frame.height))
        else:
            arrays.append(frame[name].rechunk().to_arrow().cast(kind.type))
    return pa.RecordBatch.from_arrays(arrays, schema=TRADE)


def first_reason(checks: Sequence[tuple[str | pl.Expr, pl.Expr]]) -> pl.Expr:
    """Return the first reason whose condition holds, null if none does.

    Parameters
    ----------
    checks
        Reason, as text or as an expression, and condition; a null condition does not hold.
    """
    return pl.coalesce(
        *(
            pl.when(holds).then(pl.lit(reason) if isinstance(reason, str) else reason)
            for reason, holds in checks
        )
    )
