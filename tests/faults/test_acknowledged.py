"""What a whole run acknowledges is on disk: synced after its last change, each file and each folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support.disturbances import Prepared

import trendcore as tc

#: the lock holds nothing; the settings are the user's own file
NOT_OURS = {"lock", "trendcore.toml"}


def test_what_is_acknowledged_is_on_disk(
    ingesting: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first `ingest` on, through a second release, a withdrawal and a rollback."""
    synced: dict[int, int] = {}
    sync = os.fsync

    def noted(handle: int) -> None:
        sync(handle)
        state = os.fstat(handle)
        synced[state.st_ino] = state.st_mtime_ns

    monkeypatch.setattr(os, "fsync", noted)
    inputs = ingesting.workspace.parent / "in"
    works = Path(shutil.copytree(inputs / "works", tmp_path / "works"))
    assert ingesting.more is not None
    workspace = tc.Workspace(tmp_path / "above" / "ws", intervals=["salton"], blocs=["quad"])
    steps = (
        lambda: workspace.ingest("openalex", works),
        workspace.update,
        lambda: workspace.ingest("openalex", ingesting.more),
        workspace.update,
        lambda: workspace.withdraw(works / "b.jsonl"),
        lambda: workspace.rollback(1),
    )
    root = Path(workspace.path)
    for step in steps:
        step()
        for path in [root.parent, root, *root.rglob("*")]:
            if path.name not in NOT_OURS:
                assert synced.get(path.stat().st_ino) == path.stat().st_mtime_ns, path
    assert workspace.releases().height == 3
