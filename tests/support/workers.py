"""Workers and certificates for tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from trendcore.pools.base import Done, Order, Result, Task, nothing

_PLAIN = (str, int, float, bool, bytes, type(None))


class Shuffled:
    """A pool in this process that takes orders in any order, and sees that they are plain data."""

    remote = True

    def __init__(self, seed: int = 0) -> None:
        self.size = 2
        self.done: list[str] = []
        self._random = random.Random(seed)

    def map(
        self, task: Task, orders: Sequence[Order], *, gpu: bool = False, done: Done = nothing
    ) -> list[Result]:
        assert not gpu
        numbers = list(range(len(orders)))
        self._random.shuffle(numbers)
        results: dict[int, Result] = {}
        for number in numbers:
            assert is_plain(orders[number])
            results[number] = task(orders[number])
            assert is_plain(results[number])
            done(orders[number], results[number])
            self.done.append(task.__name__)
        return [results[number] for number in range(len(orders))]


def is_plain(value: Any) -> bool:
    """Whether a value is numbers, texts, bytes, and lists and dictionaries of these."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(each) for key, each in value.items())
    if type(value) is list:
        return all(is_plain(each) for each in value)
    return type(value) in _PLAIN


def certificates(folder: Path, name: str = "cluster") -> tuple[Path, Path, Path]:
    """An authority made on the spot, and a certificate for 127.0.0.1 that it has signed: ca, cert, key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.now(UTC)
    keys = {who: ec.generate_private_key(ec.SECP256R1()) for who in ("ca", "own")}
    names = {who: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name}-{who}")]) for who in keys}

    def signed(who: str, ca: bool) -> bytes:
        extensions: list[tuple[Any, bool]] = [
            (x509.BasicConstraints(ca=ca, path_length=None), True),
            (x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False),
            (x509.SubjectKeyIdentifier.from_public_key(keys[who].public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["ca"].public_key()), False),
        ]
        if ca:
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "encipher_only", "decipher_only"),
                False,
            )  # fmt: skip
            extensions.append(
                (x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), True)
            )
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[who])
            .issuer_name(names["ca"])
            .public_key(keys[who].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=12))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(keys["ca"], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / f"{name}-{what}.pem" for what in ("ca", "cert", "key"))
    paths[0].write_bytes(signed("ca", ca=True))
    paths[1].write_bytes(signed("own", ca=False))
    paths[2].write_bytes(
        keys["own"].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths[0], paths[1], paths[2]
