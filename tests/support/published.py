"""A workspace that publishes a small invented release, for tests of what reads one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

KEYS = {"source": pl.String, "role": pl.String, "field": pl.String, "year": pl.Int16}
LONG = KEYS | {
    "product": pl.String, "a": pl.String, "b": pl.String, "index": pl.String, "value": pl.Float64,
    "value_flag": pl.String, "lo": pl.Float64, "hi": pl.Float64, "interval": pl.String,
    "interval_flag": pl.String, "counting": pl.String, "marginals": pl.String, "universe": pl.String,
    "neutral": pl.Float64, "policy": pl.String,
}  # fmt: skip
COVERAGE = KEYS | {
    "works": pl.Int64,
    "works_known": pl.Int64,
    "value": pl.Int64,
    "field_unknown": pl.Int64,
    "year_complete": pl.Boolean,
    "proxy": pl.Boolean,
}


def _row(
    cell: tuple[Any, ...], a: str, b: str | None, index: str, value: float | None, marginals: str
) -> dict[str, Any]:
    base = dict(zip(KEYS, cell, strict=True))
    surety = {"lo": None, "hi": None, "interval": None, "interval_flag": None}
    if cell[0] != "baci" and value is not None:
        surety |= {"lo": value / 2, "hi": value * 2, "interval": "delta"}
        surety["interval_flag"] = "small_count" if a == "AU" else None
    rest = surety | {
        "value_flag": None,
        "counting": "full",
        "universe": "all",
        "neutral": None,
        "policy": "x",
    }
    return (
        base
        | {"product": None, "a": a, "b": b, "index": index, "value": value, "marginals": marginals}
        | rest
    )


def _rows() -> list[dict[str, Any]]:
    rows = []
    for year in (2018, 2022, 2023, 2024):
        for role, source in (("author", "openalex"), ("inventor", "patentsview")):
            cell = (source, role, "ai", year)
            for at, (a, b) in enumerate((("CN", "US"), ("JP", "US"), ("DE", "US"), ("AU", "JP"))):
                joint = (40 - 9 * at) * (year - 2016) // 7 if a != "AU" else 2
                rows.append(_row(cell, a, b, "joint", float(joint), "none"))
                rows.append(_row(cell, a, b, "salton", joint / 200, "docs_int"))
                rows.append(_row(cell, a, b, "ncses", 1.5 - at / 10, "docs_int"))
                rows.append(_row(cell, a, b, "share", joint / 100, "docs_int"))
                rows.append(_row(cell, b, a, "share", joint / 400, "docs_int"))
        cell = ("patentsview", "inventor-applicant", "ai", year)
        rows.append(_row(cell, "JP", "US", "joint", 7.0, "none"))
        rows.append(_row(cell, "US", "JP", "joint", 2.0, "none"))
        cell = ("baci", "reconciled", "semiconductors", year)
        for a, b, value in (("JP", "US", 3.1e9), ("US", "JP", 2.2e9), ("TW", "US", 9.0e9)):
            rows.append(_row(cell, a, b, "value", value, "none"))
            rows.append(_row(cell, b, a, "import_share", value / 2e10, "none"))
            rows.append(_row(cell, a, b, "trade_intensity", 1.25, "none"))
    return rows


def _coverage() -> list[dict[str, Any]]:
    cells = {tuple(row[key] for key in KEYS) for row in _rows()}
    return [
        dict(zip(KEYS, cell, strict=True))
        | dict.fromkeys(("works", "works_known", "value"))
        | ({"value": 1} if cell[0] == "baci" else {"works": 1000, "works_known": 900})
        | {"field_unknown": 20, "year_complete": cell[3] < 2024, "proxy": False}
        for cell in sorted(cells)
    ]


def _trends() -> pl.DataFrame:
    """Trends of the pairs of `_rows`: rising to US, falling for AU-JP, none for the others."""
    last = [row for row in _rows() if row["year"] == 2023 and row["index"] not in {"share", "import_share"}]
    known = {"US": ("rising", 0.004, 0.01), "JP": ("falling", 0.0004, -0.02)}
    said = [known.get(row["b"], ("none", 0.4, 0.0)) for row in last]
    key = ("source", "role", "field", "a", "b", "index", "counting", "marginals")
    found = pl.DataFrame([{name: row[name] for name in key} for row in last])
    return found.with_columns(
        direction=pl.Series([each[0] for each in said]),
        p=pl.Series([each[1] for each in said]),
        slope=pl.Series([each[2] for each in said]),
        first=pl.lit(2018, pl.Int64),
        last=pl.lit(2023, pl.Int64),
    )


@dataclass(frozen=True)
class Counts:
    file: str
    read: int
    accepted: int
    quarantined: int
    set_aside: dict[str, int]


@dataclass(frozen=True)
class IngestResult:
    units: tuple[str, ...]
    counts: tuple[Counts, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class UpdateResult:
    release: int
    changed: bool
    counts: dict[str, int]
    timings: dict[str, float]
    gates: list[dict[str, Any]]
    warnings: tuple[str, ...] = ()
    read: IngestResult = IngestResult((), (), ())


class PublishedWorkspace:
    """Stands for `trendcore.Workspace` where only reading is tested."""

    def __init__(self, path: str = "ws") -> None:
        self.path = path
        self.asked: list[int | None] = []

    def indices(
        self, pair: str | None = None, release: int | None = None, **equal: str | None
    ) -> pl.LazyFrame:
        self.asked.append(release)
        frame = pl.DataFrame(_rows(), schema=LONG).lazy()
        if pair is not None:
            a, b = pair.split("-")
            frame = frame.filter(pl.col("a").is_in([a, b]), pl.col("b").is_in([a, b]))
        for column, value in equal.items():
            if value is not None:
                frame = frame.filter(pl.col(column) == value)
        return frame

    def table(self, name: str, release: int | None = None) -> pl.LazyFrame:
        self.asked.append(release)
        if name == "trends":
            return _trends().lazy()
        if name == "coverage":
            return pl.DataFrame(_coverage(), schema=COVERAGE).lazy()
        if name == "members":
            cells = {tuple(row[key] for key in KEYS) for row in _rows()}
            names = [(*cell, name, 90) for cell in sorted(cells) for name in ("AU", "CN", "DE", "JP", "US")]
            schema = KEYS | {"member": pl.String, "works_intl": pl.Int64}
            return pl.DataFrame(names, schema=schema, orient="row").lazy()
        if name == "trade_flows":
            flows = [row for row in _rows() if row["index"] == "value"]
            return pl.DataFrame(flows, schema=LONG).lazy().rename({"a": "exporter", "b": "importer"})
        return pl.DataFrame(
            {"a": ["=1+1", "JP"], "b": ["US", "US"], "n": [1, 2], "members": [["JP", "US"], []]}
        ).lazy()

    def tables(self, release: int | None = None) -> list[str]:
        self.asked.append(release)
        return ["coverage", "members", "trade_flows", "trends"]

    def releases(self) -> pl.DataFrame:
        return pl.DataFrame({"release": [1, 2], "created": ["2024-07-08T00:00:00Z", "2024-07-09T00:00:00Z"]})

    def report(self, **asked: str | None) -> str:
        done.append(("report", *(each for each in asked.values() if each is not None)))
        return "<!DOCTYPE html>"

    def ingest(
        self, feed: str, *paths: str, keep: str = "fields", progress: Callable[..., None] | None = None
    ) -> IngestResult:
        if progress is not None:
            progress(1024, 4096, "10 rows, a.gz")
        done.append((feed, *paths, keep))
        counts = (
            Counts("part_000.gz", 10, 6, 1, {"out_of_field": 2, "merged": 1}),
            Counts("part_001.gz", 5, 5, 0, {}),
        )
        return IngestResult(paths, counts, ("part_000.gz: unknown country QQ",))

    def withdraw(self, path: str) -> tuple[str, ...]:
        done.append(("withdraw", path))
        return (path,)

    def update(
        self,
        bootstrap: int | None = None,
        seed: int | None = None,
        backend: str = "auto",
        accept_change: str | None = None,
        after_rollback: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> UpdateResult:
        if progress is not None:
            progress(1, 7, "papers")
        drawn = [str(each) for each in (bootstrap, seed, accept_change) if each is not None]
        drawn += ["after rollback"] * after_rollback
        done.append(("update", backend, *drawn))
        return UpdateResult(3, backend != "reference", {"openalex": 11}, {"tally": 0.5, "publish": 0.25}, [])


#: what the batch commands asked for, newest last
done: list[tuple[str, ...]] = []
