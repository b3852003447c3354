"""Side tables of PatentsView: places, people, symbols and dates, joined to the patents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trendcore.sources.base import Batch
from trendcore.sources.patentsview_tables import (
    LOOKUP,
    PRIORITY,
    REPEAT,
    WITHDRAWN,
    Grants,
    Parts,
    Table,
    days,
    numbered,
    placed,
)
from trendcore.taxonomy import Countries
from trendcore.taxonomy.symbols import parse_symbol

#: days before its grant at which a filing can be meant: secret ones took 67 years
_LONGEST: Final = 80 * 366
_NO_DAY: Final = np.iinfo(np.int32).max


class Places:
    """Locations and their country codes as the table writes them."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.codes: list[str] = []
        self.frame = pl.DataFrame(schema={"location_id": pl.String, "where": pl.Int16})

    def read(self) -> Iterator[Batch]:
        """Read the table; a location that comes again must have the same country."""
        place, code = pl.col("location_id").str.strip_chars(), pl.col("disambig_country").str.strip_chars()
        frame = pl.concat(
            [
                block.select("line", "raw", place, code=code.str.to_uppercase())
                for block in self._table.blocks()
            ]
        )
        again = ~pl.col("location_id").is_first_distinct()
        same = pl.col("code") == pl.col("code").first().over("location_id")
        frame = frame.with_columns(
            again=again,
            refused=pl.when(pl.col("location_id") == "")
            .then(pl.lit("location_id is blank"))
            .when(again & ~same)
            .then(pl.lit("the location comes again with another country")),
        )
        self._table.refuse(frame)
        good = frame.filter(pl.col("refused").is_null())
        used = good.filter(~pl.col("again"))
        self.codes = used["code"].filter(used["code"] != "").unique().sort().to_list()
        number = {code: at for at, code in enumerate(self.codes)}
        where = numbered(pl.col("code"), number, pl.Int16).fill_null(-1)
        self.frame = used.select("location_id", where=where)
        n_blank = int((used["code"] == "").sum())
        if n_blank:
            self._table.warn("location_without_country", n_blank)
        yield self._table.aside({LOOKUP: used.height, REPEAT: good.height - used.height})


class People:
    """Inventors or applicants of the patents.

    A person is counted once a patent: rows that repeat the id are set aside, and the first one with a known
    place stands. Rows without an id are each a person. A blank place leaves the person unknown; so does one
    that the table of locations lacks, and that row is quarantined.
    """

    def __init__(self, table: Table, places: Places, grants: Grants) -> None:
        self._table, self._places, self._grants = table, places, grants
        self._parts = Parts({"at": pl.Int32, "who": pl.UInt64, "where": pl.Int16, "refused": pl.Boolean})
        self._aside: Counter[str] = Counter()

    def read(self) -> Iterator[Batch]:
        """Read the table; yield a batch where rows are refused."""
        for frame in self._table.blocks():
            rows, gone = placed(self._table, frame, self._grants)
            self._aside[WITHDRAWN] += gone
            name = next(column for column in rows.columns if column.endswith(("inventor_id", "assignee_id")))
            person = pl.col(name).str.strip_chars()
            place = pl.col("location_id").str.strip_chars()
            rows = rows.with_columns(
                location_id=place,
                who=pl.when(person == "").then(pl.col("line").cast(pl.UInt64)).otherwise(person.hash(0)),
            ).join(self._places.frame, on="location_id", how="left", maintain_order="left")
            lost = (pl.col("location_id") != "") & pl.col("where").is_null()
            missing = pl.format("location {} is not in g_location_disambiguated", "location_id")
            rows = rows.with_columns(refused=pl.when(lost).then(missing))
            self._table.refuse(rows)
            self._parts.add(rows.with_columns(pl.col("where").fill_null(-1), pl.col("refused").is_not_null()))
            if self._table.n_refused:
                yield self._table.aside({})

    def take(self, number: int, years: pl.DataFrame, countries: Countries) -> pl.DataFrame:
        """Return the people of a part of the patents.

        Parameters
        ----------
        number
            Of the part.
        years
            ``at`` and ``year`` of its patents.
        countries
            The country table.

        Returns
        -------
        polars.DataFrame
            One row a patent that has people: ``at``, ``countries``, ``shares``, ``units``, ``n``,
            ``n_unknown``.
        """
        rows = self._parts.take(number).with_columns(nowhere=pl.col("where") < 0)
        rows = rows.sort("at", "who", "nowhere", maintain_order=True)
        first = pl.struct("at", "who") != pl.struct("at", "who").shift()
        rows = (
            rows.with_columns(first=first.fill_null(value=True))
            if rows.height
            else rows.with_columns(first=pl.lit(value=True))
        )
        used = ~rows["refused"]
        self._aside[REPEAT] += int((used & ~rows["first"]).sum())
        self._aside[LOOKUP] += int((used & rows["first"]).sum())
        people = rows.filter("first").join(years, on="at", how="inner", maintain_order="left")
        return _lists(self._resolve(people, countries))

    def end(self) -> Batch:
        """Return the batch that accounts for the rows that were used and repeated."""
        return self._table.aside(self._aside)

    def _resolve(self, people: pl.DataFrame, countries: Countries) -> pl.DataFrame:
        """Give each person our code of the country, by the year of the patent."""
        met = (
            people.filter(pl.col("where") >= 0)
            .group_by("where", "year")
            .agg(n=pl.len())
            .sort("where", "year")
        )
        found = []
        for where, year, n in met.rows():
            text = self._places.codes[where]
            code = countries.resolve("patentsview", text, year)
            if code is None:
                self._table.warn(f"unknown_country:{text[:16]}", n)
            found.append(code)
        codes = met.select("where", "year", code=pl.Series(found, dtype=pl.Int16))
        return people.join(codes, on=["where", "year"], how="left").select("at", "code")


def _lists(people: pl.DataFrame) -> pl.DataFrame:
    """Gather the people of each patent to lists; one row a person in, with ``at`` and ``code``."""
    n = people.group_by("at").agg(
        n=pl.len().cast(pl.Int32), n_unknown=pl.col("code").null_count().cast(pl.Int32)
    )
    known = people.drop_nulls("code").sort("at", "code")
    units = known.group_by("at", maintain_order=True).agg(units="code")
    shares = (
        known.group_by("at", "code")
        .agg(k=pl.len())
        .join(n, on="at")
        .sort("at", "code")
        .group_by("at", maintain_order=True)
        .agg(countries="code", shares=pl.col("k") / pl.col("n"))
    )
    return n.join(shares, on="at", how="left").join(units, on="at", how="left")


class Symbols:
    """CPC symbols of the patents; cut to the subclass where the table has no more."""

    def __init__(self, table: Table, grants: Grants) -> None:
        self._table, self._grants = table, grants
        self._parts = Parts({"at": pl.Int32, "symbol": pl.Int32})
        self._aside: Counter[str] = Counter()
        self._known: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def read(self) -> Iterator[Batch]:
        """Read the table; yield a batch where rows are refused."""
        for frame in self._table.blocks():
            rows, gone = placed(self._table, frame, self._grants)
            self._aside[WITHDRAWN] += gone
            deepest = pl.coalesce(
                pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars())
                for name in ("cpc_group", "cpc_subclass", "cpc_class")
            )
            rows = rows.with_columns(text=deepest.fill_null(""))
            texts = rows["text"].unique().to_list()
            numbers = {text: self._number(text) for text in texts}
            rows = rows.with_columns(symbol=numbered(pl.col("text"), numbers, pl.Int32))
            wrong = pl.format("not a CPC symbol: {}", pl.col("text").str.slice(0, 40))
            rows = rows.with_columns(refused=pl.when(pl.col("symbol") < 0).then(wrong))
            self._table.refuse(rows)
            self._parts.add(rows.filter(pl.col("symbol") >= 0))
            if self._table.n_refused:
                yield self._table.aside({})

    def _number(self, text: str) -> int:
        if text not in self._known:
            symbol = parse_symbol(text)
            name = None if symbol is None else str(symbol)
            self._known[text] = -1 if name is None else self._texts.setdefault(name, len(self._texts))
        return self._known[text]

    def take(self, number: int) -> pl.DataFrame:
        """Return ``at`` and ``cpc`` (distinct symbols, sorted) of a part of the patents."""
        rows = self._parts.take(number)
        once = rows.unique()
        self._aside[LOOKUP] += once.height
        self._aside[REPEAT] += rows.height - once.height
        names = pl.DataFrame(
            {"symbol": range(len(self._texts)), "text": list(self._texts)},
            schema={"symbol": pl.Int32, "text": pl.String},
        )
        named = once.join(names, on="symbol").sort("at", "text")
        return named.group_by("at", maintain_order=True).agg(cpc="text")

    def end(self) -> Batch:
        """Return the batch that accounts for the rows that were used and repeated."""
        return self._table.aside(self._aside)


class Filings:
    """The earliest date of each patent in a table of applications or of priority claims."""

    def __init__(self, table: Table, grants: Grants) -> None:
        self._table, self._grants = table, grants
        self._granted = grants.frame["date"].to_physical().to_numpy()
        self._first: NDArray[np.int32] = np.full(len(self._granted), _NO_DAY, dtype=np.int32)

    def read(self) -> Iterator[Batch]:
        """Read the table; yield its batches."""
        what = "priority" if self._table.file.role == PRIORITY else "filing"
        for frame in self._table.blocks():
            rows, gone = placed(self._table, frame, self._grants)
            rows = rows.with_columns(
                day=days(pl.col("filing_date")).to_physical(),
                granted=pl.Series(self._granted[rows["at"].to_numpy()]),
            )
            early = pl.col("granted") - pl.col("day") > _LONGEST
            rows = rows.with_columns(
                refused=pl.when(pl.col("day").is_null())
                .then(pl.lit("filing_date is not a date"))
                .when(pl.col("day") > pl.col("granted"))
                .then(pl.lit(f"the {what} comes after the grant"))
                .when(early)
                .then(pl.lit(f"the {what} comes 80 years before the grant"))
            )
            self._table.refuse(rows)
            good = rows.filter(pl.col("refused").is_null())
            np.minimum.at(self._first, good["at"].to_numpy(), good["day"].to_numpy())
            yield self._table.aside({LOOKUP: good.height, WITHDRAWN: gone})

    def dates(self) -> pl.Series:
        """Return the dates, null where there is none, shape ``(n_grants,)``."""
        days_ = pl.Series("date", self._first)
        return days_.replace(_NO_DAY, None).cast(pl.Date)
