"""Composites for tests: the published ASEM index as a declaration, and small ones."""

from __future__ import annotations

from typing import Any

import polars as pl
from support.shared import shared_data

from trendcore.composite import Composite, Group, Impute, Indicator, Normalise, Treat

STAGES = ("Raw", "Denominated", "Imputed", "Treated", "Normalised", "Aggregated")


def asem(stage: str) -> pl.DataFrame:
    """A stage of the ASEM index of sustainable connectivity, as published."""
    path = shared_data("asem-composite", f"Data.{stage}.csv")
    return pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None)


def asem_composite(**changes: Any) -> Composite:
    """The ASEM index declared from its published structure, directions, weights and denominators."""
    structure = pl.read_csv(shared_data("asem-composite", "Parameters.Structure.csv"))
    meta = pl.read_csv(shared_data("asem-composite", "derived_ASEM_iMeta.csv"), null_values=["NA", ""])
    weights = pl.read_csv(shared_data("asem-composite", "Parameters.Weights.Original.csv"))
    weight = dict(weights.select("Code", "Weight").iter_rows())
    row = {each["iCode"]: each for each in meta.to_dicts()}
    indicators = tuple(
        Indicator(
            name=name,
            group=group,
            direction=int(row[name]["Direction"]),
            weight=weight[name],
            denominator=row[name]["Denominator"],
        )
        for name, group in structure.select("IndCode", "Agg1").iter_rows()
    )
    parents = dict(structure.select("Agg1", "Agg2").unique().iter_rows())
    parents |= dict(structure.select("Agg2", "Agg3").unique().iter_rows()) | {"Index": None}
    groups = tuple(
        Group(name=name, parent=parent, weight=weight[name]) for name, parent in sorted(parents.items())
    )
    declared: dict[str, Any] = {
        "impute": Impute(method="group_mean", by="Group_EurAsia"),
        "treat": Treat(method="skew_kurtosis"),
        "normalise": Normalise(),
        "floor": 0.0,
    }
    return Composite(
        name="asem", version="2018", unit="own", keys=("UnitCode",), indicators=indicators, groups=groups,
        **(declared | changes),
    )  # fmt: skip


#: one or two indicators that show each denominator
SHOWN = {"GDP": ("Goods",), "Population": ("Flights",), "Area": ("Bord",), "Energy": ("Elec", "Gas")}


def asem_denominators() -> pl.DataFrame:
    """Denominators of the ASEM index, as the ratio of raw to denominated values shows them.

    A country without border crossings (0 of any area) shows no area: 1 stands for it. That Laos has no energy
    is seen from values that are 0 before, and missing after.
    """
    raw, done = asem("Raw"), asem("Denominated")
    columns = []
    for name, shown in SHOWN.items():
        ratios = [(raw[each] / done[each]).fill_nan(None) for each in shown]
        ratio = ratios[0] if len(ratios) == 1 else ratios[0].zip_with(ratios[0].is_not_null(), ratios[1])
        hidden = done[shown[0]].is_not_null() & (raw[shown[0]] == 0) & ratio.is_null()
        columns.append(pl.Series(name, ratio.zip_with(~hidden, pl.Series([1.0] * raw.height))))
    return raw.select("UnitCode").with_columns(columns)


def small(names: str = "xyz", **changes: Any) -> Composite:
    """A composite of a few indicators in one group, of units named by `who`."""
    declared: dict[str, Any] = {"unit": "own", "keys": ("who",), "groups": (Group(name="c"),)}
    declared |= {"indicators": tuple(Indicator(name=each, group="c") for each in names)}
    return Composite(name="c", version="1", **(declared | changes))
