"""Tallies -> the tables of a release, each sorted by its key.

=====================  ================================================================================
table                  rows
=====================  ================================================================================
coverage               a cell: works counted, known, international; field unknown; whether complete, and
                       whether goods merely stand for the field (proxy)
members, pairs         tallies of papers and patents
patterns               works by set of countries: blocs, policies and intervals can be had from it
ownership_members,     patents by countries of inventors (a) and of owners (b)
ownership_pairs,
ownership_patterns
trade_flows            values by product, exporter and importer; nes is an end that is no country
indices                papers and patents, an index a column
intervals              of each index its interval: <index>__lo, <index>__hi
ownership_indices,     invented in a, owned in b
ownership_intervals
trade_indices          trade of a field
trade_intervals        values of which both sides report: the smaller and the larger report
bloc_members,          a bloc as one node: never sums of pairs
bloc_pairs,
bloc_indices,
bloc_intervals
trends                 of each pair and index: slope, Mann-Kendall test; made by `trending`
conventions            of each index column: counting, marginals, universe, neutral value, formula, source,
                       and how its interval is made
fields                 lists behind each field and source: scheme, source, whether a proxy, warnings
countries              displayed code, name
inputs                 rows of each input file: read, accepted, quarantined, set aside; of those quarantined
                       how many contradict an earlier row
set_aside              stored rows that count nowhere, by feed, year and reason
=====================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from trendcore import indices, taxonomy
from trendcore.sources.base import CONTRADICTS
from trendcore.store import FileCounts
from trendcore.tallies import Tally, tally, tally_trade
from trendcore.tallies.patterns import without_credits
from trendcore.update import intervals
from trendcore.update.method import Method
from trendcore.update.resolve import SET_ASIDE
from trendcore.update.trade import Trade
from trendcore.update.works import CELL, Works

#: what is published of papers and patents beside the default indices: the fractional count of joint works
_COUNTS: Final = ("full", "newman", "nature", "harmonic")
_TOTALS: Final = ("works", "works_known", "works_intl", "sum_n", "sum_pairs")
_SORT_LAST: Final = (
    "product", "a", "b", "member", "members", "partners", "exporter", "importer", "reason",
)  # fmt: skip
KEY: Final = {"source": pl.String, "role": pl.String, "field": pl.String, "year": pl.Int16}

Tables = dict[str, pl.DataFrame]


def tables(
    works: Sequence[Works],
    trade: Sequence[Trade],
    method: Method,
    inputs: Sequence[tuple[str, FileCounts]],
    stays: Mapping[str, pl.DataFrame | None],
) -> Tables:
    """Make all tables of a release.

    Parameters
    ----------
    works, trade
        What was counted, one a feed.
    method
        How it was counted.
    inputs
        Feed and counts of each input file.
    stays
        Of tables that are made as a whole, the rows that are as they were published; None: there are none.
    """
    all_works = [each for part in works for each in part.tallies if each.meta.kind == "works"]
    owned = [each for part in works for each in part.tallies if each.meta.kind == "directed"]
    flows = [each for part in trade for each in part.tallies]
    shape = _empty(method)
    # cells are of one feed and role each, so one tally of all is quicker and gives the same numbers
    together = _merged(all_works) or shape["works"]
    traded = _stack([indices.compute_wide(each) for each in flows or [shape["trade"]]])
    made: Tables = {
        "coverage": _coverage([*all_works, *owned], works, trade, method, stays["coverage"]),
        **_of_works("", together, method),
        **_of_works("ownership_", _merged(owned) or shape["owned"], method),
        "trade_flows": _stack([each.flows for each in flows or [shape["trade"]]]),
        "trade_indices": traded,
        "trade_intervals": intervals.between_reports(traded),
        **_of_blocs(together, method),
        "conventions": _conventions(shape, method),
        "fields": _fields(method),
        "countries": _countries(method),
        "inputs": _inputs(inputs),
        "set_aside": _set_aside(works, trade),
    }
    for name, rows in stays.items():
        if rows is not None and name != "coverage":
            made[name] = pl.concat([made[name].cast(rows.schema), rows], how="diagonal")
    return {name: _keyed(frame) for name, frame in made.items()}


def wanted(kind: str) -> list[str] | None:
    """Return the indices that are published of a kind of tally; None: all that it feeds."""
    return None if kind != "works" else [*_all_of_works(), "joint:newman"]


def _all_of_works() -> list[str]:
    registry = indices.registry()
    return [name for name, entry in registry.items() if "works" in entry.kinds and not entry.drawn]


def _merged(tallies: Sequence[Tally]) -> Tally | None:
    return tallies[0].merge(*tallies[1:]) if tallies else None


def _of_works(prefix: str, tally: Tally, method: Method) -> Tables:
    published = wanted(tally.meta.kind)
    made = {
        "members": tally.members,
        "pairs": tally.pairs,
        "indices": indices.compute_wide(tally, published),
        "intervals": method.intervals.of(tally, tally.meta, published),
        "patterns": without_credits(tally).patterns,
    }
    return {f"{prefix}{name}": _typed(frame) for name, frame in made.items() if frame is not None}


def _of_blocs(tally: Tally, method: Method) -> Tables:
    """Tally again with each bloc as one node."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for name in method.bloc_names:
        of_bloc = _of_bloc(tally, name, method)
        made = {
            "members": of_bloc.members,
            "pairs": of_bloc.pairs,
            "indices": indices.compute_wide(of_bloc),
            "intervals": method.intervals.of(tally, of_bloc.meta, bloc=name, blocs=method.blocs),
        }
        for table, frame in made.items():
            if frame is not None:
                parts.setdefault(table, []).append(frame.with_columns(pl.lit(name).alias("bloc")))
    return {f"bloc_{table}": _stack(frames) for table, frames in parts.items()}


def _of_bloc(tally: Tally, name: str, method: Method) -> Tally:
    """Tally again with a bloc as one node, by the backend that tallied the works."""
    return tally.regroup(
        groups=name, blocs=method.blocs, counting="full", credit="none", backend=tally.meta.backend
    )


def _coverage(
    tallies: Sequence[Tally],
    works: Sequence[Works],
    trade: Sequence[Trade],
    method: Method,
    stays: pl.DataFrame | None,
) -> pl.DataFrame:
    counted = [_typed(each.totals) for each in tallies]
    unknown = [_unknown_of_works(part) for part in works]
    unknown += [_typed(part.unknown) for part in trade]
    cells = [_typed(part.editions) for part in trade]
    columns = KEY | dict.fromkeys([*_TOTALS, "value", "field_unknown"], pl.Int64) | {"hs_revision": pl.String}
    empty = pl.DataFrame(schema=columns)
    totals = pl.concat([empty.drop("field_unknown"), *counted, *cells], how="diagonal")
    doubtful = pl.concat([empty.select(*KEY, "field_unknown"), *unknown])
    joined = totals.join(doubtful, on=list(CELL), how="full", coalesce=True)
    joined = joined.with_columns(year_complete=pl.lit(None, pl.Boolean))
    if stays is not None:
        joined = pl.concat([joined, stays.select(joined.columns).cast(joined.schema)])
    complete = pl.concat(
        [pl.DataFrame(schema={"source": pl.String, "last_year": pl.Int32})]
        + [part.complete.with_columns(pl.col("source").cast(pl.String)) for part in works]
    )
    of_works = pl.col("source").is_in(complete["source"].implode())
    proxies = _fields(method).filter("proxy").select("source", "field", "proxy")
    return (
        joined.join(complete, on="source", how="left")
        .join(proxies, on=["source", "field"], how="left")
        .with_columns(
            # cells of works whose field is unknown hold no other ones
            pl.when(of_works)
            .then(pl.col("works", "works_known").fill_null(0))
            .otherwise(pl.col("works", "works_known")),
            pl.col("field_unknown").fill_null(0),
            pl.col("proxy").fill_null(value=False),
            # a year file of trade is published when its year is over
            year_complete=pl.coalesce(pl.col("year") <= pl.col("last_year"), "year_complete", pl.lit(True)),
        )
        .drop("last_year")
    )


def _unknown_of_works(part: Works) -> pl.DataFrame:
    """Count works whose field is unknown, in each role: a patent is so for inventors and owners alike."""
    roles = pl.DataFrame({"role": part.roles})
    return _typed(roles.join(part.unknown, how="cross")).select(*KEY, "field_unknown")


def _conventions(shape: Mapping[str, Any], method: Method) -> pl.DataFrame:
    of_works: dict[str, Tally] = {"indices": shape["works"], "ownership_indices": shape["owned"]}
    if method.bloc_names:
        of_works["bloc_indices"] = _of_bloc(shape["works"], method.bloc_names[0], method)
    parts = []
    for name, of_table in of_works.items():
        table = indices.conventions(of_table.meta, wanted(of_table.meta.kind) if name == "indices" else None)
        if name == "bloc_indices":
            table = table.with_columns(universe=pl.lit("bloc"))
        table = intervals.said(table, of_table.meta, method.intervals)
        parts.append(table.with_columns(table=pl.lit(name)))
    of_trade = intervals.said_of_trade(indices.conventions(shape["trade"].meta))
    parts.append(of_trade.with_columns(table=pl.lit("trade_indices")))
    return pl.concat(parts).sort("table", "column").select("table", pl.exclude("table"))


def _empty(method: Method) -> dict[str, Any]:
    """Tallies of nothing: they say which columns there are where a feed is not."""
    keys: dict[str, Any] = {**dict.fromkeys(CELL, pl.String), "year": pl.Int16}
    lists: dict[str, Any] = {
        "members": pl.List(pl.Int16),
        "owners": pl.List(pl.Int16),
        "shares": pl.List(pl.Float64),
    }
    nothing = pl.DataFrame(schema=keys | lists)
    flows = pl.DataFrame(
        schema=keys | {"hs6": pl.String, "exporter": pl.Int16, "importer": pl.Int16, "value": pl.Int64}
    )
    same: dict[str, Any] = {"by": CELL, "labels": method.labels, "policy": method.policy}
    return {
        "works": tally(nothing, members="members", shares="shares", counting=_COUNTS, patterns=True, **same),
        "owned": tally(nothing, members="members", partners="owners", patterns=True, **same),
        "trade": tally_trade(flows, goods=flows, self_flows=method.self_flows, **same),
    }


def _fields(method: Method) -> pl.DataFrame:
    rows = []
    for field in method.fields.names:
        for source in ("openalex", "openalex-concepts", "patentsview", "baci", "comtrade"):
            info = method.fields.info(field, source)
            if info is not None:
                rows.append(
                    {
                        "field": field,
                        "source": source,
                        "title": method.fields.title(field),
                        "proxy": info.proxy,
                        "list_source": info.source,
                        "scheme_edition": info.scheme_edition,
                        "note": method.fields.note(field, source),
                    }
                )
    text = ("field", "source", "title", "proxy", "list_source", "scheme_edition", "note")
    schema: Any = {name: pl.Boolean if name == "proxy" else pl.String for name in text}
    return pl.DataFrame(rows, schema=schema).sort("field", "source")


def _countries(method: Method) -> pl.DataFrame:
    table = taxonomy.countries()
    rows = [(code, label, table.name(code)) for code, label in sorted(method.labels.items())]
    schema = {"code": pl.Int16, "label": pl.String, "name": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("label")


def _inputs(inputs: Sequence[tuple[str, FileCounts]]) -> pl.DataFrame:
    rows = [
        (
            feed,
            each.file,
            each.read,
            each.accepted,
            each.quarantined,
            sum(each.set_aside.values()),
            each.warnings.get(CONTRADICTS, 0),
        )
        for feed, each in inputs
    ]
    names = ("read", "accepted", "quarantined", "set_aside", "contradicted")
    counts = dict.fromkeys(names, pl.Int64)
    schema: Any = {"feed": pl.String, "file": pl.String, **counts}
    return pl.DataFrame(rows, schema=schema, orient="row").sort(pl.all())


def _set_aside(works: Sequence[Works], trade: Sequence[Trade]) -> pl.DataFrame:
    parts: list[Works | Trade] = [*works, *trade]
    rows = [part.set_aside.select(pl.lit(part.feed).alias("source"), *SET_ASIDE) for part in parts]
    return pl.concat([pl.DataFrame(schema={"source": pl.String} | dict(SET_ASIDE)), *rows])


def _stack(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Put tables of several tallies together; where one lacks a flag column, it is null."""
    return pl.concat([_typed(frame) for frame in frames], how="diagonal_relaxed")


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(name).cast(dtype) for name, dtype in KEY.items() if name in frame.columns
    )


def _keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """Sort by the full key, so that equal content is equal bytes."""
    if not {"source", "year"} <= set(frame.columns):
        return frame
    key = [name for name in (*CELL, "bloc", *_SORT_LAST) if name in frame.columns]
    return frame.select(*key, pl.exclude(key)).sort(key, nulls_last=True)
