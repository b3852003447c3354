"""Options of the benchmarks."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--works", type=float, default=1e6, help="simulated works: 1e6 is size S (default), 2e7 is size M"
    )


@pytest.fixture(scope="session")
def n_works(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--works"))
