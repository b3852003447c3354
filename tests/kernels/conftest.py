"""Backends of the kernels; one whose device is missing is reported as skipped, not left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernels import backends, use


@pytest.fixture(params=backends())
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    with use(request.param) as name:
        yield name
