"""S3 on this machine, for the tests of workspaces there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Address of a bucket."""
    pytest.importorskip("moto", reason="moto serves S3 in these tests: pip install trendcore[test]")
    pytest.importorskip("obstore", reason="S3 needs obstore: pip install trendcore[s3]")
    from support.buckets import served

    with served() as address:
        yield address


@pytest.fixture
def place(bucket: str, request: pytest.FixtureRequest) -> str:
    """An address of the test's own."""
    name = "".join(char if char.isalnum() else "-" for char in request.node.name)
    return f"{bucket}/{name}/ws"
