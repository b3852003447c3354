"""A Dagster asset that is the current release of a trendcore workspace, made by the command line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

WORKSPACE = "/var/lib/trendcore/ws"
#: lock and storage: a later attempt may do better; after a refusal (3, 4) it gives the same answer
TRY_AGAIN = {5, 6}


@dg.asset(
    group_name="trendcore",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=300, backoff=dg.Backoff.EXPONENTIAL),
)
def trendcore_release() -> dg.MaterializeResult:
    """Publish a release of what is new in the workspace's inputs."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "run.json"
        command = ["trendcore", "update", "-w", WORKSPACE, "--summary", str(summary)]
        code = subprocess.run([*command, "--log-format", "json"], check=False).returncode
        record: dict[str, Any] = json.loads(summary.read_text()) if summary.exists() else {}
    if code != 0:
        raise dg.Failure(
            description=f"trendcore: exit code {code}: {record.get('error')}",
            metadata={"outcome": record.get("outcome", "failed")},
            allow_retries=code in TRY_AGAIN,
        )
    return dg.MaterializeResult(
        metadata={name: record[name] for name in ("outcome", "release", "rows", "warnings", "seconds")}
    )


weekly = dg.ScheduleDefinition(
    name="trendcore_weekly",
    job=dg.define_asset_job("trendcore_update", selection=[trendcore_release]),
    cron_schedule="0 3 * * 1",
    execution_timezone="UTC",
)

defs = dg.Definitions(assets=[trendcore_release], schedules=[weekly])
