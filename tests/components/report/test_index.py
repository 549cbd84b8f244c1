"""The page over all runs of a pipeline, and the one over all pipelines of an output folder."""

from browser import charts, column, needs_chromium, opened

from components.report.index import history, render_index, render_overview
from components.report.run_view import PipelineLine, RunLine, time_of

DAYS = ("20260103T000000-00009", "20260102T000000-00008", "20260101T093000-00007")


def line(run_id, accuracy=None, **changes):
    settings = {
        "status": "pushed",
        "seconds": 10.0,
        "metrics": {} if accuracy is None else {"accuracy": accuracy, "example_count": 60},
        "intervals": {} if accuracy is None else {"accuracy": (accuracy - 0.1, accuracy + 0.1)},
        "bounds": {"accuracy": 0.5},
        "bound_texts": {"accuracy": "0.5"},
        "counts": {"train": 5},
        "settings": {"trainer.seed": run_id[:8], "name": "pets"},
        "outcome": "/pushed/1",
        "report": f"{run_id}.html",
    }
    return RunLine(run_id=run_id, **{**settings, **changes})


def test_a_time_is_read_from_a_run_id():
    assert time_of(DAYS[2]) == "2026-01-01 09:30 UTC"
    assert [time_of(name) for name in ("", "manual", "20269901T000000-00001")] == [""] * 3


@needs_chromium
def test_the_index_links_runs_with_dates_intervals_and_bounds_and_sets_two_side_by_side(tmp_path):
    path = tmp_path / "index.html"
    runs = [line(DAYS[0], 0.8, mark="served"), line(DAYS[1], status="failed"), line(DAYS[2], 0.7, mark="rolled back")]
    path.write_text(render_index("pets", runs), encoding="utf-8")
    with opened(path) as page:
        assert page.get_attribute("#runs a", "href") == f"{DAYS[0]}.html"
        first = page.inner_text("#runs tbody tr")
        for said in ("2026-01-03 00:00 UTC", "served now", "0.8000", "0.7000 to 0.9000", "0.5"):
            assert said in first
        assert "rolled back" in page.inner_text("#runs tbody tr:nth-child(3)")
        assert charts(page)["history-accuracy"] > 0
        page.select_option("#left", DAYS[2])
        rows = page.evaluate("[...compare.tBodies[0].rows].map((row) => [...row.cells].map((c) => c.textContent))")
        assert rows == [["accuracy", "0.7000", "0.8000"], ["trainer.seed", "20260101", "20260103"]]
        page.uncheck("#differing")
        assert len(column(page, "compare", 0)) == 7


@needs_chromium
def test_one_run_has_no_chart_of_one_dot_and_is_not_compared_with_itself(tmp_path):
    path = tmp_path / "index.html"
    path.write_text(render_index("pets", [line(DAYS[0], 0.8)]), encoding="utf-8")
    assert path.stat().st_size < 100_000  # without charts, nothing that draws them
    with opened(path, width=390) as page:
        assert charts(page) == {}
        assert page.query_selector("#compare") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "0.8000" in page.inner_text("#runs")


def test_over_time_a_metric_has_its_interval_its_bound_and_what_became_of_the_model():
    runs = [line(DAYS[2], 0.7, mark="rolled back"), line(DAYS[1], 0.71), line(DAYS[0], 0.8, bounds={}, mark="served")]
    (chart,) = history(runs)
    values, bounds = chart.traces
    assert values["y"] == [0.7, 0.71, 0.8]
    assert [round(reach, 6) for reach in values["error_y"]["arrayminus"]] == [0.1] * 3
    assert values["marker"]["symbol"] == ["x", "circle", "star"]
    assert bounds["y"] == [0.5, 0.5, None]
    assert chart.layout["xaxis"]["ticktext"][0] == "2026-01-01 09:30"
    assert "A star is the model that is served, from 2026-01-03 00:00 UTC." in chart.summary
    low, high = next(
        history([line(DAYS[1], 0.9000, intervals={}, bounds={}), line(DAYS[0], 0.9001, intervals={}, bounds={})])
    ).layout["yaxis"]["range"]
    assert high - low > 0.04  # a difference of a ten-thousandth is no cliff


def test_what_checks_bound_has_a_column_and_of_unbalanced_classes_it_is_the_first():
    metrics = {"accuracy": 0.9, "auc": 0.8, "balanced_accuracy": 0.7, "mcc": 0.4, "example_count": 60}
    page = render_index("pets", [line(DAYS[0], metrics=metrics, bounds={"auc": 0.6})])
    names = ("Accuracy", "AUC", "Balanced accuracy", "Bound")
    assert [page.count(f'data-name="{name}"') for name in names] == [1, 1, 0, 1]
    unbalanced = line(DAYS[0], metrics=metrics, bounds={"balanced_accuracy": 0.5})
    page = render_overview([PipelineLine(name="pets", runs=1, last=unbalanced)])
    assert "Balanced accuracy 0.7000" in page


@needs_chromium
def test_all_pipelines_are_listed_with_what_their_last_run_came_to(tmp_path):
    rows = [
        PipelineLine(
            name="pets", runs=3, last=line(DAYS[0], 0.8), served="17", served_since="then", link="pets/i.html"
        ),
        PipelineLine(name="<b>", runs=1, last=line(DAYS[1], status="failed", outcome="No <photos>.")),
    ]
    path = tmp_path / "index.html"
    path.write_text(render_overview(rows), encoding="utf-8")
    with opened(path, dark=True, width=390) as page:
        assert column(page, "pipelines", 0) == ["pets", "<b>"]
        first, second = (page.inner_text(f"#pipelines tbody tr:nth-child({number})") for number in (1, 2))
        assert "0.7000 to 0.9000" in first
        assert "since then" in first
        assert "No <photos>." in second
        assert page.get_attribute("#pipelines a", "href") == "pets/i.html"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
