"""The valid inputs that fuzzing starts from: a few rows of the sample, in each layout that a reader takes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from support.canonical import ingest
from support.fuzzing import Files, Target
from support.mutating import either, flipped, in_gzip, in_zip, of_json, of_rows, of_toml
from support.shared import ROOT
from support.workspaces import SAMPLE

_SETTINGS = b"""breadth = "wide"
proxies = true
policy = "hk-mo-with-cn"
blocs = ["quad", "g7"]
self_flows = "drop"
max_quarantined = 0.1
bootstrap = 100
seed = 7
intervals = ["salton", "jaccard"]
trend_years = 12
"""
_ROWS = 12
_CSV = either(flipped, of_rows(b","), of_rows(b","))
_TSV = either(flipped, of_rows(b"\t"), of_rows(b"\t"))
_JSON = either(flipped, of_json, of_json)
_TOML = either(flipped, of_toml, of_toml)


def _sealed(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Change a record, and write it as the store does, so that no hash gives the change away."""
    from trendcore.store.records import encode

    changed = _JSON(data, chance, others)
    if chance.random() < 0.1:
        return changed
    try:
        return encode(json.loads(changed))
    except (ValueError, TypeError, RecursionError):
        return changed


def _zip(name: str, text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _rows(path: Path, seed: int, header: int = 1) -> bytes:
    """The header of a table and a few rows of it."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines(keepends=True)
    return b"".join(lines[:header] + random.Random(seed).sample(lines[header:], _ROWS))


def _openalex() -> list[Target]:
    sample = SAMPLE / "openalex"
    texts = [
        _rows(sample / "updated_date=2024-06-24" / "part_000.gz", 1, 0),
        _rows(sample / "updated_date=2023-05-16" / "part_000.gz", 2, 0),
    ]
    works = [[json.loads(line) for line in text.splitlines() if line.endswith(b"}")] for text in texts]
    page = json.dumps({"meta": {"count": 2}, "results": works[0][:4]}, indent=1).encode()
    merged = b"merge_date,id,merge_into_id\n" + b"2024-01-01,W1,W2\n2024-01-02,W3,W4\n" * 4
    parquet = []
    for records in works:
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(records), out, row_group_size=5)
        parquet.append(out.getvalue())
    listed = [{"merged_ids/works/a.csv.gz": gzip.compress(text)} for text in (merged, merged[:64])]
    packed = [{"p_0.gz": gzip.compress(text)} for text in texts]
    return [
        Target("openalex jsonl", "openalex", [{"a.jsonl": text} for text in texts], ["a"], _JSON),
        Target("openalex gz", "openalex", packed, ["p"], in_gzip(_JSON)),
        Target("openalex page", "openalex", [{"a.json": page}], ["a"], _JSON),
        Target("openalex merged", "openalex", listed, ["m"], in_gzip(_CSV)),
        Target(
            "openalex parquet", "openalex", [{"a.parquet": data} for data in parquet], ["a"], flipped, 0.05
        ),
    ]


def _patentsview() -> list[Target]:
    """A few patents, and the rows of the other tables that speak of them."""
    chance = random.Random(3)
    tables: dict[str, list[bytes]] = {}
    for path in sorted((SAMPLE / "patentsview").iterdir()):
        with zipfile.ZipFile(path) if path.suffix == ".zip" else path.open("rb") as opened:
            data = opened.read(opened.namelist()[0]) if isinstance(opened, zipfile.ZipFile) else opened.read()
        tables[path.name.split(".")[0]] = data.splitlines(keepends=True)
    patents = chance.sample(tables["g_patent"][1:], _ROWS)
    known = {line.split(b"\t")[0] for line in patents}
    kept = {"g_patent": [tables["g_patent"][0], *patents]}
    for name, lines in tables.items():
        if name not in ("g_patent", "g_location_disambiguated"):
            kept[name] = [lines[0], *(line for line in lines[1:] if line.split(b"\t")[0] in known)]
    places = tables["g_location_disambiguated"]
    kept["g_location_disambiguated"] = [places[0], *chance.sample(places[1:], 40)]
    quoted = b'"patent_id"\t"application_id"\t"filing_date"\n'
    kept["g_application"] = [quoted, *(b'"%s"\t"1"\t"2001-02-03"\n' % number for number in sorted(known))]
    texts = {name: b"".join(lines) for name, lines in kept.items()}
    plain = {f"{name}.tsv": text for name, text in texts.items()}
    packed = {f"{name}.tsv.zip": _zip(f"{name}.tsv", text) for name, text in texts.items()}
    return [
        Target("patentsview tsv", "patentsview", [plain], ["g_"], _TSV, 0.3),
        Target("patentsview zip", "patentsview", [packed], ["g_"], in_zip(_TSV), 0.3),
    ]


def _trade() -> list[Target]:
    name = "BACI_HS22_Y2022_V202501.csv"
    baci = [_rows(SAMPLE / "baci" / name, seed) for seed in (4, 5)]
    new, old = (
        _rows(SAMPLE / "comtrade" / file, 6)
        for file in ("TradeData.csv", "semiconductor_equipment_legacy.csv")
    )
    return [
        Target("baci csv", "baci", [{name: text} for text in baci], ["B"], _CSV),
        Target("baci zip", "baci", [{f"{name}.zip": _zip(name, t)} for t in baci], ["B"], in_zip(_CSV)),
        Target("baci bz2", "baci", [{f"{name}.bz2": bz2.compress(t)} for t in baci], ["B"], flipped, 0.3),
        Target("comtrade csv", "comtrade", [{"a.csv": new}, {"a.csv": old}], ["a"], _CSV, 0.5),
        Target("comtrade zip", "comtrade", [{"a.zip": _zip("a.csv", new)}, {"a.zip": _zip("a.csv", old)}],
            ["a"], in_zip(_CSV), 0.3),
    ]  # fmt: skip


def _declared() -> list[Target]:
    data = ROOT / "trendcore" / "taxonomy" / "data"
    kinds = {
        "taxonomy": ["fields.toml"],
        "policy": ["policy-hk-mo-with-cn.toml", "policy-historic-merged.toml"],
        "blocs": ["blocs.toml"],
    }
    out = [
        Target(kind, kind, [{"a.toml": (data / name).read_bytes()} for name in names], ["a"], _TOML, weight)
        for (kind, names), weight in zip(kinds.items(), (0.2, 1.0, 0.5), strict=True)
    ]
    return [*out, Target("settings", "settings", [{"trendcore.toml": _SETTINGS}], ["t"], _TOML)]


def _workspace() -> list[Target]:
    """A workspace with rows of two inputs and two releases."""
    from trendcore.store import ReleaseInfo, Store

    pairs = pl.DataFrame({"a": ["JP", "JP"], "b": ["KR", "US"], "joint": [3, 5]})
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "ws")
        with store.lock():
            ledger = store.ledger()
            ingest(store, ledger, "aaaaaaaa", 1, 2)
            ingest(store, ledger, "bbbbbbbb", 3)
            store.save_ledger(ledger)
            for number in (1, 2):
                info = ReleaseInfo(fingerprint=f"f{number}", warnings=["short"], timings={"scan": 0.5})
                store.publish({"pairs": pairs.head(number)}, info)
        files: Files = {
            path.relative_to(store.root).as_posix(): path.read_bytes()
            for path in sorted(Path(store.root).rglob("*"))
            if path.is_file() and ".lock" not in path.name
        }
    logs = [name for name in files if "_delta_log" in name]
    return [
        Target("ledger", "workspace", [files], ["ledger.json", "workspace.json"], _sealed, 0.5),
        Target("manifest", "workspace", [files], ["releases"], _sealed, 0.5),
        Target("delta log", "workspace", [files], logs, _JSON, 0.5),
    ]


def targets() -> list[Target]:
    """All that is fuzzed."""
    return [*_openalex(), *_patentsview(), *_trade(), *_declared(), *_workspace()]
