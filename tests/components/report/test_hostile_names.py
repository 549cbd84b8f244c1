"""Names in the data that are markup to Plotly: they are shown to the letter, and nothing is asked for."""

import base64
import gzip
import re
from html import unescape
from importlib.resources import files

import pytest
from browser import needs_chromium, opened
from report_samples import curves

from components.report.index import render_overview
from components.report.page import render
from components.report.review import DataReview, Metric, Review, SliceResult, TrainingReview

HOSTILE = (
    '<a href="https://evil.example/login">cat</a>',
    '<span style="cursor:url(https://evil.example/t.png),auto">dog</span>',
    "<b>fish</b>",
    "fish",
    "bird<br>line",
    "a&lt;b",
    "&amp;",
    "<img src=x onerror=alert(1)>",
    "$x^2$",
    "%{x}",
    "</script><script>alert(1)</script>",
)
TEXTS = "(place) => [...document.querySelectorAll(place)].map((each) => each.textContent)"


@pytest.fixture
def page_file(evaluation, tmp_path):
    counts = {name: number + 1 for number, name in enumerate(HOSTILE)}
    metrics = {"accuracy": Metric(value=0.5, low=0.4, high=0.6)}
    slices = [SliceResult(name="all examples", count=66, metrics=metrics)]
    slices += [SliceResult(name=name, count=6, metrics=metrics) for name in HOSTILE]
    compared = {name: curves(model=name) for name in HOSTILE}
    review = Review(
        pipeline="pets",
        data=DataReview(found=66, counts={"train": counts, "eval": counts}),
        evaluation=evaluation.model_copy(update={"slices": tuple(slices), "plots": (), "classes": ()}),
        training=TrainingReview(curves=curves(model=HOSTILE[0]), compared=compared),
    )
    path = tmp_path / "report.html"
    path.write_text(render(review), encoding="utf-8")
    return path


@needs_chromium
def test_names_are_shown_to_the_letter_and_link_nowhere(page_file):
    with opened(page_file) as page:  # which fails where anything is asked for
        assert set(page.evaluate(TEXTS, "#chart-class-balance .xtick text")) == set(HOSTILE)
        slices = page.evaluate(TEXTS, "#chart-slices .ytick text")
        assert set(slices) == {"all examples (66)", *(f"{name} (6)" for name in HOSTILE)}
        assert set(page.evaluate(TEXTS, "#chart-compared .annotation-text")) == set(HOSTILE)
        legend = page.evaluate(TEXTS, "#chart-compared .legendtext")
        assert set(legend) == {f"{name}, validation" for name in HOSTILE}
        assert page.evaluate("document.querySelectorAll('.chart a, .chart img').length") == 0
        assert page.evaluate("[...document.querySelectorAll('.chart *')].every((e) => !e.style.cursor.includes('url'))")
        for tick in page.query_selector_all("#chart-class-balance .xtick text"):
            tick.hover(force=True)


ATTACKS = {
    "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))": "inline",
    "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/t.png'}))": "https://evil.example/t.png",
    "fetch('https://evil.example/f').catch(() => 0)": "https://evil.example/f",
    "document.body.style.background = 'url(https://evil.example/b.png)'": "https://evil.example/b.png",
    "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')": "inline",
    "setTimeout(() => { try { new Function('window.ran = 1')() } catch { } })": "eval",
}


@needs_chromium
def test_the_policy_lets_nothing_run_and_nothing_be_asked_for(page_file):
    refused, ran = {}, []
    with opened(page_file, attacked=True) as page:
        page.evaluate(
            "addEventListener('securitypolicyviolation', (event) => (window.told ??= []).push(event.blockedURI))"
        )
        for attack in ATTACKS:
            page.evaluate(f"window.told = []; {attack}")
            page.wait_for_timeout(100)
            refused[attack] = page.evaluate("window.told")
        ran.append(page.evaluate("window.ran ?? 'nothing'"))
    assert [attack for attack, told in refused.items() if ATTACKS[attack] not in told] == []
    assert ran == ["nothing"]


def test_plotly_is_in_a_page_whole_and_once_and_only_where_there_are_charts(page_file):
    page = page_file.read_text("utf-8")
    (packed,) = re.findall(r'<script type="text/plain" id="plotly">([^<]+)</script>', page)
    whole = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    assert gzip.decompress(base64.b64decode(packed)) == whole
    assert len(page) < 0.45 * len(whole)
    for each, scripts in ((page, 2), (render_overview([]), 1)):
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', each)
        rules = dict(rule.split(" ", 1) for rule in unescape(policy).split("; "))
        assert rules["default-src"] == "'none'"
        assert re.fullmatch(rf"('sha256-[^' ]+' ?){{{scripts}}}", rules["script-src"])
