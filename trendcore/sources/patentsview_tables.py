"""Tables of PatentsView: files and columns, keys of patents, and rows that are counted until the end.

Each table is streamed once; of a row a few numbers are kept, in parts by patent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from trendcore.errors import SchemaError
from trendcore.schemas import PATENTS
from trendcore.sources.base import (
    BREAKS_OFF,
    FIRST_YEAR,
    LAST_YEAR,
    Batch,
    Counts,
    InputFile,
    QuarantineBuilder,
    ReadContext,
    empty,
)
from trendcore.sources.delimited import table_blocks, wanted_columns
from trendcore.sources.files import open_bytes
from trendcore.sources.trade_rows import patched
from trendcore.sources.views import numbered_names, views_of

PATENT, INVENTOR, ASSIGNEE, LOCATION, CPC = "patent", "inventor", "assignee", "location", "cpc"
APPLICATION, PRIORITY = "application", "priority"
#: role -> name of the table, and its columns: whether they must be there
TABLES: Final[dict[str, tuple[str, dict[str, bool]]]] = {
    PATENT: (
        "g_patent",
        {"patent_id": True, "patent_date": True, "patent_type": False, "withdrawn": False},
    ),
    INVENTOR: ("g_inventor_disambiguated", {"patent_id": True, "inventor_id": True, "location_id": True}),
    ASSIGNEE: ("g_assignee_disambiguated", {"patent_id": True, "assignee_id": True, "location_id": True}),
    LOCATION: ("g_location_disambiguated", {"location_id": True, "disambig_country": True}),
    CPC: (
        "g_cpc_current",
        {"patent_id": True, "cpc_subclass": True, "cpc_group": False, "cpc_class": False},
    ),
    APPLICATION: ("g_application", {"patent_id": True, "filing_date": True}),
    PRIORITY: ("g_foreign_priority", {"patent_id": True, "filing_date": True}),
}
NEEDED: Final = (PATENT, INVENTOR, LOCATION)
WITHDRAWN, REPEAT, LOOKUP = "withdrawn", "repeat", "lookup"
#: patents of a part, joined at a time
PART: Final = 1 << 18
_FILE: Final = re.compile(
    rf"({'|'.join(name for name, _ in TABLES.values())})\.tsv(\.zip|\.gz|\.bz2)?", re.IGNORECASE
)
_ROLES: Final = {name: role for role, (name, _) in TABLES.items()}
_NUMBER: Final = r"^([A-Z]{0,2})([0-9]{1,12})$"
_SPAN: Final = 10**12


def role_of(path: Path) -> str | None:
    """Return what a file is to the feed by its name, None if nothing.

    Examples
    --------
    >>> role_of(Path("pv/g_patent.tsv.zip")), role_of(Path("pv/g_inventor_not_disambiguated.tsv"))
    ('patent', None)
    """
    match = _FILE.fullmatch(path.name)
    return _ROLES[match[1].lower()] if match else None


def patent_keys(text: pl.Series) -> NDArray[np.int64]:
    """Return patent numbers as integers, -1 where one is no patent number; leading zeros do not matter.

    Examples
    --------
    >>> keys = patent_keys(pl.Series(["10163393", "D0345393", "D345393", "RE28671", "", "n/a"]))
    >>> bool(keys[1] == keys[2]), len(set(keys.tolist())), keys[4:].tolist()
    (True, 4, [-1, -1])
    """
    keys, good = np.empty(len(text), dtype=np.int64), np.empty(len(text), dtype=np.bool_)
    filled = text.fill_null("")
    numbered_names(views_of(filled), _SPAN, keys, good)
    return patched(pl.Series(keys), good, _rare_keys, filled).to_numpy()


def _rare_keys(text: pl.Series) -> pl.Series:
    """Read what a compiled loop has left."""
    groups = text.str.strip_chars().str.to_uppercase().str.extract_groups(_NUMBER).struct.unnest()
    letters = groups["1"].unique().drop_nulls().to_list()
    codes = {name: sum((ord(mark) - 64) * 27**at for at, mark in enumerate(name)) for name in letters}
    prefix = groups.select(numbered(pl.col("1"), codes, pl.Int64)).to_series()
    return (prefix * _SPAN + groups["2"].cast(pl.Int64)).fill_null(-1)


def numbered(text: pl.Expr, numbers: Mapping[str, int], kind: type[pl.DataType]) -> pl.Expr:
    """Return the number of each text, null where it has none."""
    # an empty mapping gives a column of another type
    return text.replace_strict(numbers or {"": None}, default=None, return_dtype=kind)


def days(text: pl.Expr) -> pl.Expr:
    """Read ISO dates of possible years; null where a text is none."""
    date = text.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
    return pl.when(date.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(date)


class Table:
    """One file being read: its blocks, what is refused of them, and its batches.

    Parameters
    ----------
    file
        The file; its role tells the columns.
    context
        Limits and progress.
    """

    def __init__(self, file: InputFile, context: ReadContext) -> None:
        self.file = file
        self._context = context
        self._quarantine = QuarantineBuilder(file.name)
        self._warnings: Counter[str] = Counter()

    def blocks(self) -> Iterator[pl.DataFrame]:
        """Stream the table; yield the wanted columns, ``line`` and ``raw``.

        Raises
        ------
        SchemaError
            The file is empty or lacks a column.
        """
        columns = TABLES[self.file.role][1]
        limits = self._context.limits
        n_bytes = n_blocks = 0
        with open_bytes(self.file.path, limits) as stream:
            for block in table_blocks(
                stream, self.file, limits, "\t", lambda names: wanted_columns(self.file, names, columns)
            ):
                n_blocks += 1
                for refused in block.refused:
                    self._quarantine.add(*refused)
                self._context.report(stream.on_disk - n_bytes, block.n_read)
                n_bytes = stream.on_disk
                yield block.frame
            if stream.broken:
                self._warnings[BREAKS_OFF] = 1
        if not n_blocks:
            raise SchemaError(f"{self.file.path}: is empty, it has not even a header; download it again")

    def refuse(self, frame: pl.DataFrame) -> None:
        """Quarantine the rows with a reason in the column ``refused``."""
        for row in frame.filter(pl.col("refused").is_not_null()).select("line", "refused", "raw").rows():
            self._quarantine.add(*row)

    def warn(self, kind: str, n: int = 1) -> None:
        """Add a warning to the next batch."""
        self._warnings[kind] += n

    def aside(self, reasons: Mapping[str, int]) -> Batch:
        """Make a batch without rows: what was refused since the last one, and what is set aside."""
        return self.batch(empty(PATENTS), None, reasons)

    def batch(
        self, rows: pa.RecordBatch, tombstones: pa.RecordBatch | None, reasons: Mapping[str, int]
    ) -> Batch:
        """Make a batch of rows, with what was refused since the last one, and what is set aside."""
        refused = self._quarantine.take()
        n_refused = 0 if refused is None else refused.num_rows
        set_aside = {reason: n for reason, n in sorted(reasons.items()) if n}
        counts = Counts(
            self.file.name,
            read=rows.num_rows + n_refused + sum(set_aside.values()),
            accepted=rows.num_rows,
            quarantined=n_refused,
            set_aside=set_aside,
            warnings=dict(sorted(self._warnings.items())),
        )
        self._warnings.clear()
        return Batch(rows, tombstones, refused, counts)

    @property
    def n_refused(self) -> int:
        """Rows refused since the last batch."""
        return len(self._quarantine)


@dataclass(frozen=True)
class Grants:
    """Rows of g_patent that can be read, in the order of the file.

    Attributes
    ----------
    frame
        ``key``, ``id``, ``date``, ``type``, ``line``, and ``fate``: null, or why the row does not count
        (withdrawn, repeat, or ``conflict``: it came before with other content).
    """

    frame: pl.DataFrame

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        first = self.frame.with_row_index("at").filter(pl.col("key").is_first_distinct()).sort("key")
        return first["key"].to_numpy(), first["at"].cast(pl.Int32).to_numpy()

    @cached_property
    def withdrawn(self) -> NDArray[np.bool_]:
        """Whether a row's patent was withdrawn, shape ``(n_rows,)``."""
        return (self.frame["fate"] == WITHDRAWN).fill_null(value=False).to_numpy()

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the row of each key, -1 where there is none."""
        known, rows = self._sorted
        if not len(known):
            return np.full(len(keys), -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        return np.where(known[at] == keys, rows[at], np.int32(-1))


def read_grants(table: Table) -> Iterator[Batch | Grants]:
    """Read g_patent; yield a batch of refused rows now and then, and the grants at the end."""
    parts = [pl.DataFrame(schema=dict(_GRANT))]
    for frame in table.blocks():
        frame = frame.with_columns(
            key=pl.Series(patent_keys(frame["patent_id"])),
            id=pl.col("patent_id").str.strip_chars().str.to_uppercase(),
            date=days(pl.col("patent_date")),
            type=pl.col("patent_type").str.strip_chars().str.to_lowercase(),
            gone=pl.col("withdrawn").str.strip_chars().str.to_lowercase().is_in(["1", "true", "t", "yes"]),
        ).with_columns(
            refused=pl.when(pl.col("key") < 0)
            .then(pl.lit("patent_id is not a patent number"))
            .when(pl.col("date").is_null())
            .then(pl.lit("patent_date is not a date"))
        )
        table.refuse(frame)
        parts.append(frame.filter(pl.col("refused").is_null()).select(list(_GRANT)))
        if table.n_refused:
            yield table.aside({})
    whole = pl.concat(parts)
    again = ~pl.col("key").is_first_distinct()
    content = pl.struct("date", "type", "gone")
    fate = (
        pl.when(again & (content == content.first().over("key")))
        .then(pl.lit(REPEAT))
        .when(again)
        .then(pl.lit("conflict"))
        .when("gone")
        .then(pl.lit(WITHDRAWN))
    )
    # most numbers come once, and a window over millions of groups is slow
    unique = whole["key"].n_unique() == whole.height
    yield Grants(
        whole.with_columns(fate=pl.when("gone").then(pl.lit(WITHDRAWN)) if unique else fate).drop("gone")
    )


_GRANT: Final = {
    "key": pl.Int64,
    "id": pl.String,
    "date": pl.Date,
    "type": pl.String,
    "line": pl.Int64,
    "gone": pl.Boolean,
}


def placed(table: Table, frame: pl.DataFrame, grants: Grants) -> tuple[pl.DataFrame, int]:
    """Join rows of another table to their patents by ``patent_id``.

    Returns
    -------
    tuple
        The rows of patents that count, with ``at`` (Int32, row in `Grants.frame`), and how many rows belong
        to withdrawn patents. Rows without a patent are quarantined.
    """
    at = grants.find(patent_keys(frame["patent_id"]))
    gone = (at >= 0) & grants.withdrawn[at] if len(grants.withdrawn) else np.zeros(len(at), dtype=np.bool_)
    missing = pl.format("its patent {} is not in g_patent, or was refused there", pl.col("patent_id"))
    frame = frame.with_columns(at=pl.Series(at), gone=pl.Series(gone))
    table.refuse(frame.filter(pl.col("at") < 0).with_columns(refused=missing))
    return frame.filter((pl.col("at") >= 0) & ~pl.col("gone")).drop("gone"), int(gone.sum())


class Parts:
    """Rows of a side table by part of the patents, so that no more than a part is sorted at a time."""

    def __init__(self, schema: Mapping[str, type[pl.DataType]]) -> None:
        self._schema = dict(schema)
        self._parts: dict[int, list[pl.DataFrame]] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Keep rows; they have ``at``."""
        rows = frame.select([pl.col(name).cast(kind) for name, kind in self._schema.items()])
        keyed = rows.with_columns(part=pl.col("at") // PART)
        for (number,), part in keyed.partition_by("part", as_dict=True, include_key=False).items():
            self._parts.setdefault(int(str(number)), []).append(part)

    def take(self, number: int) -> pl.DataFrame:
        """Return a part's rows in the order of the file, and forget them."""
        return pl.concat([pl.DataFrame(schema=self._schema), *self._parts.pop(number, [])])
