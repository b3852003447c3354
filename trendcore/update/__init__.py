"""The batch: raw files -> canonical rows -> tallies -> indices -> a release."""

from __future__ import annotations

from trendcore.update.inputs import IngestResult, Progress, ingest, withdraw
from trendcore.update.run import UpdateResult, update

__all__ = ["IngestResult", "Progress", "UpdateResult", "ingest", "update", "withdraw"]
