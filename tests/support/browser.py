"""A page in a real browser: Chromium without a screen."""

import os
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium; `make browser` installs it")
MARKS = ".cartesianlayer .point, .cartesianlayer path.js-line, .cartesianlayer .heatmaplayer image"  # not the legend's


@contextmanager
def opened(path, *, dark=False, width=1280, attacked=False):
    """Opens a file, waits until every chart is drawn, and fails at its end if the console had an error.

    Args:
        path: The file.
        dark: As the screen is.
        width: Of the window, in pixels.
        attacked: Whether the test does what the page's policy refuses, of which the console tells.

    Yields:
        Playwright's page.
    """
    complaints = []
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which tests in containers are.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(("file", "data")) else 0
        )
        page.goto(f"file://{path}")
        page.wait_for_selector("html[data-drawn=yes]", timeout=60_000)
        yield page
        browser.close()
    assert attacked or complaints == []


def charts(page):
    """Returns the number of drawn marks by chart."""
    script = f"""Object.fromEntries([...document.querySelectorAll('.chart')].map(
        (chart) => [chart.id.replace('chart-', ''), chart.querySelectorAll({MARKS!r}).length]))"""
    return page.evaluate(script)


def column(page, table, number):
    """Returns the data of a column of a table, as its rows are in the page."""
    return page.evaluate(
        "([table, number]) => [...document.getElementById(table).tBodies[0].rows]"
        ".filter((row) => !row.hidden).map((row) => row.cells[number].dataset.value ?? row.cells[number].textContent)",
        [table, number],
    )
