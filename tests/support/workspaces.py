"""Workspaces for tests: the shipped sample, and small ones made of a few works."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
from support.openalex import lines, work
from support.shared import ROOT

import trendcore as tc

SAMPLE = ROOT / "datasets" / "sample"


def of_sample(
    folder: Path, feeds: Iterable[str] = ("openalex", "patentsview", "baci", "comtrade")
) -> tc.Workspace:
    """A workspace with the shipped sample, not updated yet."""
    workspace = tc.Workspace(folder)
    for feed in feeds:
        workspace.ingest(feed, SAMPLE / feed)
    return workspace


def write_works(path: Path, *records: dict[str, Any]) -> Path:
    """OpenAlex works as JSON lines, packed where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines(*records)) if path.suffix == ".gz" else lines(*records))
    return path


def qis(number: int, *countries: str, **changes: Any) -> dict[str, Any]:
    """A work on quantum information by one author a country."""
    from support.openalex import author

    return work(number, authorships=[author(country) for country in countries], **changes)


def contents(workspace: tc.Workspace, release: int | None = None) -> dict[str, str]:
    """Hash of each published table."""
    from trendcore.store import Store

    manifest = Store.open(workspace.path).manifest(release)
    return {name: record.content_sha256 for name, record in manifest.tables.items()}


def joint(workspace: tc.Workspace, release: int | None = None) -> dict[tuple[Any, ...], int]:
    """Joint works by source, role, field, year and pair."""
    pairs = workspace.table("pairs", release=release).collect()
    return {
        row[:-1]: row[-1]
        for row in pairs.select("source", "role", "field", "year", "a", "b", "joint").iter_rows()
    }


def copy_of(folder: Path, to: Path) -> Path:
    """A copy of a folder that a test may change."""
    return Path(shutil.copytree(folder, to))


def rows(frame: pl.LazyFrame | pl.DataFrame) -> list[dict[str, Any]]:
    return frame.lazy().collect().to_dicts()
