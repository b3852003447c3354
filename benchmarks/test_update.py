"""Updates of a workspace of simulated works: everything, and after 1 of 100 inputs has changed.

What is timed is `Workspace.update`, from the scan to the published release, with the intervals of every index
as they are by default. After the last one its bytes are compared with those of a rebuild from nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import update_store

import trendcore as tc
from trendcore.store import Store

INPUTS = 100
#: inputs that change in turn: old years, and the newest, which are the largest
CHANGED = {"years": (10, 30, 50, 70, 90, 99), "mixed": (50,)}


@pytest.fixture(scope="module", params=["years", "mixed"])
def workspace(
    request: pytest.FixtureRequest, n_works: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    root = tmp_path_factory.mktemp(request.param) / "ws"
    update_store.make(str(root), n_works, request.param, INPUTS)
    (root / "trendcore.toml").write_text("[gates.change]\non = false\n[gates.countries]\non = false\n")
    yield request.param, root
    shutil.rmtree(root.parent)


def contents(root: Path) -> dict[str, str]:
    return {name: table.content_sha256 for name, table in Store.open(root).manifest().tables.items()}


def update(root: Path, **settings: Any) -> tc.workspace.UpdateResult:
    return tc.Workspace(root, **settings).update()


def test_full(benchmark: Any, workspace: tuple[str, Path], n_works: int) -> None:
    """The first update makes everything."""
    layout, root = workspace
    result = benchmark.pedantic(update, (root,), rounds=1)
    assert result.anew == "everything"
    benchmark.extra_info.update(works=n_works, layout=layout, seconds=dict(result.timings))


def test_after_one_input_changed(benchmark: Any, workspace: tuple[str, Path], n_works: int) -> None:
    """One of the inputs in a hundred is replaced, another one each time."""
    layout, root = workspace
    store, years, said = Store.open(root), [], []
    turns = iter(CHANGED[layout])

    def change() -> None:
        years.append(len(update_store.revise(store, next(turns), 1)))

    def timed() -> None:
        said.append(update(root))

    benchmark.pedantic(timed, setup=change, rounds=len(CHANGED[layout]))
    assert all(each.changed and each.anew.startswith("openalex (") for each in said)
    benchmark.extra_info.update(
        works=n_works, layout=layout, years=years, seconds=[dict(each.timings) for each in said],
        each=[round(float(value), 3) for value in benchmark.stats.stats.data],
    )  # fmt: skip


def test_nothing_changed(benchmark: Any, workspace: tuple[str, Path]) -> None:
    _, root = workspace
    result = benchmark.pedantic(update, (root,), rounds=3)
    assert not result.changed


def test_rebuild(benchmark: Any, workspace: tuple[str, Path], tmp_path: Path) -> None:
    """From nothing, of what is ingested now: the same bytes, in the time of a full update."""
    layout, root = workspace
    if layout == "mixed":
        pytest.skip("the update before has made every cell anew: nothing was kept that could differ")
    other = tmp_path / "ws"
    other.mkdir()
    for name in ("workspace.json", "ledger.json", "trendcore.toml", "tables"):
        place = root / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, other / name)
    benchmark.pedantic(update, (other,), rounds=1)
    assert contents(other) == contents(root)
