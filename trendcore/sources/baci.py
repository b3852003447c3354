"""CEPII BACI: trade by pair and product, reconciled from both sides; one file for each year and HS edition.

Source: https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37; G. Gaulier and S. Zignago (2010),
BACI: International Trade Database at the Product-Level, CEPII working paper 2010-23,
https://doi.org/10.2139/ssrn.1994500.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from trendcore.errors import InputError
from trendcore.schemas import TRADE
from trendcore.sources.base import (
    BREAKS_OFF,
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
    codes_of,
    first_reason,
    resolved,
    scaled,
    trade_rows,
)

LOOKED_FOR: Final = "BACI files (BACI_HS22_Y2022_V202401.csv, also packed)"
AGGREGATE: Final = "aggregate"
REPEAT: Final = "repeat"
COLUMNS: Final = {"t": True, "i": True, "j": True, "k": True, "v": True, "q": True}
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


class _Rows:
    """Makes the batches of one file."""

    def __init__(self, file: InputFile, context: ReadContext) -> None:
        self._file = file
        self._edition, self._year = _name_of(file.path)
        self._codes = context.countries.mapping("baci", self._year)
        self._aggregates = sorted(int(code) for code in context.countries.aggregates("baci"))
        self._quarantine = QuarantineBuilder(file.name)
        self._seen = SeenKeys()

    def batch(self, block: TableBlock) -> Batch:
        for refused in block.refused:
            self._quarantine.add(*refused)
        frame = self._typed(block.frame)
        frame = frame.with_columns(refused=self._wrong())
        aside = pl.col("i").is_in(self._aggregates) | pl.col("j").is_in(self._aggregates)
        frame = frame.with_columns(aggregate=aside & pl.col("refused").is_null())
        frame = self._mark_repeats(frame)
        for line, reason, raw in (
            frame.filter(pl.col("refused").is_not_null()).select("line", "refused", "raw").rows()
        ):
            self._quarantine.add(line, reason, raw)
        good = frame.filter(pl.col("refused").is_null() & ~pl.col("aggregate") & ~pl.col("repeat"))
        set_aside = Counter({AGGREGATE: int(frame["aggregate"].sum()), REPEAT: int(frame["repeat"].sum())})
        counts = Counts(
            self._file.name,
            read=block.n_read,
            accepted=good.height,
            quarantined=len(self._quarantine),
            set_aside={reason: n for reason, n in sorted(set_aside.items()) if n},
        )
        return Batch(self._canonical(good), None, self._quarantine.take(), counts)

    def _typed(self, frame: pl.DataFrame) -> pl.DataFrame:
        frame = frame.with_columns(pl.col(list(COLUMNS)).str.strip_chars())
        text_q = pl.col("q")
        frame = frame.with_columns(
            t=pl.col("t").cast(pl.Int32, strict=False),
            i=codes_of(pl.col("i")),
            j=codes_of(pl.col("j")),
            i_text=pl.col("i"),
            j_text=pl.col("j"),
            k=pl.when(pl.col("k").str.contains(r"^[0-9]{1,6}$")).then(pl.col("k").str.zfill(6)),
            value=scaled(frame["v"], 6),
            q_blank=text_q.is_in(["", "NA", "NaN"]),
            quantity_t=text_q.cast(pl.Float64, strict=False),
        )
        return frame.with_columns(
            exporter=resolved(frame["i"], self._codes), importer=resolved(frame["j"], self._codes)
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

    def _mark_repeats(self, frame: pl.DataFrame) -> pl.DataFrame:
        sound = frame["refused"].is_null().to_numpy()
        rows = frame.filter(pl.col("refused").is_null())
        pair = pl.col("i").cast(pl.Int64) * MOST_COUNTRY + pl.col("j")
        key = pair * 10**6 + pl.col("k").cast(pl.Int64)
        keys = rows.select(key=key)["key"].to_numpy()
        found = np.zeros(frame.height, dtype=np.int8)
        found[sound] = self._seen.again(keys, rows["value"].to_numpy())
        marks = pl.Series("again", found)
        return frame.with_columns(
            repeat=marks == 1,
            aggregate=pl.col("aggregate") & (marks == 0),
            refused=pl.when(marks == 2)
            .then(pl.lit("exporter, importer and product come again with another value"))
            .otherwise("refused"),
        )

    def _canonical(self, good: pl.DataFrame) -> pa.RecordBatch:
        return trade_rows(
            good.select(
                "exporter",
                "importer",
                "value",
                "line",
                year=pl.lit(self._year, pl.Int16),
                hs6="k",
                hs_revision=pl.lit(self._edition),
                flow=pl.lit("trade"),
                reporter_side=pl.lit("reconciled"),
                quantity_t=pl.when(~pl.col("q_blank")).then("quantity_t"),
            ),
            self._file,
        )
