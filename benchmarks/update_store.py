"""Workspaces of simulated works for benchmarks of updates: canonical rows, as OpenAlex's reader stores them.

Works are drawn as for other benchmarks (5 affiliations, 3 fields, 46 years, 200 countries) and cut into as
many inputs as wanted. Layout ``years``: an input holds works of one year or two, as files of new works do;
``mixed``: every input holds works of every year, as files of a snapshot's updates do.
"""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl

from trendcore import taxonomy
from trendcore.bench import simulated
from trendcore.schemas import PAPERS
from trendcore.store import Content, FileCounts, FileStamp, Store, Unit
from trendcore.update.inputs import READERS

#: a topic of each field
TOPICS = (10028, 10099, 10020)
_AFFILIATIONS = 5


def make(root: str, n_works: int, layout: str, n_inputs: int) -> Store:
    """Make a workspace of some works; nothing is published yet."""
    drawn = simulated(n_works).drawn
    order = np.argsort(drawn.year, kind="stable") if layout == "years" else np.arange(n_works)
    codes = np.array([code for code in sorted(taxonomy.countries().labels()) if code < 1000][:200], np.int16)
    members = codes[drawn.codes.reshape(n_works, _AFFILIATIONS)[order]]
    year, topic = drawn.year[order], np.array(TOPICS)[drawn.field[order]]
    ids = np.random.default_rng(7).permutation(4 * n_works)[:n_works] + 1_000_000_000
    store = Store.create(root)
    with store.lock():
        ledger = store.ledger()
        for number, part in enumerate(np.array_split(np.arange(n_works), n_inputs)):
            rows = _rows(ids[part], year[part], topic[part], members[part], f"part_{number:04}.gz")
            key = f"{number:032x}"
            ledger.contents[key] = _stored(store, key, rows, number)
            stamp = FileStamp(f"/simulated/part_{number:04}.gz", "0" * 64, 0, 0)
            ledger.units.append(
                Unit("openalex", f"part_{number:04}", [stamp], key, "2026-01-01T00:00:00+00:00")
            )
        ledger.next_seq = n_inputs
        store.save_ledger(ledger)
    return store


def revise(store: Store, number: int, revision: int) -> list[int]:
    """Replace an input by one in which each tenth work is of other countries; give its years."""
    old, new = f"{number:032x}", f"{revision:08x}{number:024x}"
    with store.lock():
        ledger = store.ledger()
        current = next(unit.content for unit in ledger.units if int(unit.content[8:], 16) == number)
        assert current == old or revision > 1
        rows = store.scan("papers", [current]).drop("input").collect()
        tenth = pl.int_range(pl.len()) % 10 == revision % 10
        both = pl.lit([392, 840], dtype=pl.List(pl.Int16))
        rows = rows.with_columns(
            pl.when(tenth).then(both).otherwise("countries").alias("countries"),
            pl.when(tenth).then(pl.lit([0.5, 0.5])).otherwise("shares").alias("shares"),
        )
        ledger.contents[new] = _stored(store, new, rows, ledger.next_seq)
        ledger.next_seq += 1
        ledger.units = [
            msgspec.structs.replace(unit, content=new) if unit.content == current else unit
            for unit in ledger.units
        ]
        store.save_ledger(ledger)
    return sorted(rows["year"].unique())


def _stored(store: Store, key: str, rows: pl.DataFrame, seq: int) -> Content:
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest()).select(PAPERS.names).cast(PAPERS)
    with store.writer(key) as writer:
        for batch in table.combine_chunks().to_batches():
            writer.add("papers", batch)
    return Content(
        id=key,
        feed="openalex",
        keep="fields",
        taxonomy=taxonomy.fields().sha256,
        reader=str(READERS),
        seq=seq,
        rows=dict(writer.rows),
        counts=[FileCounts(rows["source_file"][0], rows.height, rows.height, 0)],
    )


def _rows(
    ids: np.ndarray, year: np.ndarray, topic: np.ndarray, members: np.ndarray, file: str
) -> pl.DataFrame:
    n = len(ids)
    shares = (
        pl.DataFrame({"row": np.arange(n), "code": members})
        .with_columns(pl.col("code").arr.to_list())
        .explode("code")
        .group_by("row", "code")
        .agg((pl.len() / _AFFILIATIONS).alias("share"))
        .sort("row", "code")
        .group_by("row", maintain_order=True)
        .agg("code", "share")
    )
    score = pl.struct(pl.Series("id", topic, pl.Int64), pl.lit(0.99).alias("score"))
    return pl.DataFrame(
        {
            "id": pl.Series(ids).cast(pl.String).str.replace("^", "W"),
            "year": year,
            "countries": shares["code"],
            "shares": shares["share"],
            "units": shares["code"],
            "first_country": shares["code"].list.first(),
            "source_line": np.arange(1, n + 1),
        }
    ).with_columns(
        topics=pl.concat_list(score),
        date=None,
        n_authors=_AFFILIATIONS,
        n_authors_unknown=0,
        authors_truncated=False,
        topic_scheme=pl.lit("openalex-topics"),
        type=pl.lit("article"),
        language=pl.lit("en"),
        is_retracted=False,
        is_paratext=False,
        is_xpac=False,
        cited_by=0,
        updated=None,
        source_file=pl.lit(file),
    )
