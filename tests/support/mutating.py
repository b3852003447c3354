"""Changing valid files into hostile ones: the same seed gives the same bytes."""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence

Mutator = Callable[[bytes, random.Random, Sequence[bytes]], bytes]

NASTY = [
    b"", b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\t", b'"', b'""', b"'", b"\\",
    b"\\ud800", b"NA", b"NaN", b"-inf", b"null", b"true", b"[]", b"{}", b"[", b"{", b"0", b"-0", b"-1",
    b"1e400", b"1e-400", b"0x10", b"00", b"1_000", b"9" * 20, b"9" * 400, b"-" + b"9" * 400,
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"4294967296", b"32768",
    b"2020-02-30", b"0000-00-00", b"9999-12-31", b"99999-01-01", b"2020", b"1399", b"US", b"ZZ", b"us",
    b"H01L 21/00", b"854231", b"=1+1", b"../../x", "é".encode(), "٣".encode(), "\u2028".encode(),
    "\N{COMBINING ACUTE ACCENT}".encode() * 50, b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1f\x8b",
    b"PK\x03\x04", b"PAR1", b"https://openalex.org/W1", b"https://openalex.org/T" + b"9" * 30,
    b"W" + b"1" * 40,
]  # fmt: skip
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')
_JSON_VALUES = [
    b"null", b"true", b"0", b"-1", b"1e400", b"-0.0", b"9" * 30, b"9" * 400, b'""', b'"\\ud800"',
    b'"\\u0000"', b'"x"', b"[]", b"{}", b"[null]", b"[[]]", b'[{"a":[]}]', b'{"id":null}', b"NaN",
    b"Infinity", b"1.5", b"[" * 70 + b"]" * 70, b'"https://openalex.org/W18446744073709551616"',
    b'"2020-13-01"', b'["JP","JP",null,"ZZ"]', b"[1,2]", b'{"a":1,"a":2}',
]  # fmt: skip
_TOML_VALUES = [
    b"1", b"-1", b"true", b'""', b'"x"', b"[]", b"[[]]", b"{}", b"1e400", b"nan", b"2020-01-01",
    b"9" * 5000, b'["JP", 1]', b"'''", b'"\\uD800"', b"0x7fffffffffffffffffff", b"{a = 1, a = 2}",
    b"[" * 2000 + b"]" * 2000, b'["JP", "JP"]', b"1979",
]  # fmt: skip


def flipped(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Change, insert, delete, double, cut, splice and swap bytes, a few times."""
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8, 30])):
        if not out:
            break
        at = chance.randrange(len(out))
        stop = min(len(out), at + chance.choice([1, 2, 5, 40, 400]))
        kind = chance.randrange(10)
        if kind == 0:
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at] = chance.randrange(256)
        elif kind == 2:
            out[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        elif kind == 3:
            del out[at:stop]
        elif kind == 4:
            out[at:at] = out[at:stop]
        elif kind == 5:
            del out[at:]
        elif kind == 6:
            other = chance.choice(others)
            out[at:] = other[chance.randrange(len(other) + 1) :]
        elif kind == 7:
            place = chance.randrange(len(out))
            out[place:place] = out[at:stop]
        elif kind == 8:
            out[at:stop] = chance.choice(NASTY)
        else:
            size = chance.choice([70, 300, 5000, 140_000])
            out[at:at] = (
                chance.choice([b"A", b"9", b"[", b'{"a":', b'"', b",", b"\t", b"\n", b"\0", b"\\"]) * size
            )
    return bytes(out)


def of_rows(separator: bytes) -> Mutator:
    """Change fields of a table: put nasty values in, swap, drop and double fields, columns and rows."""

    def mutate(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
        rows = [line.split(separator) for line in data.split(b"\n")]
        for _ in range(chance.choice([1, 1, 2, 6])):
            row = chance.choice(rows if chance.random() < 0.9 else rows[:1]) or [b""]
            at = chance.randrange(len(row))
            kind = chance.randrange(8)
            if kind <= 2:
                row[at] = chance.choice(NASTY)
            elif kind == 3:
                row[at] = (
                    b'"' + row[at] + chance.choice([b"", b'"', b'""', b"\n" * 3 + b'"', separator + b'"'])
                )
            elif kind == 4:
                other = chance.randrange(len(row))
                row[at], row[other] = row[other], row[at]
            elif kind == 5:
                row[at : at + 1] = chance.choice([[], [row[at]] * 2, [row[at], b""]])
            elif kind == 6:
                for each in rows:
                    each[at : at + 1] = []
            else:
                rows.append(list(row))
        return chance.choice([b"\n", b"\n", b"\n", b"\r\n"]).join(separator.join(row) for row in rows)

    return mutate


def of_json(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Change values and keys of JSON, in its places."""
    for _ in range(chance.choice([1, 1, 2, 6])):
        tokens = list(_JSON_TOKEN.finditer(data))
        if not tokens:
            break
        token = chance.choice(tokens)
        text = b'"' + chance.choice(NASTY) + b'"'
        new = chance.choice([*_JSON_VALUES, chance.choice(tokens)[0], text])
        if data[token.end() : token.end() + 9].lstrip().startswith(b":") and chance.random() < 0.9:
            # most of what is no text in the place of a key is no JSON
            new = chance.choice([text, *(each[0] for each in tokens if each[0].startswith(b'"'))])
        data = data[: token.start()] + new + data[token.end() :]
    return data


def of_toml(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Change values, keys, headers and lines of TOML."""
    lines = data.split(b"\n")
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(lines))
        key, sign, _ = lines[at].partition(b"=")
        kind = chance.randrange(6)
        if kind <= 2 and sign:
            lines[at] = key + b"= " + chance.choice([*_TOML_VALUES, b'"' + chance.choice(NASTY) + b'"'])
        elif kind == 3:
            lines[at : at + 1] = chance.choice([[], [lines[at]] * 2])
        elif kind == 4:
            lines[at] = chance.choice(
                [b"[x]", b"[[x]]", b"[" + chance.choice(NASTY) + b"]", b"a.b.c = 1", b"x"]
            )
        else:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines)


def either(*mutators: Mutator) -> Mutator:
    """Mutate in one of several ways."""
    return lambda data, chance, others: chance.choice(mutators)(data, chance, others)


def in_gzip(inner: Mutator) -> Mutator:
    """Change what is packed in a gzip, or the gzip around it."""

    def mutate(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
        if chance.random() < 0.5:
            return flipped(data, chance, others)
        text = inner(gzip.decompress(data), chance, [gzip.decompress(other) for other in others])
        cut = chance.randrange(len(text) + 1) if chance.random() < 0.3 else len(text)
        return b"".join(
            gzip.compress(part, 6, mtime=0) for part in (text[:cut], text[cut:]) if part or not cut
        )

    return mutate


def in_zip(inner: Mutator) -> Mutator:
    """Change what is packed in a zip, its members, or the zip around them."""

    def unpacked(data: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(archive.namelist()[0])

    def mutate(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
        if chance.random() < 0.4:
            return flipped(data, chance, others)
        text = inner(unpacked(data), chance, [unpacked(other) for other in others])
        out = io.BytesIO()
        way = chance.choice(
            [zipfile.ZIP_DEFLATED] * 6 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
        )
        with zipfile.ZipFile(out, "w", way) as archive:
            archive.writestr(chance.choice(["a.csv", "../a.csv", "/a", "é", "a" * 300]), text)
            if chance.random() < 0.1:
                archive.writestr(chance.choice(["b.csv", "d/", "__MACOSX/a.csv"]), b"")
        packed = bytearray(out.getvalue())
        if chance.random() < 0.4:
            # a lie in the local header, the list of members or the end of it
            mark = chance.choice([b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"])
            at = packed.rindex(mark) + 4 + chance.randrange(18)
            if at < len(packed):
                packed[at] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        return bytes(packed)

    return mutate
