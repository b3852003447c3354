"""A GPU that is asked for and not there: exit 7, one line, the extra to install; and what doctor says."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from support.workspaces import of_sample
from typer.testing import CliRunner

import trendcore as tc
from trendcore.cli.app import app
from trendcore.errors import BackendError
from trendcore_kernels import dispatch

EXTRA = 'pip install "trendcore[gpu]"'


@pytest.fixture(autouse=True)
def no_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "find_spec", lambda _: None)


def test_update_on_a_gpu(tmp_path: Path) -> None:
    of_sample(tmp_path / "ws", ["baci"])
    out = CliRunner().invoke(app, ["update", "-w", str(tmp_path / "ws"), "--backend", "gpu"])
    assert (out.exit_code, out.stdout) == (7, "")
    assert len(out.stderr.splitlines()) == 1
    assert EXTRA in out.stderr


def test_tally_on_a_gpu() -> None:
    works = pl.DataFrame({"countries": [["JP", "US"]]})
    with pytest.raises(BackendError) as caught:
        tc.tally(works, members="countries", by=[], backend="gpu")
    assert caught.value.exit_code == 7
    assert EXTRA in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_doctor_says_what_the_backends_run_on() -> None:
    record = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert EXTRA in record["backends"]["gpu"]
    assert record["versions"]["cpu"] == dispatch.versions("cpu")
    out = CliRunner().invoke(app, ["doctor"]).stdout
    assert f"backend cpu: can be used [numba {dispatch.versions('cpu')['numba']}]" in out
    assert f"{EXTRA}\n" in out
