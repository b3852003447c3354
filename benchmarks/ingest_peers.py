"""Reading of raw feeds as experts of other tools would write it.

Works: id, year, dates, countries of the authors with their shares, number of authors, topics, type, language,
flags and citations come out, as far as `trendcore.sources` gives them. The peers do less: countries stay
letters and unknown ones stay in, an author is split equally over countries (not over affiliations), repeated
topics stay, nothing is put in quarantine, no line is numbered, and no row says its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

WORKS = "https://openalex.org/"
_LABEL = pl.Struct({"id": pl.String, "score": pl.Float64})
_INSTITUTION = pl.Struct({"country_code": pl.String})
WORK_SCHEMA = {
    "id": pl.String,
    "publication_year": pl.Int64,
    "publication_date": pl.String,
    "type": pl.String,
    "language": pl.String,
    "is_retracted": pl.Boolean,
    "is_paratext": pl.Boolean,
    "is_xpac": pl.Boolean,
    "cited_by_count": pl.Int64,
    "updated_date": pl.String,
    "topics": pl.List(_LABEL),
    "concepts": pl.List(_LABEL),
    "authorships": pl.List(
        pl.Struct({"countries": pl.List(pl.String), "institutions": pl.List(_INSTITUTION)})
    ),
}


def works_with_polars(paths: Sequence[Path]) -> pl.DataFrame:
    """Scan in the streaming engine; shares by exploding authors and their countries, and grouping again."""
    element = pl.element()
    places = element.struct.field("institutions").list.eval(pl.element().struct.field("country_code"))
    countries = pl.coalesce(element.struct.field("countries"), places)
    works = (
        pl.scan_ndjson(list(paths), schema=WORK_SCHEMA)
        .with_columns(authors=pl.col("authorships").list.eval(countries))
        .with_row_index("row")
    )
    credits_ = (
        works.select("row", n="authors", country="authors")
        .with_columns(pl.col("n").list.len())
        .explode("country", empty_as_null=False, keep_nulls=False)
        .with_columns(share=1 / (pl.col("n") * pl.col("country").list.len()))
        .explode("country", empty_as_null=False, keep_nulls=False)
        .group_by("row", "country")
        .agg(pl.col("share").sum())
        .sort("row", "country")
        .group_by("row", maintain_order=True)
        .agg(countries="country", shares="share")
    )
    number = pl.field("id").str.extract(r"(\d+)$").cast(pl.Int64)
    labels = pl.coalesce("topics", "concepts").list.eval(pl.element().struct.with_fields(id=number))
    return (
        works.select(
            "row",
            id=pl.col("id").str.strip_prefix(WORKS),
            year=pl.col("publication_year").cast(pl.Int16),
            date=pl.col("publication_date").str.to_date("%Y-%m-%d", strict=False),
            n_authors=pl.col("authors").list.len(),
            topics=labels,
            type="type",
            language="language",
            is_retracted="is_retracted",
            is_paratext="is_paratext",
            is_xpac="is_xpac",
            cited_by=pl.col("cited_by_count").cast(pl.Int32),
            updated=pl.col("updated_date").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        )
        .join(credits_, on="row", how="left")
        .drop("row")
        .collect(engine="streaming")
    )


_COLUMNS = """{
    id: 'VARCHAR', publication_year: 'SMALLINT', publication_date: 'DATE', type: 'VARCHAR',
    language: 'VARCHAR',
    is_retracted: 'BOOLEAN', is_paratext: 'BOOLEAN', is_xpac: 'BOOLEAN', cited_by_count: 'INTEGER',
    updated_date: 'VARCHAR', topics: 'STRUCT(id VARCHAR, score DOUBLE)[]',
    concepts: 'STRUCT(id VARCHAR, score DOUBLE)[]',
    authorships: 'STRUCT(countries VARCHAR[], institutions STRUCT(country_code VARCHAR)[])[]'
}"""
_QUERY = f"""
    with raw as (
        select *, list_transform(authorships, lambda a:
            coalesce(a.countries, list_transform(a.institutions, lambda i: i.country_code))) as authors
        from read_json($paths, columns = {_COLUMNS}, format = 'newline_delimited', hive_partitioning = false)
    ),
    named as (select *, list_sort(list_distinct(flatten(authors))) as countries from raw)
    select replace(id, '{WORKS}', '') as id, publication_year as year, publication_date as date, countries,
        list_transform(countries, lambda c: list_sum(list_transform(authors, lambda own:
            len(list_filter(own, lambda one: one = c)) / greatest(len(own), 1))) / len(authors)) as shares,
        len(authors) as n_authors,
        list_transform(coalesce(topics, concepts), lambda t:
            {{'id': regexp_extract(t.id, '[0-9]+$')::bigint, 'score': t.score}}) as topics,
        type, language, is_retracted, is_paratext, is_xpac, cited_by_count as cited_by,
        left(updated_date, 10)::date as updated
    from named
"""


def works_with_duckdb(paths: Sequence[Path], threads: int) -> pl.DataFrame:
    """Read with the schema given; shares by functions of lists, which beat unnesting and grouping."""
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as connection:
        return connection.sql(_QUERY, params={"paths": [str(path) for path in paths]}).pl()


def trade_with_polars(paths: Sequence[Path]) -> pl.DataFrame:
    """Scan the columns of BACI files with their types; values become whole thousandths of a dollar."""
    schema = {"t": pl.Int16, "i": pl.Int16, "j": pl.Int16, "k": pl.String, "v": pl.Float64, "q": pl.Float64}
    return (
        pl.scan_csv(list(paths), schema=schema, null_values=["NA", "  NA", ""])
        .select(
            year="t",
            exporter="i",
            importer="j",
            hs6=pl.col("k").str.zfill(6),
            value=(pl.col("v") * 1e6).round().cast(pl.Int64),
            quantity_t="q",
        )
        .collect(engine="streaming")
    )


def patents_with_polars(paths: Sequence[Path], columns: dict[str, list[str]]) -> list[pl.DataFrame]:
    """Scan the columns of PatentsView's tables that are read; nothing is joined."""
    return pl.collect_all(
        [
            pl.scan_csv(path, separator="\t", infer_schema=False).select(columns[path.name.split(".")[0]])
            for path in paths
        ],
        engine="streaming",
    )
