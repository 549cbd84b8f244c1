"""Holds what a page may run: its own script and Plotly, by their hashes, and nothing else.

The wheel of Plotly has one build, of 4.8 MB, with kinds of charts that no page has. It goes into a page compressed, as
text that isn't run; the page's script unpacks it and runs it as a script of the page, which the policy allows by its
hash as it allows that of the page itself. So nothing is loaded, a file that is opened by a double click draws its
charts, and no other script runs, whatever a name in the data looks like.
"""

import base64
import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup


class Script(NamedTuple):
    """A script in a page.

    Attributes:
        text: As it stands in the page.
        source: What the policy knows it by: the hash of what is run.
    """

    text: Markup
    source: str


@cache
def page_script() -> Script:
    """Returns the page's own."""
    code = (files("components.report") / "templates" / "page.js").read_bytes()
    return Script(Markup(code.decode()), _source(code))  # noqa: S704 (ours)


@cache
def packed_plotly() -> Script:
    """Returns Plotly, of gzip and base64."""
    code = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    packed = base64.b64encode(gzip.compress(code, mtime=0)).decode()
    return Script(Markup(packed), _source(code))  # noqa: S704 (letters of base64)


def policy(has_charts: bool) -> str:
    """Returns the content security policy of a page, with nothing from outside of it.

    Styles stand in the page and in attributes, where Plotly writes them too; pictures are data in the page.

    Args:
        has_charts: Whether Plotly is in it.
    """
    scripts = [page_script().source, *([packed_plotly().source] if has_charts else [])]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(scripts),
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


def _source(code: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"
