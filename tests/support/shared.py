"""Where the real data with known answers lie, beside a checkout; absent on most machines."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_data(*parts: str) -> Path:
    """Path of a real data set beside the checkout; skips the test where it is not there."""
    path = ROOT.parent.joinpath("shared", "data", *parts)
    if not path.exists():
        pytest.skip(f"real data not here: ../shared/data/{'/'.join(parts)}")
    return path
