"""One pair of countries across sources and fields: the records behind `show` and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trendcore.report.surety import INTERVAL, by_default, published_trends, suffixed, trend_of
from trendcore.trends.told import spoken_of, with_no_joint_works

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published

Record = dict[str, Any]
#: who exports and who imports anything, by year
Traders = dict[int, tuple[set[str], set[str]]]

CELL = ("source", "role", "field")
YEARS_OF_TREND = 10
TRADE_SOURCES = ("baci", "comtrade")
OWNED = "inventor-applicant"  # the role of patents invented in a and owned in b


@dataclass(frozen=True)
class Pair:
    """Two displayed codes, as the reader named them."""

    a: str
    b: str

    @property
    def sorted(self) -> tuple[str, str]:
        """The two in byte order, as symmetric indices list them."""
        return (self.a, self.b) if self.a < self.b else (self.b, self.a)


def country(text: str) -> str:
    """Return the displayed code of a country given as alpha-2, alpha-3 or name.

    Raises
    ------
    UsageError
        Where nothing or more than one country bears that name; names the nearest.

    Examples
    --------
    >>> country("jp"), country("JPN"), country("japan"), country("TW")
    ('JP', 'JP', 'JP', 'TW')
    """
    from trendcore import taxonomy
    from trendcore.errors import UsageError

    table = taxonomy.countries()
    labels = table.labels()
    if text.strip().upper() in labels.values():
        return text.strip().upper()
    for system in ("iso2", "iso3", "name"):
        code = table.resolve(system, text)
        if code is not None:
            return labels[code]
    raise UsageError(f"no country is called {text!r}{_nearest(text, list(table.table['name']))}")


def pair_of(text: str) -> Pair:
    """Return the pair that is given as two countries with a dash between.

    Raises
    ------
    UsageError
        There is no dash, a country is not known, or both are the same.

    Examples
    --------
    >>> pair_of("japan-USA")
    Pair(a='JP', b='US')
    """
    from trendcore.errors import UsageError

    a, dash, b = text.partition("-")
    if not dash:
        raise UsageError(f"a pair is two countries with a dash between, such as JP-US, not {text!r}")
    return two(a, b)


def two(a: str, b: str) -> Pair:
    """Return the pair of two countries.

    Raises
    ------
    UsageError
        A country is not known, or both are the same.
    """
    from trendcore.errors import UsageError

    pair = Pair(country(a), country(b))
    if pair.a == pair.b:
        raise UsageError(f"{a} and {b} are the same country: a pair needs two")
    return pair


def _nearest(text: str, names: list[str]) -> str:
    from difflib import get_close_matches

    lower = {name.lower(): name for name in names}
    found = [lower[name] for name in get_close_matches(text.lower(), lower, n=3, cutoff=0.6)]
    return f"; did you mean {' or '.join(found)}?" if found else "; give a code (JP, JPN) or an English name"


def latest_complete_years(coverage: pl.DataFrame) -> pl.DataFrame:
    """Return the row of the last complete year of each source, role and field that can be spoken of."""
    spoken = spoken_of(coverage).sort(*CELL, "year", nulls_last=True)
    return spoken.group_by(*CELL, maintain_order=True).last()


def unanswered(coverage: pl.DataFrame, last: pl.DataFrame) -> list[Record]:
    """Return source, role and field of what is there but cannot be spoken of, each with the reason."""
    import polars as pl

    silent = coverage.join(last, on=list(CELL), how="anti", nulls_equal=True)
    counts = silent.group_by(*CELL, maintain_order=True).agg(
        pl.col("works").sum(), pl.col("works_known").sum(), pl.col("field_unknown").sum()
    )
    rows = []
    for row in counts.sort(*CELL).iter_rows(named=True):
        if row["works_known"]:
            why = "no year is complete yet"
        elif row["works"]:
            why = f"no country is known of its {row['works']:,} works"
        else:
            why = f"cannot be told: the codes of {row['field_unknown']:,} rows are cut or missing"
        rows.append({key: row[key] for key in CELL} | {"why": why})
    return rows


def summarise(
    workspace: Published, pair: Pair, *, field: str | None, release: int | None, rank_by: str
) -> Record:
    """Gather what is published about a pair, as one JSON-like record.

    Parameters
    ----------
    workspace
        Anything with `indices` and `table`.
    pair
        The two countries; directed values are given both ways.
    field
        Only this field; None for all.
    release
        Which release; None for the current one.
    rank_by
        The symmetric index by which papers and patents are ranked ("salton" by default).
    """
    import polars as pl

    coverage = workspace.table("coverage", release=release).collect()
    if field is not None:
        coverage = coverage.filter(coverage["field"] == field)
    last = latest_complete_years(coverage)
    chosen = by_default(workspace.indices(pair="-".join(pair.sorted), field=field, release=release)).collect()
    ends = list(pair.sorted)
    trends = published_trends(workspace, release)
    trends_of_pair = trends.filter(pl.col("a").is_in(ends), pl.col("b").is_in(ends)).collect()
    traders, abroad = traders_of(workspace, coverage, release), working_abroad(workspace, last, release)
    found: dict[str, list[Record]] = {"works": [], "ownership": [], "trade": []}
    values: dict[str, pl.DataFrame] = {}
    for cell in last.iter_rows(named=True):
        rows, years = rows_of_cell(chosen, cell), _years(coverage, cell)
        known = Known(rows, rows_of_cell(trends_of_pair, cell))
        if cell["source"] in TRADE_SOURCES:
            kind, index, record = "trade", "value", _trade_record(known, pair, years, traders(cell))
        elif cell["role"] == OWNED:
            kind, index, record = "ownership", "joint", _owned_record(known, pair, years)
        else:
            record = _works_record(known, pair, years, rank_by, abroad(cell))
            kind, index = "works", rank_by
        if index not in values:
            values[index] = _values_of_last_year(workspace, index, last, release)
        found[kind].append(_head(cell) | record | _rank(values[index], cell, pair))
    silent = unanswered(coverage, last)
    return {"a": pair.a, "b": pair.b, "rank_by": rank_by, **found, "unanswered": silent}


def _head(cell: Record) -> Record:
    """Return what says where the numbers of a row are from."""
    works, known = cell.get("works"), cell.get("works_known")
    unknown = None if not works or known is None else 1 - known / works
    where = {key: cell[key] for key in (*CELL, "year")}
    return where | {"share_unknown_country": unknown, "proxy": cell["proxy"]}


def rows_of_cell(rows: pl.DataFrame, cell: Record) -> pl.DataFrame:
    """Return the rows of a source, role and field."""
    import polars as pl

    return rows.filter(
        pl.all_horizontal(pl.col(key).eq_missing(pl.lit(cell[key], dtype=rows.schema[key])) for key in CELL)
    )


def _years(coverage: pl.DataFrame, cell: Record) -> list[int]:
    """Return the last complete years of a cell that can be spoken of, at most ten."""
    years: list[int] = sorted(rows_of_cell(spoken_of(coverage), cell)["year"].to_list())
    return years[-YEARS_OF_TREND:]


@dataclass(frozen=True)
class Known:
    """What is published of a pair in a cell: index values and trends."""

    rows: pl.DataFrame
    trends: pl.DataFrame

    def row(self, index: str, year: int, a: str, b: str) -> Record:
        """Return the row of a value; empty where the pair has none."""
        rows = self.rows
        found = rows.filter(
            (rows["index"] == index) & (rows["year"] == year) & (rows["a"] == a) & (rows["b"] == b)
        )
        return found.row(0, named=True) if found.height else {}

    def value(self, index: str, year: int, a: str, b: str) -> float | None:
        """Return a value; None where it is undefined or has no row."""
        value: float | None = self.row(index, year, a, b).get("value")
        return value

    def flow(self, year: int, a: str, b: str, traders: Traders) -> float | None:
        """Return the trade from a to b in US dollars.

        What is not listed is 0 where its exporter exports and its importer imports anything; else unknown.
        """
        row = self.row("value", year, a, b)
        exporters, importers = traders.get(year, (set(), set()))
        missing = row.get("value") is None and row.get("value_flag") is None
        return 0.0 if missing and a in exporters and b in importers else row.get("value")

    def surety(self, index: str, year: int, a: str, b: str) -> Record:
        """Return the interval of a value and the trend of its series."""
        row = self.row(index, year, a, b)
        return {name: row.get(name) for name in INTERVAL} | trend_of(self.trends, index, a, b)


def working_abroad(
    workspace: Published, cells: pl.DataFrame, release: int | None
) -> Callable[[Record], set[str]]:
    """Return which countries have international works in a cell and year, of all `cells` in one pass."""
    import polars as pl

    keys = [*CELL, "year"]
    members = workspace.table("members", release=release).filter(pl.col("works_intl") > 0)
    named = (
        members.join(cells.lazy().select(keys), on=keys, how="semi", nulls_equal=True)
        .group_by(keys)
        .agg(pl.col("member"))
        .collect()
    )
    found = {row[:4]: set(row[4]) for row in named.iter_rows()}
    return lambda cell: found.get(tuple(cell[key] for key in keys), set())


def _works_record(known: Known, pair: Pair, years: Sequence[int], rank_by: str, abroad: set[str]) -> Record:
    """Return the numbers of a cell of papers or patents in its latest complete year.

    Only pairs with joint works are published. A missing one has none: its indices are those of no joint works
    where both countries have international works, and undefined where one has not.
    """
    year, (first, second) = years[-1], pair.sorted
    joint = known.value("joint", year, first, second)
    record: Record = {"joint": int(joint or 0), "counting": "full", "marginals": marginals_of(rank_by)}
    names = sorted({"salton", "ncses", rank_by} - {"joint"})
    for name in names:
        record[name] = known.value(name, year, first, second)
    record["share_of_a"] = known.value("share", year, pair.a, pair.b)
    record["share_of_b"] = known.value("share", year, pair.b, pair.a)
    if joint is None:
        defined = {first, second} <= abroad
        record |= {name: with_no_joint_works(name) if defined else None for name in names}
        record["share_of_a"] = 0.0 if pair.a in abroad else None
        record["share_of_b"] = 0.0 if pair.b in abroad else None
    record |= {"index": rank_by, "value": record[rank_by], **known.surety(rank_by, year, first, second)}
    series = [int(known.value("joint", each, first, second) or 0) for each in years]
    return record | {"series_index": "joint", "series_years": list(years), "series": series}


def marginals_of(rank_by: str) -> Record:
    """Return the marginal system of each index that is shown: its default one, see `_by_default`."""
    from trendcore.indices import registry

    return {name: registry()[name].marginals[0] for name in sorted({"share", "salton", "ncses", rank_by})}


def ways(pair: Pair) -> dict[str, tuple[str, str]]:
    """Return the two directions between the countries of a pair."""
    return {"a_to_b": (pair.a, pair.b), "b_to_a": (pair.b, pair.a)}


def _owned_record(known: Known, pair: Pair, years: Sequence[int]) -> Record:
    """Return the patents invented in one country and owned in the other, both ways: a_to_b invented in a."""
    record: Record = {"index": "joint", "series_index": "joint", "series_years": list(years)}
    for name, way in ways(pair).items():
        series = [int(known.value("joint", year, *way) or 0) for year in years]
        said = {"value": series[-1], **known.surety("joint", years[-1], *way), "series": series}
        record |= suffixed(said, name)
    return record


def traders_of(
    workspace: Published, coverage: pl.DataFrame, release: int | None
) -> Callable[[Record], Traders]:
    """Return who exports and who imports anything in a cell of trade, by year, of all cells in one pass."""
    import polars as pl

    keys = [*CELL, "year"]
    wanted = coverage.filter(coverage["source"].is_in(TRADE_SOURCES)).select(keys)
    if wanted.is_empty():
        return lambda _cell: {}
    flows = workspace.table("trade_flows", release=release).select(*keys, "exporter", "importer")
    ends = (
        flows.join(wanted.lazy(), on=keys, how="semi", nulls_equal=True)
        .group_by(keys)
        .agg(pl.col("exporter").unique(), pl.col("importer").unique())
        .collect()
    )
    found: dict[tuple[str, ...], dict[int, tuple[set[str], set[str]]]] = {}
    for row in ends.iter_rows():
        found.setdefault(row[:3], {})[row[3]] = (set(row[4]), set(row[5]))
    return lambda cell: found.get(tuple(cell[key] for key in CELL), {})


def _trade_record(known: Known, pair: Pair, years: Sequence[int], traders: Traders) -> Record:
    """Return the flows both ways in US dollars and what they are parts of."""
    year = years[-1]
    record: Record = {"index": "value", "series_index": "value", "series_years": list(years)}
    record["import_share_of_a"] = known.value("import_share", year, pair.a, pair.b)
    record["import_share_of_b"] = known.value("import_share", year, pair.b, pair.a)
    for name, way in ways(pair).items():
        said = {"value": known.flow(year, *way, traders), **known.surety("value", year, *way)}
        said["trade_intensity"] = known.value("trade_intensity", year, *way)
        said["series"] = [known.flow(each, *way, traders) for each in years]
        record |= suffixed(said, name)
    return record


def _values_of_last_year(
    workspace: Published, index: str, last: pl.DataFrame, release: int | None
) -> pl.DataFrame:
    """Return an index of all pairs in the latest complete year of each cell, both ways added up.

    Returns
    -------
    pl.DataFrame
        source, role, field, low, high (the pair in byte order), value; pairs with joint works or trade.
    """
    import polars as pl

    keys = [*CELL, "year"]
    every: pl.LazyFrame = workspace.indices(index=index, release=release)
    return (
        every.filter(pl.col("value").is_not_null(), pl.col("a") != pl.col("b"))
        .join(last.lazy().select(keys), on=keys, how="semi", nulls_equal=True)
        .group_by(*CELL, low=pl.min_horizontal("a", "b"), high=pl.max_horizontal("a", "b"))
        .agg(pl.col("value").sum())
        .collect()
    )


def _rank(values: pl.DataFrame, cell: Record, pair: Pair) -> Record:
    """Return the pair's place among pairs of its cell with joint works or trade, both ways together."""
    mine = rows_of_cell(values, cell)
    first, second = pair.sorted
    own = mine.filter((mine["low"] == first) & (mine["high"] == second))
    if own.is_empty():
        return {"rank": None, "rank_of": mine.height}
    return {"rank": 1 + int((mine["value"] > own["value"].item()).sum()), "rank_of": mine.height}
