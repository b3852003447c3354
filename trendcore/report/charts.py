"""Charts of a report: altair builds them, vl-convert draws them, `svg.cleaned` lets only what draws pass.

Data go in as values, never as expressions; nothing is fetched. A chart is as wide as a column of a phone, so
that a figure is a row of small charts on a desk and a column of them in a hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

from trendcore.errors import UsageError
from trendcore.report.svg import cleaned

Record = dict[str, Any]
Spec = dict[str, Any]

INK: Final = "#262626"
QUIET: Final = "#5c5c5c"
GRID: Final = "#dcdcdc"
#: Okabe and Ito's blue and vermilion: told apart by every kind of sight, and in print by their dashes
COLOURS: Final = ("#0072b2", "#d55e00")
DASHES: Final = ((1, 0), (5, 3))
WIDTH: Final = 280
HEIGHT: Final = 160
_ROW: Final = 18  # height of a pair in a ranking

#: constant text, no data: dollars in words, where d3 would write G for 10^9
_DOLLARS: Final = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, ',~f') + ' bn' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, ',~f') + ' m' : "
    "datum.value >= 1e3 ? format(datum.value / 1e3, ',~f') + ' k' : format(datum.value, ',~f')"
)
_CONFIG: Final[Spec] = {
    "background": None,
    "font": "Arial",
    "aria": False,
    "autosize": {"type": "fit", "contains": "padding"},
    "padding": {"left": 2, "right": 8, "top": 6, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET, "labelFontSize": 11, "titleColor": QUIET, "titleFontSize": 11,
        "titleFontWeight": "normal", "gridColor": GRID, "domainColor": QUIET, "tickColor": QUIET,
        "labelPadding": 4, "tickSize": 4,
    },
}  # fmt: skip


def lines(
    series: Sequence[Sequence[Record]],
    title: str,
    description: str,
    *,
    years: tuple[int, int],
    top: float | None,
    unit: str,
) -> str:
    """Draw one or two series of a pair over its years, with their intervals as bands.

    Parameters
    ----------
    series
        Points of year, value, lo, hi; a year without a value is a gap.
    title, description
        For those who cannot see the chart.
    years
        First and last year of the axis.
    top
        Upper end of the scale; None: that of the values.
    unit
        ``index``, ``works`` or ``dollars``: how the scale is written.

    Returns
    -------
    str
        SVG.
    """
    import altair as alt

    forms: dict[str, Spec] = {
        "index": {"format": ".2f"},
        "works": {"format": ",d", "tickMinStep": 1},
        "dollars": {"labelExpr": _DOLLARS},
    }
    first, last = years
    ticks: Spec = {"format": "d", "tickMinStep": 1, "tickCount": 5, "grid": False, "title": None}
    x = alt.X(
        "year:Q", axis=alt.Axis(**ticks), scale=alt.Scale(domain=[first, max(last, first + 1)], nice=False)
    )
    highest = max(
        (p[k] for line in series for p in line for k in ("value", "hi") if p[k] is not None), default=0
    )
    scale = alt.Scale(domain=[0, top if top is not None else highest or 1], nice=top is None)
    axis = alt.Axis(title=None, tickCount=4, domain=False, ticks=False, **forms[unit])
    layers: list[Any] = []
    for at, line in enumerate(series):
        layers += _layers(_runs(line), at, x, alt.Y("value:Q", axis=axis, scale=scale))
    return _drawn(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT), title, description)


def _layers(points: list[Record], at: int, x: Any, y: Any) -> list[Any]:
    """Return band, line and points of one series; a year alone has a bar for a band."""
    import altair as alt

    colour, dash = COLOURS[at], list(DASHES[at])
    base = alt.Chart(_data(points)).encode(x=x)
    run, lo, hi = alt.Detail("run:N"), y.copy(), alt.Y2("hi:Q")
    lo.shorthand = "lo:Q"
    known = [p for p in points if p["lo"] is not None and p["hi"] is not None]
    alone = [p for p in known if sum(q["band"] == p["band"] for q in known) == 1]
    banded = alt.Chart(_data([p for p in known if p not in alone])).encode(x=x)
    return [
        banded.mark_area(color=colour, opacity=0.18).encode(y=lo, y2=hi, detail=alt.Detail("band:N")),
        alt.Chart(_data(alone)).mark_rule(color=colour, opacity=0.35, strokeWidth=3).encode(x=x, y=lo, y2=hi),
        base.mark_line(color=colour, strokeWidth=1.75, strokeDash=dash).encode(y=y, detail=run),
        base.mark_point(color=colour, filled=True, size=14, opacity=1, shape=("circle", "square")[at]).encode(
            y=y
        ),
    ]


def _runs(line: Sequence[Record]) -> list[Record]:
    """Give a number to each stretch of years with values, and with intervals, that follow one another."""
    found: list[Record] = []
    run = band = 0
    for before, point in zip([None, *line], line, strict=False):
        if before is None or before["value"] is None or before["year"] + 1 != point["year"]:
            run += 1
        if (
            before is None
            or before["lo"] is None
            or before["hi"] is None
            or before["year"] + 1 != point["year"]
        ):
            band += 1
        if point["value"] is not None:
            found.append(
                {key: point[key] for key in ("year", "value", "lo", "hi")} | {"run": run, "band": band}
            )
    return found


def ranking(rows: Sequence[Record], title: str, description: str, *, top: float) -> str:
    """Draw the strongest pairs as dots with their intervals, the strongest first.

    Parameters
    ----------
    rows
        name, value, lo, hi, own (whether it is the pair of the report), in order.
    title, description
        For those who cannot see the chart.
    top
        Upper end of the scale.
    """
    import altair as alt

    values = [
        {"at": at, "name": row["name"], "value": row["value"], "lo": row["lo"], "hi": row["hi"]}
        | {"colour": COLOURS[1] if row["own"] else QUIET}
        for at, row in enumerate(rows)
    ]
    base = alt.Chart(_data(values)).encode(
        y=alt.Y(
            "name:N",
            sort=[row["name"] for row in rows],
            axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=INK),
        ),
        color=alt.Color("colour:N", scale=None),
    )
    axis = alt.Axis(title=None, tickCount=4, format=".2f", domain=False, ticks=False)
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(domain=[0, top], nice=False))
    lo = x.copy()
    lo.shorthand = "lo:Q"
    whiskers = base.mark_rule(strokeWidth=1.75).encode(x=lo, x2=alt.X2("hi:Q"))
    dots = base.mark_point(filled=True, size=36, opacity=1).encode(x=x)
    chart = alt.layer(whiskers, dots).properties(width=WIDTH, height=_ROW * len(values) + 28)
    return _drawn(chart, title, description)


def _data(values: list[Record]) -> Any:
    import altair as alt

    return alt.InlineData(values=values)


def ceiling(values: Sequence[float | None]) -> float:
    """Return a round number above all values, for the scale that several charts share.

    Examples
    --------
    >>> ceiling([0.123, None, 0.31]), ceiling([]), ceiling([0.0871])
    (0.35, 1.0, 0.088)
    """
    highest = max((value for value in values if value is not None), default=0.0)
    if highest <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(highest)) / 2
    step = step / 5 if highest / step > 10 else step
    return round(math.ceil(highest / step) * step, 10)


@lru_cache(maxsize=1)
def _version() -> str:
    """Return the version of Vega-Lite that altair writes, if vl-convert draws it.

    Raises
    ------
    UsageError
        The two do not fit.
    """
    import altair as alt
    import vl_convert

    wanted = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    if wanted not in vl_convert.get_vegalite_versions():
        raise UsageError(
            f"altair {alt.__version__} needs a newer vl-convert-python than {version('vl-convert-python')}: "
            'pip install -U "trendcore[report]"'
        )
    return wanted


def _drawn(chart: Any, title: str, description: str) -> str:
    import vl_convert

    spec = chart.to_dict() | {"config": _CONFIG}  # of ours alone: a theme that a notebook chose has no say
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=_version(), allowed_base_urls=[])
    return cleaned(drawn, title, description)
