"""What is said of a run: its record, metrics that Prometheus' own parser reads, events as lines."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from support.scheduling import record

from trendcore.errors import StorageError, UsageError
from trendcore.runs import files, logs, metrics
from trendcore.runs import record as records
from trendcore.runs.record import OUTCOMES, RunRecord


def parsed(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples, as Prometheus' parser reads them; every one has a help text and a type."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type in {"gauge", "counter"}
        for sample in family.samples:
            found[sample.name, tuple(sample.labels.items())] = sample.value
    return found


def one(found: dict[Any, float], name: str, **labels: str) -> float | None:
    return found.get((name, (("workspace", "ws"), *labels.items())))


GOOD = record(
    ended=datetime(2026, 3, 2, 3, 0, 1, 500_000, tzinfo=UTC), seconds=1.25, release=7, rows={"pairs": 12},
    warnings=["a", "b"], read={"read": 100, "quarantined": 3},
)  # fmt: skip


def test_metrics_of_a_good_run_are_read_as_they_were_meant(tmp_path: Path) -> None:
    metrics.write(tmp_path / "t.prom", GOOD)
    text = (tmp_path / "t.prom").read_text()
    found = parsed(text)
    assert one(found, "trendcore_run_timestamp_seconds") == 1772420401.5
    assert one(found, "trendcore_last_success_timestamp_seconds") == 1772420401.5
    assert one(found, "trendcore_run_duration_seconds") == 1.25
    assert one(found, "trendcore_run_exit_code") == 0
    assert one(found, "trendcore_release") == 7
    assert one(found, "trendcore_table_rows", table="pairs") == 12
    assert one(found, "trendcore_run_warnings") == 2
    assert one(found, "trendcore_run_input_rows") == 100
    assert one(found, "trendcore_run_quarantined_rows") == 3
    # changing every file's samples, each once: nothing is written twice
    assert len(found) == sum(not line.startswith("#") for line in text.splitlines())
    assert found == metrics.samples(GOOD, {})
    assert found == metrics.read(tmp_path / "t.prom")


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 7, 130, 143])
def test_exactly_one_outcome_is_1(code: int) -> None:
    found = parsed(metrics.render(metrics.samples(record(code), {})))
    values = {name: one(found, "trendcore_run_outcome", outcome=name) for name in OUTCOMES}
    assert sorted(values.values()) == [0] * (len(OUTCOMES) - 1) + [1]
    assert values[record(code).outcome] == 1
    assert one(found, "trendcore_run_exit_code") == code


def test_a_failing_run_keeps_the_last_success_and_counts(tmp_path: Path) -> None:
    path = tmp_path / "t.prom"
    metrics.write(path, GOOD)
    for _ in range(2):
        metrics.write(path, record(3, datetime(2026, 3, 9, 3, tzinfo=UTC)))
    found = parsed(path.read_text())
    assert one(found, "trendcore_last_success_timestamp_seconds") == 1772420401.5
    assert one(found, "trendcore_run_timestamp_seconds") == datetime(2026, 3, 9, 3, tzinfo=UTC).timestamp()
    assert one(found, "trendcore_runs_total", outcome="refused") == 2
    assert one(found, "trendcore_runs_total", outcome="nothing_to_do") == 1
    assert one(found, "trendcore_release") is None  # nothing is known of the workspace


def test_without_a_success_there_is_no_time_of_one() -> None:
    found = parsed(metrics.render(metrics.samples(record(3), {})))
    assert one(found, "trendcore_last_success_timestamp_seconds") is None


@pytest.mark.parametrize("text", ["", "nonsense", 'trendcore_release{workspace="ws"} x\n', "\x00", "{}"])
def test_a_damaged_earlier_file_says_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.prom"
    path.write_text(text)
    metrics.write(path, GOOD)
    assert parsed(path.read_text()) == metrics.samples(GOOD, {})


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.floats(0, 1e12))
def test_any_name_and_value_goes_round(name: str, value: float) -> None:
    known = metrics.samples(record(workspace=name, seconds=value, rows={name: 3}), {})
    text = metrics.render(known)
    assert dict(metrics._read(text)) == known
    # the parser itself takes these for ends of lines or trims them
    if not set(name) & set("\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"):
        assert parsed(text) == known


def test_the_collector_reads_files_of_one_ending(tmp_path: Path) -> None:
    metrics.check_path(tmp_path / "trendcore.prom")
    for path in (tmp_path / "t.txt", tmp_path / "no" / "t.prom"):
        with pytest.raises(UsageError, match="--metrics"):
            metrics.check_path(path)
    (tmp_path / "d.prom").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        metrics.check_path(tmp_path / "d.prom")


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    files.write_whole(path, "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"run\.json: No space left on device"):
        files.write_whole(path, "new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("run.json", "old")]


def test_a_record_goes_round_as_json() -> None:
    text = GOOD.as_json()
    assert msgspec.json.decode(text, type=RunRecord) == GOOD
    known = json.loads(text)
    assert (known["schema_version"], known["outcome"], known["release"]) == (1, "nothing_to_do", 7)
    assert GOOD.as_json(indent=0).count("\n") == 1
    assert json.loads(GOOD.as_json(indent=0)) == known


def test_the_last_run_is_noted_in_a_workspace_only(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 3, tzinfo=UTC)
    here = str(tmp_path)
    records.save_last(record(0, at, workspace=here))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "workspace.json").write_text("{}")
    for code in (130, 143, 5):  # not ended; or noted by the process that holds it
        records.save_last(record(code, at, workspace=here))
    assert records.last_finished(here) is None
    records.save_last(record(3, at, workspace=here))
    assert records.last_finished(here) == at
    (tmp_path / records.LAST_RUN).write_text("{")
    assert records.last_finished(here) is None


def lines(form: str, monkeypatch: pytest.MonkeyPatch, **how: Any) -> list[str]:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    logs.to_stderr(form, **how)
    try:
        logs.event("step_finished", "papers took 0.1 s", step="papers", seconds=0.1)
        logs.event(
            "run_finished", "cannot reach s3://me:hidden@b\n\x1b[2J",
            level=logging.ERROR, error="password=hunter2",
            names=["s3://me:hidden@b"], more={"a": "token=abcd"},
        )  # fmt: skip
    finally:
        logs.forget()
    return out.getvalue().splitlines()


def test_events_as_json_are_an_object_a_line_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    text = lines("json", monkeypatch)
    first, second = map(json.loads, text)
    assert {key: first[key] for key in ("level", "event", "step", "seconds")} == {
        "level": "info",
        "event": "step_finished",
        "step": "papers",
        "seconds": 0.1,
    }
    moment = datetime.fromisoformat(first["time"])
    assert first["time"].endswith("Z")
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert (second["level"], second["error"], second["names"]) == ("error", "password=***", ["s3://***@b"])
    assert "hidden" not in text[1]
    assert "abcd" not in text[1]
    assert "\x1b" not in text[1]


def test_events_as_text_are_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines("text", monkeypatch) == [
        "papers took 0.1 s",
        "error: cannot reach s3://***@b \N{REPLACEMENT CHARACTER}[2J",
    ]
    (line,) = lines("text", monkeypatch, times=True, without=("run_finished",))
    assert line[10] == "T"
    assert line[19:] == "Z papers took 0.1 s"
