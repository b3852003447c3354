"""Backends of the kernels; one whose device is missing is reported as skipped, not left out."""

from __future__ import annotations

import pytest
from support.kernels import skip_unavailable

from trendcore_kernels import dispatch


@pytest.fixture(params=dispatch.BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    skip_unavailable(request.param)
    return str(request.param)
