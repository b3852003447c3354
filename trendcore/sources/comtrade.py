"""UN Comtrade: what each country reports of its trade; exports of Comtrade Plus and of the legacy site.

Source: https://comtradeplus.un.org.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import polars as pl

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
    Limits,
    QuarantineBuilder,
    ReadContext,
    empty,
)
from trendcore.sources.comtrade_layout import layout_of
from trendcore.sources.comtrade_rows import KEPT, judged, mark_levels, mark_repeats
from trendcore.sources.delimited import TableBlock, table_blocks
from trendcore.sources.files import display_name, expand, open_bytes
from trendcore.sources.trade_rows import trade_rows

LOOKED_FOR: Final = "Comtrade exports (*.csv, also packed)"
_FILE: Final = re.compile(r".+\.csv(\.gz|\.bz2|\.zip)?|.+\.zip", re.IGNORECASE)
#: a header of either layout has one of these
_MARKS: Final = (b"reportercode", b"reporter code")
_HEAD: Final = 1 << 13


class Comtrade:
    """The feed of Comtrade exports; one file is one unit, and every product of it is stored.

    ``reporter_side`` says whose report a row is: ``importer`` (imports, re-imports; mostly CIF) or
    ``exporter`` (exports, re-exports; mostly FOB). Exports hold the re-exports already, and imports the
    re-imports: a sum takes one ``flow``. A country's flow with itself is kept, and so are its flows with
    remainders ("Areas, nes", bunkers, free zones), under their pseudo-codes: they are parts of its total.

    Set aside are World and the European Union (``aggregate``), rows by second partner, customs procedure or
    transport (``breakdown``), months (``not_annual``), services, other classifications than the HS
    (``not_hs``), all goods (``total``), rows that come again (``repeat``), and what another level of the
    HS in the file holds too (``parent_level``, ``child_level``: see `comtrade_rows.mark_levels`).
    """

    name: str = "comtrade"
    table: Literal["papers", "patents", "trade"] = "trade"

    def discover(self, paths: Sequence[str | Path]) -> list[InputUnit]:
        """Find exports; in a folder, files with another header are passed over.

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
            A path is not there, or has no export.
        """
        units = []
        for path in expand(paths, _is_ours, LOOKED_FOR):
            file = InputFile(path, display_name(path))
            units.append(InputUnit(self.name, file.name, (file,)))
        return units

    def read(self, unit: InputUnit, context: ReadContext) -> Iterator[Batch]:
        r"""Read an export; its rows are held, at some 100 bytes each, until repeats and levels are known.

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
        >>> header = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "TradeData.csv")
        ...     _ = path.write_text(header + "2014,M,764,0,H4,8542,9.5,\n2014,M,764,490,H4,8542,2.25,\n")
        ...     (unit,) = FEED.discover([path])
        ...     batches = list(FEED.read(unit, ReadContext(countries())))
        >>> row = batches[-1].rows.to_pylist()[0]
        >>> row["exporter"], row["importer"], row["value"], row["reporter_side"], row["hs_revision"]
        (158, 764, 2250, 'importer', 'HS12')
        """
        for file in unit.files:
            yield from _read(file, context)


FEED: Final = Comtrade()


def _is_ours(path: Path) -> bool:
    """Look at the header: other tables lie about as CSV, too."""
    if not _FILE.fullmatch(path.name):
        return False
    if not path.is_file():
        # to open a pipe would be to wait; that it is no file will be said
        return True
    try:
        with open_bytes(path, Limits()) as stream:
            head = stream.read(_HEAD) or b""
    except InputError:
        # reading it will tell what is wrong
        return True
    return not head or any(mark in head.split(b"\n", 1)[0].lower() for mark in _MARKS)


def _read(file: InputFile, context: ReadContext) -> Iterator[Batch]:
    quarantine = QuarantineBuilder(file.name)
    held: list[pl.DataFrame] = []
    n_bytes = n_blocks = n_held = 0
    with open_bytes(file.path, context.limits) as stream:
        for block in table_blocks(stream, file, context.limits, ",", lambda header: layout_of(file, header)):
            n_blocks += 1
            batch, kept = _sort_out(block, file, context, quarantine)
            held.append(kept)
            n_held += kept.height
            if n_held > context.limits.max_held_rows:
                raise InputError(
                    f"{file.path}: has more than {context.limits.max_held_rows:,} rows, which are held"
                    " together; split it by reporter or year, or raise Limits.max_held_rows"
                )
            context.report(stream.on_disk - n_bytes, block.n_read)
            n_bytes = stream.on_disk
            yield batch
        warning = BREAKS_OFF if stream.broken else None if n_blocks else EMPTY_FILE
    if held:
        yield from _settle(pl.concat(held), file, context, quarantine)
    if warning:
        yield Batch(empty(TRADE), None, None, Counts(file.name, 0, 0, 0, warnings={warning: 1}))


def _sort_out(
    block: TableBlock, file: InputFile, context: ReadContext, quarantine: QuarantineBuilder
) -> tuple[Batch, pl.DataFrame]:
    """Account for the rows that do not count by themselves; return the others."""
    for row in block.refused:
        quarantine.add(*row)
    rows = judged(block.frame, context.countries)
    for line, reason, raw in _refused(rows, pl.col("raw")):
        quarantine.add(line, reason, raw)
    aside = Counter(rows["aside"].drop_nulls().to_list())
    kept = rows.filter(pl.col("aside").is_null() & pl.col("refused").is_null()).select(KEPT)
    counts = Counts(
        file.name,
        read=block.n_read - kept.height,
        accepted=0,
        quarantined=len(quarantine),
        set_aside=dict(sorted(aside.items())),
    )
    return Batch(empty(TRADE), None, quarantine.take(), counts), kept


def _settle(
    held: pl.DataFrame, file: InputFile, context: ReadContext, quarantine: QuarantineBuilder
) -> Iterator[Batch]:
    """Account for what only the whole file can tell, then give the rows."""
    marked = mark_repeats(held)
    first = marked.filter(pl.col("aside").is_null() & pl.col("refused").is_null()).drop("refused")
    arrives = pl.col("reporter_side") == "importer"
    # old and new numbers of one country are one partner
    partner = pl.when(arrives).then("exporter").otherwise("importer")
    settled = mark_levels(first.with_columns(partner=partner), context.countries.remainders())
    said = pl.format("{},{},{},{},{}", "year", "reporter", "partner", "flow", "hs6")
    for line, reason, raw in _refused(marked, said):
        quarantine.add(line, reason, raw)
    aside = Counter(marked["aside"].drop_nulls().to_list()) + Counter(settled["aside"].drop_nulls().to_list())
    if aside or len(quarantine):
        n_refused = len(quarantine)
        again = {CONTRADICTS: n_refused} if n_refused else {}
        counts = Counts(
            file.name, aside.total() + n_refused, 0, n_refused, dict(sorted(aside.items())), again
        )
        yield Batch(empty(TRADE), None, quarantine.take(), counts)
    good = settled.filter(pl.col("aside").is_null()).sort("line")
    for part in good.iter_slices(context.limits.batch_rows):
        yield Batch(trade_rows(part, file), None, None, Counts(file.name, part.height, part.height, 0))


def _refused(rows: pl.DataFrame, raw: pl.Expr) -> list[tuple[int, str, str]]:
    return rows.filter(pl.col("refused").is_not_null()).select("line", "refused", raw.alias("text")).rows()
