"""An Airflow DAG (3 or later) that updates a trendcore workspace every Monday by the command line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import dag, task

WORKSPACE = "/var/lib/trendcore/ws"
#: lock and storage: a later attempt may do better; after a refusal (3, 4) it gives the same answer
TRY_AGAIN = {5, 6}


@dag(
    schedule="0 3 * * 1",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["trendcore"],
)
def trendcore_weekly() -> None:
    """Publish a release of what is new in the workspace's inputs."""

    @task(
        retries=3,
        retry_delay=timedelta(minutes=5),
        retry_exponential_backoff=True,
        execution_timeout=timedelta(hours=12),
    )
    def update() -> dict[str, Any]:
        """Run the update; its record goes to those downstream."""
        with tempfile.TemporaryDirectory() as folder:
            summary = Path(folder) / "run.json"
            command = ["trendcore", "update", "-w", WORKSPACE, "--summary", str(summary)]
            code = subprocess.run([*command, "--log-format", "json"], check=False).returncode
            record: dict[str, Any] = json.loads(summary.read_text()) if summary.exists() else {}
        if code != 0:
            kind = AirflowException if code in TRY_AGAIN else AirflowFailException
            raise kind(f"trendcore: exit code {code}: {record.get('error')}")
        return {name: record[name] for name in ("outcome", "release", "rows", "warnings")}

    update()


trendcore_weekly()
