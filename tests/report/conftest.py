"""Releases that reports are made of: the shipped sample, and one whose names are attacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.openalex import lines
from support.pages import ATTACKS
from support.workspaces import of_sample, qis

import trendcore as tc
from trendcore import taxonomy


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    workspace = of_sample(tmp_path_factory.mktemp("report") / "ws")
    workspace.update()
    return workspace


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    """A release whose fields, blocs and files have names that would run, were they not escaped."""
    folder = tmp_path_factory.mktemp("hostile")
    data = Path(taxonomy.__file__).parent / "data"
    fields = (data / "fields.toml").read_text()
    title = 'title = "Quantum information science"'
    assert title in fields
    (folder / "fields.toml").write_text(fields.replace(title, f"title = '''{' '.join(ATTACKS)}'''"))
    blocs = (data / "blocs.toml").read_text()
    label = 'label = "Quad (US, JP, IN, AU)"'
    assert label in blocs
    (folder / "blocs.toml").write_text(blocs.replace(label, f"label = '''{' '.join(ATTACKS)}'''"))
    workspace = tc.Workspace(
        folder / "ws", taxonomy=folder / "fields.toml", bloc_file=folder / "blocs.toml", blocs=["quad"]
    )
    number, paths = 0, [folder / f"{attack}.jsonl" for attack in ATTACKS]
    for path in paths:
        records = []
        for year in range(2016, 2025):
            for pair in (("JP", "US"), ("AU", "US"), ("JP", "IN"), *[("DE", "JP")] * 4):
                number += 1
                day = f"{year}-03-01"
                records.append(qis(number, *pair, publication_year=year, publication_date=day))
        path.write_bytes(lines(*records) + b"{not json\n")
    workspace.ingest("openalex", *paths)
    workspace.update()
    return workspace
