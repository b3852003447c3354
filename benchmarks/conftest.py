"""Options of the benchmarks."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--works", type=float, default=1e6, help="simulated works: 1e6 is size S (default), 2e7 is size M"
    )
    parser.addoption(
        "--json-mb",
        type=float,
        default=200,
        help="MB of raw JSON of OpenAlex; tables of others are a quarter",
    )


@pytest.fixture(scope="session")
def n_works(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--works"))


@pytest.fixture(scope="session")
def json_mb(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--json-mb"))
