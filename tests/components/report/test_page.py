import pytest
from browser import charts, column, needs_chromium, opened
from report_samples import NASTY, curves

from components.answering import Answering
from components.column_roles import LEFT_OUT, ColumnUse
from components.ingest.report import Conflicts, Duplicate
from components.operating_point import AtRecall
from components.outcome import Failure, Scores, Step, Yardstick
from components.report.charts import evaluation_charts
from components.report.config import ModelCard
from components.report.page import render
from components.report.review import DataReview, Metric, Mistake, Mistakes, Review, Sample, TrainingReview
from components.report.run_view import Origin, RunView, Served


@pytest.fixture
def page_file(review, run_view, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(review, run_view), encoding="utf-8")
    return path


@needs_chromium
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 390)])
def test_every_chart_is_drawn_and_nothing_is_wider_than_the_screen(page_file, dark, width):
    with opened(page_file, dark=dark, width=width) as page:
        drawn = charts(page)
        assert set(drawn) == {
            *("slices", "roc", "precision-recall", "calibration", "class-balance", "waterfall"),
            *("training-loss", "training-accuracy", "training-learning_rate", "training-seconds"),
        }
        assert all(drawn.values()), drawn
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # What a row is about isn't written letter by letter, one below the other.
        for table in "metrics", "classes", "confusion":
            assert page.evaluate(f"{table}.tBodies[0].rows[0].cells[0].getBoundingClientRect().width") > 80
        # Value and bound of a check are in sight without moving anything sideways.
        for name in "Value", "Bound":
            right = page.evaluate(f"document.querySelector('#checks [data-name={name}]').getBoundingClientRect().right")
            assert 0 < right <= width


@needs_chromium
def test_names_of_the_data_are_text_and_never_run(page_file):
    with opened(page_file) as page:
        assert page.evaluate("document.querySelectorAll('script').length") == 5
        assert "</script><script>alert('x')</script>" in page.inner_text("#slices")
        assert "</script><script>alert('x')</script>.jpg" in page.inner_text("#data")


@needs_chromium
def test_a_table_is_sorted_by_number_and_back(page_file):
    with opened(page_file) as page:
        page.click("#metrics th:nth-child(2) button")
        assert column(page, "metrics", 1) == ["100", "60", "40", "8"]
        page.click("#metrics th:nth-child(2) button")
        assert column(page, "metrics", 1) == ["8", "40", "60", "100"]
        assert page.get_attribute("#metrics th:nth-child(2)", "aria-sort") == "ascending"


@needs_chromium
def test_each_class_has_a_row_that_is_sorted_too(page_file):
    with opened(page_file) as page:
        rows = page.evaluate(
            "[...classes.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.dataset.value))"
        )
        assert [row[:2] for row in rows] == [["dog", "40"], [NASTY, "60"]]
        assert [float(value) for value in rows[0][2:]] == pytest.approx([25 / 35, 25 / 40, 50 / 75])
        page.click("#classes th:nth-child(4) button")
        assert column(page, "classes", 1) == ["60", "40"]  # by recall


@needs_chromium
def test_slices_are_filtered_by_their_names(page_file):
    with opened(page_file) as page:
        page.fill("#filter", "LABEL=d")
        assert column(page, "metrics", 0) == ["label=dog"]
        assert page.inner_text("#shown") == "1 of 4 shown"


@needs_chromium
def test_the_slider_shows_the_confusion_matrix_of_its_threshold(page_file):
    with opened(page_file) as page:
        cells = [f"#slider-{name}" for name in ("tp", "fp", "tn", "fn")]
        assert [page.inner_text(cell) for cell in cells] == ["50", "15", "25", "10"]
        assert page.inner_text("#slider-rates").startswith("Accuracy 0.7500, precision 0.7692, recall 0.8333")
        page.evaluate("slider.value = 0; slider.dispatchEvent(new Event('input'))")
        assert [page.inner_text(cell) for cell in cells] == ["60", "40", "0", "0"]


@needs_chromium
def test_the_page_has_what_a_screen_reader_needs(page_file):
    with opened(page_file) as page:
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        assert page.evaluate("[...document.querySelectorAll('.chart')].every((chart) => chart.ariaLabel.length > 20)")
        assert page.evaluate("[...document.querySelectorAll('img')].every((image) => image.alt)")
        unnamed = "[...document.querySelectorAll('input, select')].filter((field) => !field.labels.length).length"
        assert page.evaluate(unnamed) == 0


def test_what_its_author_says_of_the_model_is_shown_and_the_commit(review, run_view):
    page = render(review, run_view)
    assert "card.intended_use" in page
    assert "Of commit <code>1a2b3c4d5e6f, and 2 files changed since</code>." in page
    card = ModelCard(intended_use="Sorting pets.", limitations=f"Blurred photos {NASTY}")
    page = render(review.model_copy(update={"card": card}), run_view)
    assert "<dt>For</dt><dd>Sorting pets.</dd>" in page
    assert "<dt>Limits</dt><dd>Blurred photos" in page
    assert "card.intended_use" not in page
    assert "Not for" not in page


@needs_chromium
def test_rows_are_named_and_what_was_passed_over_is_said():
    sample = Sample(label="dog", place="n 007", columns={"x": "0.5"})
    mistakes = Mistakes(
        seen=2, wrong={"dog": 1}, worst={"dog": (Mistake(sample=sample, predicted="cat", confidence=1),)}
    )
    data = DataReview(samples={"dog": (sample,)}, passed_over=3, first_passed_over=("SOURCE.txt", "b.md"))
    page = render(Review(pipeline="rows", data=data, mistakes=mistakes), None)
    assert page.count("<td>n 007</td>") == page.count(">Row<") == 2
    assert "these aren't files of rows: SOURCE.txt, b.md and 1 more." in page
    page = render(Review(pipeline="rows", data=DataReview(passed_over=1, first_passed_over=("SOURCE.txt",))), None)
    assert "this isn't a file of rows: SOURCE.txt." in page


def test_without_anything_the_page_says_what_is_missing(tmp_path):
    path = tmp_path / "report.html"
    run = RunView(status="failed", failure=Failure(cause="no photos", place="DataGate", cure="add some"))
    path.write_text(render(Review(pipeline="pets"), run), encoding="utf-8")
    with opened(path) as page:
        assert page.inner_text("#verdict") == "The run failed, and nothing was pushed: no photos (DataGate)"
        assert charts(page) == {}
        # What the run didn't come to has no empty section.
        assert page.evaluate("[...document.querySelectorAll('main section')].map((part) => part.id)") == ["data", "run"]
        assert page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash)") == ["#data", "#run"]


@needs_chromium
def test_a_cell_of_the_confusion_matrix_leads_to_its_mistakes(review, run_view, tmp_path):
    def mistake(actual, predicted):
        return Mistake(
            sample=Sample(label=actual, place=f"{actual} 1", columns={"x": "1"}), predicted=predicted, confidence=0.9
        )

    worst = {"dog": (mistake("dog", NASTY), mistake("dog", NASTY)), NASTY: (mistake(NASTY, "dog"),)}
    found = review.mistakes.model_copy(update={"worst": worst})
    path = tmp_path / "report.html"
    path.write_text(render(review.model_copy(update={"mistakes": found}), run_view), encoding="utf-8")
    with opened(path) as page:
        assert column(page, "confusion", 0) == ["dog", NASTY]
        # By the keyboard alone: to the link, and Enter.
        page.focus("#confusion tbody tr:nth-child(1) td a")
        page.keyboard.press("Enter")
        assert column(page, "wrong", 1) == ["dog", "dog"]
        assert page.inner_text("#pair-text") == f"dog predicted as {NASTY}: 2 of those shown here."
        assert page.evaluate("location.hash") == "#mistakes"
        page.focus("#every-pair")
        page.keyboard.press("Enter")
        assert len(column(page, "wrong", 1)) == 3
        assert not page.is_visible("#pair")


@needs_chromium
def test_slices_that_hold_all_examples_are_said_and_found_and_metrics_are_unfolded(review, run_view, tmp_path):
    overall = review.evaluation.slices[0]
    metrics = {**overall.metrics, "mcc": Metric(value=0.4)}
    slices = [
        each.model_copy(update={"metrics": {**each.metrics, "mcc": metrics["mcc"]}})
        for each in review.evaluation.slices
    ]
    evaluation = review.evaluation.model_copy(
        update={"slices": (*slices, slices[0].model_copy(update={"name": "format=JPEG"}))}
    )
    path = tmp_path / "report.html"
    path.write_text(render(review.model_copy(update={"evaluation": evaluation}), run_view), encoding="utf-8")
    with opened(path) as page:
        assert "format=JPEG" in page.inner_text("#folded-slices")
        assert column(page, "metrics", 0) == ["all examples", "place=here", "label=dog", f"label={NASTY}"]
        page.fill("#filter", "jpeg")
        assert column(page, "metrics", 0) == ["format=JPEG"]
        assert not page.is_visible("#metrics th:has-text('mcc')")
        page.check("#every-metric")
        assert page.is_visible("#metrics th:has-text('mcc')")


@needs_chromium
def test_a_failed_run_shows_first_what_was_set_aside_by_reason(review, tmp_path):
    data = review.data.model_copy(update={"reasons": {"… is no number": 161, "no label": 7}})
    steps = [Step(name=name, seconds=1, cached=False) for name in ("CsvExampleGen", "DataGate", "Trainer")]
    failure = Failure(cause="too much is quarantined", place="quarantine.jsonl")
    run = RunView(run_id="1", status="failed", failure=failure, steps=tuple(steps[:2]))
    # What fails later does so by something else.
    assert 'id="cause"' not in render(
        Review(pipeline="pets", data=data), run.model_copy(update={"steps": tuple(steps)})
    )
    path = tmp_path / "report.html"
    path.write_text(render(Review(pipeline="pets", data=data), run), encoding="utf-8")
    with opened(path) as page:
        parts = page.evaluate("[...document.querySelectorAll('main section')].map((part) => part.id)")
        assert parts == ["cause", "data", "changes", "run"]
        assert page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash.slice(1))") == parts
        assert " ".join(page.inner_text("#cause tbody").split()) == "161 … is no number 7 no label"
        assert page.inner_text("#not-reached") == "The run ended before training and evaluation."


@needs_chromium
def test_what_names_a_row_comes_first(review, tmp_path):
    columns = {"age": "3", "city": "b", "passenger": "7", "zone": "x"}
    uses = [
        ColumnUse(name="age", use="learned", kind="number"),
        ColumnUse(name="city", use="left out", why="not in transform.features"),
        ColumnUse(name="passenger", use="left out", why=LEFT_OUT["key"]),
        ColumnUse(name="zone", use="learned", kind="category"),
    ]
    row = Mistake(sample=Sample(label="dog", place="a.csv, line 3", columns=columns), predicted="cat", confidence=1)
    found = review.mistakes.model_copy(update={"worst": {"dog": (row,)}, "unsure": (row,)})
    data = review.data.model_copy(update={"columns": tuple(uses)})
    path = tmp_path / "report.html"
    path.write_text(render(review.model_copy(update={"mistakes": found, "data": data})), encoding="utf-8")
    with opened(path) as page:
        for table in "wrong", "unsure":
            heads = page.evaluate(f"[...{table}.tHead.rows[0].cells].map((cell) => cell.textContent)")
            assert heads == ["Row", "Actual", "Predicted as", "Confidence", "passenger", "age", "zone", "city"]


@pytest.mark.parametrize(
    ("settings", "model", "shown"),
    [
        ({}, "small", "<b>small</b>"),
        ({"trainer.base": "ResNet50V2"}, "", "<b>ResNet50V2</b>"),
        ({"trainer.base": "None"}, "", "<b>dense layers on the pixels</b>"),
    ],
)
def test_the_names_of_data_and_model_are_at_the_top(review, run_view, settings, model, shown):
    training = TrainingReview(curves=curves(model=model))
    page = render(
        review.model_copy(update={"training": training}),
        run_view.model_copy(update={"settings": settings, "data": "/photos/pets"}),
    )
    names = page[page.index('id="names"') : page.index("<h1>")]
    assert shown in names
    assert "<b>/photos/pets</b>" in names


@needs_chromium
def test_what_the_run_says_is_said_once(review, run_view, tmp_path):
    first = {"reason": "first run of this step", "cached": False}
    steps = tuple(step.model_copy(update=first) for step in run_view.steps)
    origins = [Origin(name=name, uri=f"/home/pets/{name}", run_id="1") for name in ("model", "data")]
    view = run_view.model_copy(
        update={"steps": steps, "lineage": tuple(origins), "home": "/home/pets", "command": "transferline run pets"}
        | {"settings": {"trainer.seed": "5", "trainer.rate": "1"}, "own_settings": ("trainer.seed", "gone")}
    )
    path = tmp_path / "report.html"
    path.write_text(render(review, view), encoding="utf-8")
    with opened(path) as page:
        text = page.inner_text("#run")
        assert [text.count(each) for each in ("first run of this step", "/home/pets", "in run 1")] == [1, 1, 1]
        assert page.inner_text("#command") == "transferline run pets"
        assert page.evaluate("document.getElementById('own-settings').textContent") == "trainer.seed5"
        assert page.evaluate("settings.textContent") == "trainer.rate1"


def test_a_curve_of_one_point_looks_like_what_it_is(evaluation):
    points = tuple(
        point.model_copy(
            update={"true_positives": 60, "false_positives": 40, "true_negatives": 0, "false_negatives": 0}
        )
        for point in evaluation.plots[0].thresholds
    )
    plots = (evaluation.plots[0].model_copy(update={"thresholds": points}), *evaluation.plots[1:])
    found = {chart.name: chart for chart in evaluation_charts(evaluation.model_copy(update={"plots": plots}))}
    assert "single point" in found["precision-recall"].summary
    assert found["precision-recall"].traces[0]["mode"] == "lines+markers"


def test_a_run_that_pushed_nothing_says_what_is_still_served(review, run_view, tmp_path):
    served = run_view.model_copy(update={"served": Served(version="17")})
    assert "Still served: version 17." in render(review.model_copy(update={"evaluation": None}), served)
    assert "<dt>Still served</dt>" in render(review, served)
    pushed = review.model_copy(update={"pushed_to": "/pushed/18"})
    assert "<dt>Served before</dt>" in render(pushed, served)


def test_the_page_stays_small(page_file):
    assert page_file.stat().st_size < 15e6


def test_a_curve_that_ran_away_is_drawn_as_far_as_it_is_finite(review, tmp_path):
    found = curves(metrics={**curves().metrics, "val_loss": (0.7, 0.5, float("inf"), float("nan"))})
    page = render(review.model_copy(update={"training": TrainingReview(curves=found)}))
    assert '"y":[0.7,0.5,null,null]' in page


def test_what_each_column_is_used_for_is_said_and_at_the_top_what_is_not_learned_from(review, run_view):
    uses = (
        ColumnUse(name="width", use="learned", kind="number", sliced=True),
        ColumnUse(name=NASTY, use="left out", why="named like a key"),
    )
    columns = {column.name: column for column in review.data.statistics}
    text = columns[NASTY].model_copy(update={"estimated": True})
    data = review.data.model_copy(update={"columns": uses, "statistics": (columns["width"], text)})
    training = review.training.model_copy(
        update={"curves": curves(model="trees", fitted_rows=1_000, training_rows=2_000)}
    )
    page = render(review.model_copy(update={"data": data, "training": training}), run_view)
    header = page[page.index("<header") : page.index("</header>")]
    assert "Not learned from: &lt;/script&gt;" in header
    assert "(named like a key)." in header
    statistics = page[page.index('<table id="statistics">') :]
    assert "learned from as a number; sliced by" in statistics
    assert "not learned from: named like a key" in statistics
    assert "about 2 unique" in statistics
    assert 'id="estimated"' in statistics
    assert "was trained on 1,000 of 2,000 training rows" in page
    assert 'id="not-learned"' not in render(review, run_view)
    assert 'id="estimated"' not in render(review, run_view)


def test_rows_in_conflict_are_named_with_their_places(review, run_view):
    group = Duplicate(places=("train/a: x.csv, line 2", "train/<b>: x.csv, line 9"), splits=("train",), labels=())
    found = Conflicts(groups=1, records=2, outvoted=1, first=(group,))
    page = render(review.model_copy(update={"data": review.data.model_copy(update={"conflicts": found})}), run_view)
    assert "<li>train/a: x.csv, line 2 ≠ train/&lt;b&gt;: x.csv, line 9</li>" in page
    assert page.count("2 of 128 records (1.6%) conflict with another one") == 2
    none = review.model_copy(update={"data": review.data.model_copy(update={"conflicts": Conflicts()})})
    assert "No records with the same inputs and different labels." in render(none, run_view)


@pytest.mark.parametrize("asked", [None, AtRecall(recall=0.8)])
def test_the_accuracy_of_a_model_with_a_cut_is_not_to_be_compared(review, run_view, asked):
    scores = Scores(accuracy=0.98, auc=0.9, crossentropy=0.1)
    yardstick = Yardstick(fitted_rows=10, training_rows=10, test_rows=5, seed=0, models={"trees": scores})
    evaluation = review.evaluation.model_copy(update={"answering": Answering(cut=0.02, operating_point=asked)})
    page = render(review.model_copy(update={"evaluation": evaluation, "yardstick": yardstick}), run_view)
    assert ("this model by a cut of its own" in page) == (asked is not None)
