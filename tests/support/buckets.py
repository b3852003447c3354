"""A server that speaks S3 on this machine, and workspaces in its buckets."""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from trendcore.store.volumes import s3
from trendcore.store.volumes.lease import LeaseLock
from trendcore.store.volumes.s3 import S3Volume

KEY, SECRET = "AKIAEXAMPLE", "secretsecretsecret"


@contextmanager
def served() -> Iterator[str]:
    """Serve S3 with a bucket, to which the environment leads; gives ``s3://bucket``."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    made = urllib.request.Request(f"{address}/bucket", method="PUT")
    with pytest.MonkeyPatch.context() as patch, urllib.request.urlopen(made):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        # no profile of whoever runs the tests, and nobody to ask for a role
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield "s3://bucket"
    server.stop()


def objects(address: str) -> dict[str, bytes]:
    """All objects below an address."""
    volume = S3Volume(address)
    return {key: volume.read(key) for key in volume.below("")}


def copy(old: dict[str, bytes], address: str) -> str:
    """Put objects below an address, where nothing else is then."""
    volume = S3Volume(address)
    volume.remove_all(volume.below(""))
    for key, data in old.items():
        volume.replace(key, data)
    return address


def leases_last(patch: pytest.MonkeyPatch, seconds: float, *, renewed: bool = True) -> None:
    """Let the leases of stores that are opened from now on last so long."""

    def paused(lock: LeaseLock) -> None:
        """Renew nothing, as in a process that is paused."""

    kind: Any = LeaseLock if renewed else type("Paused", (LeaseLock,), {"_renew": paused})
    patch.setattr(s3, "LeaseLock", partial(kind, seconds=seconds))
