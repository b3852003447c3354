"""A place with inputs and one release of them, and ways in which inputs go wrong."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.workspaces import contents
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app
from trendcore.store import Store

FEEDS = ("openalex", "patentsview", "baci", "comtrade")
REASON = "the provider has read affiliations anew"
#: what is not looked at here costs time
QUICK = 'blocs = []\nintervals = ["joint"]\n'

Work = dict[str, Any]


class Place:
    """Inputs in their real formats and a workspace with one release of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs = folder / "in"
        self.path = folder / "ws"
        self.workspace = tc.Workspace(self.path)

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(app, [*args, "-w", str(self.path)])

    def update(self, *args: str) -> Result:
        return self.run("update", *args)

    def failed(self) -> set[str]:
        """Update, which has to be refused and to leave everything as it was; the gates that refuse."""
        before = contents(self.workspace)
        out = self.update("--json")
        assert out.exit_code == 3, out.output
        assert out.stderr.count("\n") == 1, out.stderr
        assert "nothing was published" in out.stderr
        self.is_as_before(before)
        record = json.loads(out.stdout)
        assert record["published"] is False
        assert all(gate["failed"] and gate["cases"] and not gate["ok"] for gate in record["gates"])
        return {gate["gate"] for gate in record["gates"]}

    def is_as_before(self, before: dict[str, str]) -> None:
        assert self.workspace.releases()["release"].to_list() == [1]
        assert contents(self.workspace) == before
        assert self.workspace.verify(release=1) == []

    def accept(self) -> list[str]:
        """Update with a reason: published, and the manifest says so; gates that were accepted."""
        out = self.update("--accept-change", REASON, "--json")
        assert out.exit_code == 0, out.output
        manifest = Store.open(self.path).manifest()
        assert (manifest.number, manifest.previous) == (2, 1)
        assert manifest.accepted_change == REASON
        accepted = [gate["gate"] for gate in manifest.gates if gate["accepted"]]
        assert accepted == [gate["gate"] for gate in manifest.gates if not gate["ok"]]
        assert self.workspace.verify() == []
        # what was accepted once is the last release now
        assert self.update().exit_code == 0
        return accepted


def change_works(place: Place, change: Callable[[Work], Work | None]) -> None:
    """Change every work of OpenAlex; None drops it."""
    for path in sorted((place.inputs / "openalex").glob("updated_date=*/*.gz")):
        kept = []
        for line in gzip.decompress(path.read_bytes()).splitlines():
            try:
                work = change(json.loads(line))
            except json.JSONDecodeError:  # the sample has a broken line
                kept.append(line)
                continue
            if work is not None:
                kept.append(json.dumps(work).encode())
        path.write_bytes(gzip.compress(b"\n".join(kept) + b"\n"))


def change_lines(
    paths: list[Path], change: Callable[[list[str]], list[str]], encoding: str = "utf-8"
) -> None:
    for path in paths:
        path.write_text("".join(change(path.read_text(encoding).splitlines(keepends=True))), encoding)


def baci(place: Place, *years: int) -> list[Path]:
    every = sorted((place.inputs / "baci").glob("BACI_*.csv"))
    return [path for path in every if not years or any(f"_Y{year}_" in path.name for year in years)]


def change_zip(path: Path, change: Callable[[str], str]) -> None:
    """Change the one text in a zip."""
    with zipfile.ZipFile(path) as packed:
        (name,) = packed.namelist()
        text = packed.read(name).decode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, change(text))
    path.write_bytes(out.getvalue())


def scaled(factor: float) -> Callable[[list[str]], list[str]]:
    def times(lines: list[str]) -> list[str]:
        out = lines[:1]
        for line in lines[1:]:
            cells = line.split(",")
            cells[4] = f"{float(cells[4]) * factor:.3f}"
            out.append(",".join(cells))
        return out

    return times


def without_country(work: Work, country: str | None) -> Work:
    """A work without an affiliation in a country; None: in any."""
    for each in work.get("authorships") or []:
        gone = [code for code in each.get("countries") or [] if country in (None, code)]
        each["countries"] = [code for code in each.get("countries") or [] if code not in gone]
        each["institutions"] = [
            unit
            for unit in each.get("institutions") or []
            if country is not None and unit.get("country_code") != country
        ]
    return work
