"""What moved between two releases of works drawn at random, beside a look at each work of each."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.diffs import AI, ALGORITHMS, CHEMISTRY, LATER, QIS, SMALL, about, edited, moves, update
from support.workspaces import write_works

import trendcore as tc

State = dict[int, dict[str, Any]]


def in_cells(work: dict[str, Any], *, narrow: bool) -> set[str]:
    fields = {QIS: {"qis"}, ALGORITHMS: set() if narrow else {"qis"}, AI: {"ai"}, CHEMISTRY: set()}
    return fields[work["topic"]]


def counted(work: dict[str, Any] | None, *, narrow: bool = False) -> set[tuple[Any, ...]]:
    """Keys of a work: field, year, a, b."""
    if work is None or work["retracted"]:
        return set()
    names = sorted(work["countries"])
    members = [*combinations(names, 2), *((name, None) for name in names)]
    return {(field, work["year"], *key) for field in in_cells(work, narrow=narrow) for key in members}


def naive(old: State, new: State, *, narrow: bool) -> dict[tuple[Any, ...], Counter[str]]:
    found: dict[tuple[Any, ...], Counter[str]] = {}

    def add(key: tuple[Any, ...], reason: str, n: int) -> None:
        found.setdefault(key, Counter())[reason] += n

    for number in old.keys() | new.keys():
        one, two = old.get(number), new.get(number)
        for key in counted(one, narrow=narrow) ^ counted(one):
            add(key, "method", -1 if key in counted(one) else 1)
        sides = ((one, two, "late", 1), (two, one, "withdrawn", -1))
        for other, own, absent, sign in sides:
            for key in counted(own, narrow=narrow) - counted(other, narrow=narrow):
                if other is None:
                    reason = absent
                elif not in_cells(other, narrow=narrow):
                    reason = "topic"  # of a work of no field nothing else is stored
                elif other["retracted"]:
                    reason = absent
                elif other["year"] != key[1]:
                    reason = "redated"
                elif key[0] not in in_cells(other, narrow=narrow):
                    reason = "topic"
                else:
                    reason = "country"
                add(key, reason, sign)
    return found


def drawn(random: Random) -> dict[str, Any]:
    return {
        "year": random.choice([2019, 2020]),
        "topic": random.choice([QIS, QIS, ALGORITHMS, AI, CHEMISTRY]),
        "countries": random.sample(["JP", "US", "KR", "DE"], random.randint(1, 3)),
        "retracted": random.random() < 0.1,
    }


def record(number: int, work: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return about(
        number,
        *work["countries"],
        topic=work["topic"],
        publication_year=work["year"],
        publication_date=f"{work['year']}-03-01",
        is_retracted=work["retracted"],
        **changes,
    )


def check_random(folder: Path, seed: int) -> None:
    random = Random(seed)
    narrow = bool(seed % 2)
    old = {number: drawn(random) for number in range(60)}
    new = {number: drawn(random) if random.random() < 0.5 else work for number, work in old.items()}
    new |= {number: drawn(random) for number in range(100, 115)}
    gone = random.sample(range(60), 6)
    taxonomy = edited(folder / "fields.toml")
    ws = tc.Workspace(folder / "ws", taxonomy=taxonomy, **SMALL)
    write_works(folder / "in" / "a.jsonl", *(record(n, work) for n, work in old.items() if n not in gone))
    passing = write_works(folder / "b.jsonl", *(record(n, old[n]) for n in gone))
    ws.ingest("openalex", folder / "in")
    ws.ingest("openalex", passing)
    update(ws)
    if narrow:  # the file that is withdrawn is read again before, else nothing could be known
        edited(taxonomy, ALGORITHMS)
        ws.ingest("openalex", folder / "in", passing)
    for number in gone:
        del new[number]
    ws.withdraw(passing)
    changed = {n: work for n, work in new.items() if work is not old.get(n)}
    write_works(folder / "in" / "c.jsonl", *(record(n, work, **LATER) for n, work in changed.items()))
    update(ws)
    expected = {
        key: {"moved": sum(parts.values()), **{name: n for name, n in parts.items() if n}}
        for key, parts in naive(old, new, narrow=narrow).items()
        if sum(parts.values())
    }
    assert {key[2:]: parts for key, parts in moves(ws).items()} == expected


@pytest.mark.parametrize("seed", range(2))
def test_any_changes_are_split_as_a_look_at_each_work_does(tmp_path: Path, seed: int) -> None:
    check_random(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 30))
def test_many_changes_are_split_as_a_look_at_each_work_does(tmp_path: Path, seed: int) -> None:
    check_random(tmp_path, seed)
