"""What a disturbed `ingest` or `update` must leave: the old release or the new one, and a run that heals."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from support.workspaces import qis, write_works

import trendcore as tc
from trendcore.simulate import write_sample
from trendcore.store import Store

Frames = Mapping[str, pl.DataFrame]

SETTINGS = 'intervals = ["salton"]\nblocs = ["quad"]\n'
#: files that are there for a moment only
_PASSING: Final = ("*.unfinished", "*.tmp")
#: in names of files, beside hashes, which are longer
_RANDOM: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])")


class LostError(AssertionError):
    """Something that was acknowledged is no longer there."""


@dataclass(frozen=True)
class Prepared:
    """A workspace with one release, of which the inputs have changed since, and what comes of it.

    Attributes
    ----------
    workspace
        Never worked on itself: see `copy`.
    more
        What the disturbed run ingests before it updates; None: it only updates.
    old, new
        Every table of the release that is there, and of the one that follows.
    rows
        The stored papers when all has ended well.
    ledgers
        Ids of the contents that may count: before, after `ingest`, after `update`.
    """

    workspace: Path
    more: Path | None
    old: Frames
    new: Frames
    rows: pl.DataFrame
    ledgers: tuple[list[str], ...]

    def __repr__(self) -> str:
        return "update" if self.more is None else "ingest and update"

    def copy(self, folder: Path) -> Path:
        """Return a fresh copy of the workspace, in the place of an earlier one."""
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.workspace, folder))

    def commands(self, root: Path) -> list[list[str]]:
        """Return the command lines of the run that is disturbed."""
        first = [] if self.more is None else [["ingest", "openalex", str(self.more), "-w", str(root)]]
        return [*first, ["update", "-w", str(root)]]

    def run(self, root: Path) -> tc.UpdateResult:
        """Do what the command lines do."""
        workspace = tc.Workspace(root)
        if self.more is not None:
            workspace.ingest("openalex", self.more)
        return workspace.update()


def prepare(folder: Path) -> tuple[Prepared, Prepared]:
    """Make a workspace whose inputs changed; return it for `update`, and for `ingest` with `update`.

    A file was replaced, one added, one withdrawn, and works came in later versions.
    """
    inputs = folder / "in"
    write_sample(inputs, scale=0.002, feeds=["openalex", "comtrade"])
    write_works(inputs / "works" / "a.jsonl", *[qis(i, "JP", "US") for i in range(1, 21)])
    write_works(inputs / "works" / "b.jsonl", *[qis(i, "JP", "KR") for i in range(21, 31)])
    write_works(inputs / "works" / "c.jsonl", *[qis(i, "KR", "US") for i in range(31, 36)])
    root = folder / "workspace"
    root.mkdir()
    (root / "trendcore.toml").write_text(SETTINGS)
    workspace = tc.Workspace(root)
    workspace.ingest("openalex", inputs / "openalex", inputs / "works")
    workspace.ingest("comtrade", inputs / "comtrade")
    assert workspace.update().release == 1
    later = {"updated_date": "2024-06-01T00:00:00"}
    write_works(
        inputs / "works" / "a.jsonl",
        qis(1, "JP", "KR", **later),
        *[qis(i, "JP", "US") for i in range(2, 19)],
    )
    write_works(inputs / "works" / "d.jsonl", *[qis(i, "JP", "KR", "US", **later) for i in (21, 36, 37, 38)])
    workspace.withdraw(inputs / "works" / "c.jsonl")
    more = write_works(folder / "more" / "e.jsonl", *[qis(i, "CN", "JP", **later) for i in (22, 39, 40)])
    # as if nothing had been touched for an hour: then an update looks at sizes and times only
    for path in [*inputs.rglob("*"), more]:
        os.utime(path, ns=(path.stat().st_mtime_ns - 3_600_000_000_000,) * 2)
    return _known(root, None, folder / "reference"), _known(root, more.parent, folder / "reference")


def check(prepared: Prepared, root: Path, *, ingested: bool = False) -> str:
    """Say which release readers see, ``old`` or ``new``; it must be one of the two, whole.

    Parameters
    ----------
    prepared
        What is known of the workspace.
    root
        The workspace after a disturbance.
    ingested
        Whether `ingest` has said that it ended well.
    """
    workspace = tc.Workspace(root)
    numbers = workspace.releases()["release"].to_list()
    if numbers[:1] != [1]:
        raise LostError(f"release 1 is gone; there are {numbers}")
    assert numbers in ([1], [1, 2])
    for number in numbers:
        assert workspace.verify(release=number) == []
        _same(frames(workspace, number), prepared.old if number == 1 else prepared.new, f"release {number}")
    assert workspace.verify() == []
    ledger, before = Store.open(root).ledger(), Store.open(prepared.workspace).ledger()
    if not set(_paths(before.registrations)) <= set(_paths(ledger.registrations)):
        raise LostError("a registered path is forgotten")
    if ledger.withdrawn != before.withdrawn:
        raise LostError("a withdrawal is forgotten")
    counted = list(ledger.active())
    assert counted in prepared.ledgers
    if ingested and counted == prepared.ledgers[0]:
        raise LostError("what was ingested is forgotten")
    return "new" if numbers == [1, 2] else "old"


def heal(prepared: Prepared, root: Path) -> None:
    """Run once more, undisturbed: the new release, each row once, nothing left over, nothing more to do."""
    assert prepared.run(root).release == 2
    assert check(prepared, root) == "new"
    rest = [path for pattern in _PASSING for path in root.rglob(pattern)]
    assert rest == [], f"left over: {rest}"
    _same({"papers": papers(root)}, {"papers": prepared.rows}, "stored rows")
    again = tc.Workspace(root).update()
    assert (again.release, again.changed, again.read.units) == (2, False, ())


def heal_new(prepared: Prepared, root: Path, healed: set[str]) -> None:
    """Heal, unless a workspace that held the same files has been healed before."""
    state = state_of(root)
    if state not in healed:
        heal(prepared, root)
        healed.add(state)


def state_of(root: Path) -> str:
    """Return which files a workspace holds, and which contents its ledger names.

    Names of data files hold the hash of their bytes; what is random in names is left out. Sizes are left out
    of files that hold times, and of those that are not finished, which nobody reads.
    """
    ledger = Store.open(root).ledger()
    files = [path for path in root.rglob("*") if path.is_file()]
    passing = {path for path in files if any(path.match(one) for one in _PASSING)}
    sizes = {path: path.stat().st_size for path in files if path.suffix != ".json" and path not in passing}
    named = [f"{_RANDOM.sub('*', str(path.relative_to(root)))} {sizes.get(path, '')}" for path in files]
    return "\n".join([*sorted(named), *ledger.active(), "", *sorted(ledger.contents)])


def frames(workspace: tc.Workspace, release: int) -> Frames:
    """Read every table of a release."""
    names = workspace.tables(release=release)
    lazy = [workspace.table(name, release=release) for name in names]
    return dict(zip(names, pl.collect_all(lazy), strict=True))


def papers(root: Path) -> pl.DataFrame:
    """Return all stored papers that count, in a fixed order."""
    found = tc.Workspace(root).papers().collect()
    return found.sort("id", "source_file")


def _known(root: Path, more: Path | None, folder: Path) -> Prepared:
    """Run what will be disturbed once undisturbed."""
    prepared = Prepared(root, more, {}, {}, pl.DataFrame(), ())
    at = prepared.copy(folder)
    workspace = tc.Workspace(at)
    old = frames(workspace, 1)
    ledgers = [list(Store.open(at).ledger().active())]
    if more is not None:
        workspace.ingest("openalex", more)
        ledgers.append(list(Store.open(at).ledger().active()))
    result = workspace.update()
    assert (result.release, result.changed, workspace.verify()) == (2, True, [])
    ledgers.append(list(Store.open(at).ledger().active()))
    new = frames(workspace, 2)
    assert any(not new[name].equals(old[name]) for name in old)
    return Prepared(root, more, old, new, papers(at), tuple(ledgers))


def _same(found: Frames, expected: Frames, what: str) -> None:
    assert found.keys() == expected.keys(), f"{what}: other tables"
    for name, frame in found.items():
        assert frame.schema == expected[name].schema, f"{what}: other columns of {name}"
        assert frame.equals(expected[name]), f"{what}: other rows of {name}"


def _paths(registrations: Sequence[object]) -> list[tuple[str, str]]:
    return [(entry.feed, entry.path) for entry in registrations]  # type: ignore[attr-defined]
