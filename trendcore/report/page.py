"""The page: sections in, one HTML text out, without scripts and without anything from elsewhere.

Every text is escaped by jinja2, but for the style sheet, which is ours, and the charts, of which
`svg.cleaned` kept only what draws. The page's own policy forbids the rest: browsers run and load nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from trendcore.report.parts import Section
from trendcore.report.words import plain


def written(title: str, lead: str, note: str | None, foot: str, sections: Sequence[Section]) -> str:
    """Write the page.

    Parameters
    ----------
    title, lead
        Of the page: what it is about, and from which release.
    note
        What a reader must know before all else; None: nothing.
    foot
        Last line.
    sections
        In their order.

    Returns
    -------
    str
        HTML; the same bytes for the same sections.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files(__package__)
    css = (folder / "page.css").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        finalize=_seen,
        keep_trailing_newline=True,
    )
    environment.filters["drawn"] = Markup
    page = environment.from_string((folder / "page.html").read_text("utf-8"))
    ours = Markup(css)  # noqa: S704 -- the style sheet of the package
    return page.render(
        title=title, lead=lead, note=note, foot=foot, sections=sections, css=ours, policy=_policy(css)
    )


def _seen(value: object) -> object:
    """Let no text mislead by what cannot be seen; what is markup already was looked through."""
    return plain(value) if type(value) is str else value


def _policy(css: str) -> str:
    """Allow the one style sheet, by its hash, and images in the page itself."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
