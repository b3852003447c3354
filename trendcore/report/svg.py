"""A chart's SVG made safe to stand in a page: only what draws is kept, everything else is left out.

Nothing that could run, load or link is in the lists below, so whatever a chart library may write, none of it
reaches the page. There are no ids either, so that charts of one page cannot clash.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from trendcore.report.words import plain

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_ELEMENTS: Final = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan"})
_ATTRIBUTES: Final = frozenset({
    "d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "width", "height", "rx", "ry", "transform", "viewBox",
    "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "text-anchor", "font-size", "font-weight",
})  # fmt: skip
#: numbers, names of colours, transforms, paths; no quotes, no url(), no escapes
_VALUE: Final = re.compile(r"[A-Za-z0-9 .,()#%+-]*")
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_DEFAULTS: Final = {"opacity": "1", "stroke-width": "1"}


def cleaned(svg: str, title: str, description: str) -> str:
    """Return a chart's SVG with only what draws, named for those who cannot see it.

    Parameters
    ----------
    svg
        As a chart library wrote it.
    title, description
        What the chart shows, and what is to be seen in it.

    Raises
    ------
    ValueError
        It is no SVG, or has a document type.

    Examples
    --------
    >>> bad = '<svg xmlns="http://www.w3.org/2000/svg" onload="x()" width="9"><script>x()</script></svg>'
    >>> cleaned(bad, "A < B", "nothing")
    '<svg width="9" role="img" aria-label="A &lt; B"><title>A &lt; B</title><desc>nothing</desc></svg>'
    """
    if "<!" in svg:
        raise ValueError("a chart's SVG has no document type, comment or CDATA")
    root = ET.fromstring(svg)  # noqa: S314 -- without a document type there are no entities
    if root.tag != f"{{{_NAMESPACE}}}svg":
        raise ValueError(f"a chart is an svg, not {root.tag}")
    found = _kept(root)
    assert found is not None
    found.set("role", "img")
    found.set("aria-label", plain(title))
    for at, (name, text) in enumerate((("title", title), ("desc", description))):
        said = ET.Element(name)
        said.text = plain(text)
        found.insert(at, said)
    return ET.tostring(found, encoding="unicode", short_empty_elements=True)


def _kept(element: ET.Element) -> ET.Element | None:
    """Copy an element without what is not listed; None where nothing of it is seen."""
    name = element.tag.removeprefix(f"{{{_NAMESPACE}}}")
    if name not in _ELEMENTS or element.get("display") == "none" or element.get("opacity") == "0":
        return None
    copy = ET.Element(name)
    for key, value in element.attrib.items():
        allowed = key in _ATTRIBUTES and _VALUE.fullmatch(value) and "url(" not in value
        if allowed and _DEFAULTS.get(key) != value:
            copy.set(key, _LONG_NUMBER.sub(_short, value))
    copy.extend(kept for child in element if (kept := _kept(child)) is not None)
    if name in {"text", "tspan"}:
        copy.text = plain(element.text or "")
        return copy if copy.text or len(copy) else None
    if name == "path" and not (copy.get("d") and {"fill", "stroke"} & set(copy.attrib)):
        return None
    if name == "g" and not len(copy):
        return None
    if name == "g" and len(copy) == 1 and set(copy.attrib) <= {"transform"}:
        inner = copy[0]
        if copy.get("transform", "translate(0,0)") == "translate(0,0)":
            return inner
    return copy


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
