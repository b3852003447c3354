"""CEPII BACI: trade by pair and product, reconciled from both sides; one file for each year and HS edition.

Source: https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37; G. Gaulier and S. Zignago (2010),
BACI: International Trade Database at the Product-Level, CEPII working paper 2010-23,
https://doi.org/10.2139/ssrn.1994500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from trendcore.errors import InputError
from trendcore.schemas import TRADE
from trendcore.sources.base import (
    BREAKS_OFF,
    CONTRADICTS,
    EMPTY_FILE,
    Batch,
    Counts,
    InputFile,
    InputUnit,
    QuarantineBuilder,
    ReadContext,
    empty,
    is_year,
)
from trendcore.sources.delimited import TableBlock, table_blocks, wanted_columns
from trendcore.sources.files import display_name, expand, open_bytes
from trendcore.sources.trade_rows import (
    MOST_COUNTRY,
    SeenKeys,
    code_table,
    codes_of,
    first_reason,
    padded,
    resolved,
    scaled,
)
from trendcore.sources.views import Bools, Ints, floats, scaled_numbers, views_of, whole_numbers

LOOKED_FOR: Final = "BACI files (BACI_HS22_Y2022_V202401.csv, also packed)"
AGGREGATE: Final = "aggregate"
REPEAT: Final = "repeat"
COLUMNS: Final = {"t": True, "i": True, "j": True, "k": True, "v": True, "q": True}
#: values are in thousands of dollars, and are stored in thousandths
_DECIMALS: Final = 6
_FILE: Final = re.compile(
    r"BACI_(HS(?:92|96|02|07|12|17|22))_Y([0-9]{4})_V[0-9]{6}[a-z]?\.csv(?:\.gz|\.bz2|\.zip)?",
    re.IGNORECASE,
)
#: what lies beside the data: names of countries and products, which are built in
_CODE_TABLE: Final = re.compile(r"(?:country|product)_codes_.*", re.IGNORECASE)


class _Name(NamedTuple):
    edition: str
    year: int


class Baci:
    """The feed of BACI; one year file is one unit, and every product of it is stored.

    Values are thousandths of a US dollar (``v`` is in thousands of dollars, at three decimals). A zero is
    stored: it is a flow below half a dollar. A key (year, exporter, importer, product) that comes
    again with the same value is set aside as a repeat, with another value it is quarantined; nothing is
    ever summed here. Remainders ("Europe EFTA, nes") are kept under their pseudo-codes, totals are set aside.
    """

    name: str = "baci"
    table: Literal["papers", "patents", "trade"] = "trade"

    def discover(self, paths: Sequence[str | Path]) -> list[InputUnit]:
        """Find year files; the tables of country and product codes beside them are passed over.

        Parameters
        ----------
        paths
            Files, folders and globs.

        Returns
        -------
        list of InputUnit
            One a file, in natural order.

        Raises
        ------
        InputError
            A path is not there, has no year file, or is named unlike one: the name gives edition and year.
        """
        found = expand(paths, lambda path: bool(_FILE.fullmatch(path.name)), LOOKED_FOR)
        files = [path for path in found if not _CODE_TABLE.fullmatch(path.name)]
        if not files:
            raise InputError(f"only tables of codes under {paths[0]}; looked for {LOOKED_FOR}")
        units = []
        for path in files:
            said = _name_of(path)
            file = InputFile(path, display_name(path), says=f"{said.edition} {said.year}")
            units.append(InputUnit(self.name, file.name, (file,)))
        return units

    def read(self, unit: InputUnit, context: ReadContext) -> Iterator[Batch]:
        r"""Read a year file batch by batch; memory grows by 16 bytes a row, for the keys.

        Raises
        ------
        InputError
            The file cannot be read as what it is. Single bad rows are quarantined instead.
        SchemaError
            The header lacks a column.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> from trendcore.taxonomy import countries
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "BACI_HS22_Y2022_V202401.csv")
        ...     _ = path.write_text("t,i,j,k,v,q\n2022,842,490,10121,34.156,  NA\n2022,842,1,854231,1,2\n")
        ...     (unit,) = FEED.discover([path])
        ...     (batch,) = FEED.read(unit, ReadContext(countries()))
        >>> row = batch.rows.to_pylist()[0]
        >>> row["exporter"], row["importer"], row["hs6"], row["value"], batch.quarantine["reason"].to_pylist()
        (840, 158, '010121', 34156000, ['unknown importer 1'])
        """
        for file in unit.files:
            yield from _read(file, context)


FEED: Final = Baci()


def _name_of(path: Path) -> _Name:
    match = _FILE.fullmatch(path.name)
    if match is None or not is_year(int(match[2])):
        raise InputError(
            f"{path}: the name of a BACI file gives its edition and year, as in BACI_HS22_Y2022_V202401.csv"
        )
    return _Name(match[1].upper(), int(match[2]))


def _read(file: InputFile, context: ReadContext) -> Iterator[Batch]:
    maker = _Rows(file, context)
    n_bytes = n_blocks = 0
    with open_bytes(file.path, context.limits) as stream:
        for block in table_blocks(
            stream, file, context.limits, ",", lambda header: wanted_columns(file, header, COLUMNS)
        ):
            n_blocks += 1
            batch = maker.batch(block)
            context.report(stream.on_disk - n_bytes, batch.counts.read)
            n_bytes = stream.on_disk
            yield batch
        warning = BREAKS_OFF if stream.broken else None if n_blocks else EMPTY_FILE
    if warning:
        yield Batch(empty(TRADE), None, None, Counts(file.name, 0, 0, 0, warnings={warning: 1}))


@dataclass
class _Flows:
    """Rows of a block, column by column; `fine` are those that a compiled loop has read and that count."""

    i: Ints
    j: Ints
    k: Ints
    value: Ints
    quantity: NDArray[np.float64]
    exporter: NDArray[np.int16]
    importer: NDArray[np.int16]
    fine: Bools


class _Rows:
    """Makes the batches of one file."""

    def __init__(self, file: InputFile, context: ReadContext) -> None:
        self._file = file
        self._edition, self._year = _name_of(file.path)
        self._codes = context.countries.mapping("baci", self._year)
        self._table = code_table(self._codes)
        self._aggregates = sorted(int(code) for code in context.countries.aggregates("baci"))
        self._quarantine = QuarantineBuilder(file.name)
        self._seen = SeenKeys()

    def batch(self, block: TableBlock) -> Batch:
        for row in block.refused:
            self._quarantine.add(*row)
        frame = block.frame
        flows = self._read(frame)
        odd = np.flatnonzero(~flows.fine)
        sound, aggregate = np.ones(frame.height, dtype=np.bool_), np.zeros(frame.height, dtype=np.bool_)
        reasons = pl.Series([None] * len(odd), dtype=pl.String)
        if len(odd):
            rest = self._judged(frame[odd])
            self._put(flows, odd, rest)
            reasons, aggregate[odd] = rest["refused"], rest["aggregate"].to_numpy()
            sound[odd] = reasons.is_null().to_numpy()
        marks = self._repeats(flows, sound)
        aggregate &= marks == 0
        bad = np.flatnonzero(~sound | (marks == 2))
        if len(bad):
            again = "exporter, importer and product come again with another value"
            why = dict(zip(odd.tolist(), reasons.to_list(), strict=True))
            for at, line, raw in zip(bad.tolist(), *frame[bad].select("line", "raw"), strict=True):
                self._quarantine.add(line, why.get(at) or again, raw)
        counted = sound & (marks == 0) & ~aggregate
        n_again = int((marks == 2).sum())
        n_kept = int(counted.sum())
        set_aside = {AGGREGATE: int(aggregate.sum()), REPEAT: int((marks == 1).sum())}
        counts = Counts(
            self._file.name,
            read=block.n_read,
            accepted=n_kept,
            quarantined=len(self._quarantine),
            set_aside={reason: n for reason, n in set_aside.items() if n},
            warnings={CONTRADICTS: n_again} if n_again else {},
        )
        every = n_kept == frame.height
        rows = self._canonical(flows, frame["line"].to_numpy(), slice(None) if every else counted, n_kept)
        return Batch(rows, None, self._quarantine.take(), counts)

    def _read(self, frame: pl.DataFrame) -> _Flows:
        """Read the fields as BACI writes them; other rows are not fine."""
        t, i, j, k, value = (np.empty(frame.height, dtype=np.int64) for _ in range(5))
        quantity = np.empty(frame.height)
        good = np.empty((7, frame.height), dtype=np.bool_)
        for at, (name, most, values) in enumerate((("t", 4, t), ("i", 3, i), ("j", 3, j), ("k", 6, k))):
            whole_numbers(views_of(frame[name]), most, values, good[at])
        scaled_numbers(views_of(frame["v"]), _DECIMALS, value, good[4])
        floats(views_of(frame["q"]), quantity, good[5])
        blank = np.flatnonzero(~good[5])
        quantity[blank] = np.nan
        good[5, blank] = frame["q"].gather(blank).str.strip_chars().is_in(["NA", "NaN", ""]).to_numpy()
        good[6] = t == self._year
        # a number of three digits is in the table, whatever else it is
        exporter, importer = (self._table[np.where(ok, side, 0)] for ok, side in ((good[1], i), (good[2], j)))
        fine = good.all(axis=0) & (exporter >= 0) & (importer >= 0)
        return _Flows(i, j, k, value, quantity, exporter, importer, fine)

    def _put(self, flows: _Flows, rows: Ints, rest: pl.DataFrame) -> None:
        """Enter rows that were read by expressions; what they lack is 0, as they do not count then."""
        for name in ("i", "j", "k", "value", "exporter", "importer"):
            getattr(flows, name)[rows] = rest[name].fill_null(0).to_numpy()
        flows.quantity[rows] = rest["quantity_t"].fill_null(float("nan")).to_numpy()

    def _judged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Read the fields of rows, and say which are refused and which hold a total."""
        frame = frame.with_columns(pl.col(list(COLUMNS)).str.strip_chars())
        text_q = pl.col("q")
        frame = frame.with_columns(
            t=pl.col("t").cast(pl.Int32, strict=False),
            i=codes_of(pl.col("i")),
            j=codes_of(pl.col("j")),
            i_text=pl.col("i"),
            j_text=pl.col("j"),
            k=pl.when(pl.col("k").str.contains(r"^[0-9]{1,6}$"))
            .then(pl.col("k"))
            .cast(pl.Int64, strict=False),
            value=scaled(frame["v"], _DECIMALS),
            q_blank=text_q.is_in(["", "NA", "NaN"]),
            quantity_t=text_q.cast(pl.Float64, strict=False),
        )
        frame = frame.with_columns(
            exporter=resolved(frame["i"], self._codes), importer=resolved(frame["j"], self._codes)
        ).with_columns(refused=self._wrong())
        aside = pl.col("i").is_in(self._aggregates) | pl.col("j").is_in(self._aggregates)
        return frame.with_columns(
            aggregate=(aside & pl.col("refused").is_null()).fill_null(value=False),
            quantity_t=pl.when(~pl.col("q_blank")).then("quantity_t"),
        )

    def _wrong(self) -> pl.Expr:
        no_aggregate = [~pl.col(side).is_in(self._aggregates).fill_null(value=False) for side in ("i", "j")]
        quantity = pl.col("quantity_t")
        return first_reason(
            [
                ("year is not a number", pl.col("t").is_null()),
                (f"year is not the file's, {self._year}", pl.col("t") != self._year),
                ("product is not a code of at most six digits", pl.col("k").is_null()),
                ("value is not a number", pl.col("value").is_null()),
                ("negative value", pl.col("value") < 0),
                (
                    "quantity is not a number",
                    ~pl.col("q_blank") & ~quantity.is_finite().fill_null(value=False),
                ),
                ("negative quantity", ~pl.col("q_blank") & (quantity < 0)),
                (
                    pl.format("unknown exporter {}", pl.col("i_text").str.slice(0, 20)),
                    pl.col("exporter").is_null() & no_aggregate[0],
                ),
                (
                    pl.format("unknown importer {}", pl.col("j_text").str.slice(0, 20)),
                    pl.col("importer").is_null() & no_aggregate[1],
                ),
            ]
        )

    def _repeats(self, flows: _Flows, sound: Bools) -> NDArray[np.int8]:
        """Say of the sound rows whether their key came before, see `SeenKeys.again`."""
        keys = (flows.i * MOST_COUNTRY + flows.j) * 10**6 + flows.k
        if sound.all():
            return self._seen.again(keys, flows.value)
        found = np.zeros(len(keys), dtype=np.int8)
        found[sound] = self._seen.again(keys[sound], flows.value[sound])
        return found

    def _canonical(self, flows: _Flows, lines: Ints, kept: slice | Bools, n: int) -> pa.RecordBatch:
        quantity = flows.quantity[kept]
        columns = {
            "year": pa.repeat(pa.scalar(self._year, pa.int16()), n),
            "exporter": pa.array(flows.exporter[kept]),
            "importer": pa.array(flows.importer[kept]),
            "hs6": padded(flows.k[kept]),
            "hs_revision": pa.repeat(self._edition, n),
            "flow": pa.repeat("trade", n),
            "reporter_side": pa.repeat("reconciled", n),
            "value": pa.array(flows.value[kept]),
            "quantity_t": pa.array(quantity, mask=np.isnan(quantity)),
            "source_file": pa.repeat(self._file.name, n),
            "source_line": pa.array(lines[kept]),
        }
        return pa.RecordBatch.from_arrays([columns[kind.name] for kind in TRADE], schema=TRADE)
