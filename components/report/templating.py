"""Prepares Jinja2: the templates, what they may call, and what is put into scripts."""

import json
from collections.abc import Sequence
from functools import cache

import jinja2
from markupsafe import Markup

from components.evaluator.metric_names import EFFECTIVE_COUNT, WEIGHTED_COUNT
from components.json_values import finite
from components.metric_text import digits_of, metric_text
from components.report import words
from components.report.review import FeatureStatistics, HistogramBar
from components.report.scripts import packed_plotly, page_script, policy

SPARK_WIDTH, SPARK_HEIGHT = 120, 24


def sparkline(bars: Sequence[HistogramBar]) -> Markup:
    """Returns a histogram as a small picture."""
    highest = max((bar.count for bar in bars), default=0.0)
    if not highest:
        return Markup("")
    width = SPARK_WIDTH / len(bars)
    drawn = "".join(
        f'<rect x="{number * width:.1f}" y="{SPARK_HEIGHT * (1 - bar.count / highest):.1f}" '
        f'width="{max(width - 1, 1):.1f}" height="{SPARK_HEIGHT * bar.count / highest:.1f}"/>'
        for number, bar in enumerate(bars)
    )
    label = f"histogram from {bars[0].low:g} to {bars[-1].high:g}"
    return Markup(  # noqa: S704 (numbers only)
        f'<svg class="spark" role="img" aria-label="{label}" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" '
        f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}">{drawn}</svg>'
    )


def embedded(value: object) -> Markup:
    """Returns JSON to put inside of a script element, which no text ends: null for a number that isn't finite."""
    text = json.dumps(finite(value), separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (no markup is left in it)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("components.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "sparkline": sparkline,
        "number": _number,
        "by_feature": _by_feature,
        "metric": _metric,
        "digits": digits_of,
    }
    environment.globals |= {
        "metric_title": words.metric_title,
        "trust": words.trust,
        "few": words.FEW_EXAMPLES,
        "meanings": words.MEANINGS,
    }
    environment.globals |= {"counts": (WEIGHTED_COUNT, EFFECTIVE_COUNT)}
    environment.globals |= {"overfitted": words.OVERFITTED, "gap": words.GAP}
    environment.globals |= {"policy": policy, "packed_plotly": packed_plotly, "page_script": page_script}
    return environment


def template(name: str) -> jinja2.Template:
    """Returns one of the templates."""
    return _environment().get_template(name)


def _number(value: float | None, form: str = ".4f") -> str:
    return "" if value is None else format(value, form)


def _metric(value: float | None, name: str, sign: str = "") -> str:
    return "" if value is None else metric_text(name, value, sign)


def _by_feature(statistics: Sequence[FeatureStatistics]) -> dict[str, list[FeatureStatistics]]:
    found: dict[str, list[FeatureStatistics]] = {}
    for each in statistics:
        found.setdefault(each.name, []).append(each)
    return found
