"""Which addresses of a cluster may be talked to: encrypted ones, and those that never leave this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from trendcore.errors import UsageError


@dataclass(frozen=True)
class Tls:
    """Files by which this process and a cluster know one another, in PEM.

    Attributes
    ----------
    ca
        Certificate of the authority that has signed all others.
    cert, key
        This process's own.
    """

    ca: Path
    cert: Path
    key: Path

    def check(self) -> None:
        """Check that the files are there.

        Raises
        ------
        UsageError
            One is not; the message names it.
        """
        for name, path in (("ca", self.ca), ("cert", self.cert), ("key", self.key)):
            if not path.is_file():
                raise UsageError(f"--tls-{name}: {path} is no file")


def check_address(address: str, what: str = "--cluster") -> None:
    """Refuse an address to which others could listen: whoever speaks to a worker can make it do anything.

    Parameters
    ----------
    address
        ``tls://HOST:PORT``, or ``tcp://HOST:PORT`` where the host is this machine by its loopback address.
    what
        What it is the address of, for the message.

    Raises
    ------
    UsageError
        It is none of these.

    Examples
    --------
    >>> check_address("tls://10.0.0.5:8786"), check_address("tcp://127.0.0.1:8786")
    (None, None)
    >>> check_address("tcp://10.0.0.5:8786")
    Traceback (most recent call last):
    trendcore.errors.UsageError: --cluster: tcp://10.0.0.5:8786 is not encrypted and leaves this machine...
    """
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in ("tls", "tcp") or not host or port is None:
        raise UsageError(f"{what}: an address is tls://HOST:PORT, or tcp://127.0.0.1:PORT, not {address!r}")
    if parts.scheme == "tcp" and not _is_loopback(host):
        raise UsageError(
            f"{what}: {address} is not encrypted and leaves this machine: use tls://, with --tls-ca, "
            "--tls-cert and --tls-key; tcp:// is for 127.0.0.1 alone (a scheduler stays there with --host "
            "127.0.0.1)"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
