"""A number to predict: from a table with prices to a pushed model, judged, reported and used."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from browser import charts, column, needs_chromium, opened

import transferline
from components.arrow import pa, parquet
from components.task import read_task

ROWS = 900
CATALOG = """
from pipeline.config import (
    MLP, Category, CsvData, Date, Evaluation, MLPTraining, Number, RowPipeline, RowSplit, RowTransform, Threshold, Trees
)

FEATURES = {
    "area": Number(scale="log"),
    "rooms": Category(),
    "Town or village": Category(),
    "sold": Date(parts=("year", "month")),
}

CONFIG = RowPipeline(
    name="houses",
    task="regression",
    data=CsvData(
        label="price", delimiter=";", dates={"sold": "iso"}, id=("house",),
        split=RowSplit(train=0.6, eval=0.2, test=0.2, key=tuple(FEATURES)),
    ),
    transform=RowTransform(features=FEATURES),
    trainer=MLPTraining(
        models={"trees": Trees(iterations=100), "net": MLP(widths=(16,))},
        label_scale="log", learning_rate=0.01, batch_size=50, max_epochs=60, patience=15,
    ),
    evaluation=Evaluation(
        thresholds=(Threshold(metric="r2", at_least=0.5), Threshold(metric="rmse", at_most=200_000, max_rise=50_000)),
        slices=("Town or village",),
        better_than_guessing=True,
    ),
)
"""
BAD = {
    "bad 1": ("95,5;3;Rome;2020-05-01;250000", "area: '95,5' is no number; if its comma stands before a fraction, "),
    "bad 2": ("95.5;3;Rome;2020-05-01;", "the label price is missing"),
    "bad 3": ("95.5;3;Rome;2020-05-01;cheap", "price: 'cheap' is no number"),
}


def houses(rows, seed=0):
    """The price hangs on all columns, by factors; some towns and areas aren't known."""
    rng = np.random.default_rng(seed)
    area, rooms = rng.lognormal(4.5, 0.4, rows).round(1), rng.integers(1, 7, rows)
    town = rng.choice(["Rome", "Bonn", "Köln", ""], rows, p=[0.4, 0.3, 0.2, 0.1])
    year = rng.integers(2015, 2025, rows)
    factor = pd.Series(town).map({"Rome": 1.6, "Bonn": 1.0, "Köln": 1.2, "": 1.0}).to_numpy()
    price = 2000 * area * factor * 1.03 ** (year - 2015) * (1 + 0.05 * (rooms == 3)) * np.exp(rng.normal(0, 0.1, rows))
    return pd.DataFrame(
        {
            "house": [f"h{n}" for n in range(rows)],
            "area": np.where(rng.random(rows) < 0.05, np.nan, area),
            "rooms": rooms,
            "Town or village": town,
            "sold": [f"{each}-{month:02d}-15" for each, month in zip(year, rng.integers(1, 13, rows), strict=True)],
            "price": price.round(),
        }
    )


@pytest.fixture(scope="module")
def catalog(home):
    (home.path / "houses.py").write_text(CATALOG)
    table = houses(ROWS).to_csv(sep=";", index=False)
    (home.path / "houses.csv").write_text(table + "".join(f"{key};{line}\n" for key, (line, _) in BAD.items()))
    return home.path / "houses.py"


@pytest.fixture(scope="module")
def run(home, catalog):
    """What the command said, and the run's record."""
    done = home.forked("run", catalog, "--data-dir", home.path / "houses.csv")
    return done, json.loads(home.here("runs", catalog, "--json").stdout)[0]


@pytest.fixture(scope="module")
def artifacts(home, run):
    """Returns a function that finds the one folder of an output."""

    def find(step, output):
        (folder,) = (home.path / "transferline" / "houses" / "artifacts" / step / output).iterdir()
        return folder

    return find


@pytest.fixture(scope="module")
def new_rows(home, run):
    """Rows without a price, one with a town that nobody knew, and one with nothing but a key; in three files."""
    rows = houses(30, seed=1).drop(columns="price")
    rows.loc[3, "Town or village"] = "Atlantis"
    rows = rows.astype({"rooms": "Int64"})
    rows.loc[4, ["area", "rooms"]] = None
    rows.loc[4, ["Town or village", "sold"]] = None
    rows.to_csv(home.path / "new.csv", sep=";", index=False)
    as_objects = rows.astype(object).where(rows.notna(), None).to_dict("records")
    (home.path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in as_objects))
    parquet.write_table(pa.Table.from_pylist(as_objects), home.path / "new.parquet")
    return rows


def test_the_model_is_pushed_and_every_row_accounted_for(run, artifacts):
    done, record = run
    assert record["status"] == "pushed", done.stdout
    assert done.stdout.count("Not learned from: house (names the rows (data.id)).") == 1
    assert "Not learned from: house (names the rows (data.id))." in Path(record["report"]).read_text()
    counts = record["counts"]
    assert counts["quarantined"] == len(BAD)
    assert sum(counts.values()) == ROWS + len(BAD)
    lines = (artifacts("CsvExampleGen", "ingest_report") / "quarantine.jsonl").read_text().splitlines()
    reasons = [json.loads(line)["reason"] for line in lines]
    assert [found.startswith(reason) for found, (_, reason) in zip(reasons, BAD.values(), strict=True)] == [True] * 3
    assert 'set data.decimal to ","' in reasons[0]


def test_the_best_model_by_the_squared_error_is_exported_as_the_tuner_trained_it(artifacts):
    results = artifacts("Tuner", "tuner_results")
    curves = {path.name: json.loads((path / "training.json").read_text()) for path in (results / "models").iterdir()}
    lowest = {name: min(each["metrics"]["val_mse"]) for name, each in curves.items()}
    assert set(lowest) == {"trees", "net"}
    assert max(lowest.values()) < 0.5
    exported = json.loads((artifacts("Trainer", "model_run") / "training.json").read_text())
    assert (exported["model"], exported["trained_by"]) == (min(lowest, key=lowest.get), "Tuner")


def test_the_schema_has_a_number_and_no_classes(artifacts):
    text = (artifacts("RowSchemaGen", "schema") / "schema.pbtxt").read_text()
    (label,) = (part for part in text.split("\nfeature {") if 'name: "label"' in part)
    assert "type: FLOAT" in label
    assert "domain" not in label
    assert not list(artifacts("Transform", "transform_graph").rglob("class_names.json"))


def test_the_pushed_model_says_what_it_predicts(run, artifacts):
    _, record = run
    report = json.loads((artifacts("CsvExampleGen", "ingest_report") / "report.json").read_text())
    train = report["label_ranges"]["train"]
    task = read_task(record["model_uri"])
    assert (task.task, task.label, task.lowest, task.highest) == (
        "regression", "price", train["lowest"], train["highest"],
    )  # fmt: skip


def test_the_run_says_where_the_model_stands_beside_simple_ones(run):
    done, record = run
    scores = record["yardstick"]["models"]
    assert scores["ridge regression"]["rmse"] < scores["guessing"]["rmse"]
    assert scores["trees"]["rmse"] < scores["guessing"]["rmse"]
    assert abs(scores["guessing"]["r2"]) < 0.1
    (line,) = (line for line in done.stdout.splitlines() if line.strip().startswith("R2: this model "))
    assert line.removesuffix(" (as in training)").split(", ") == [
        f"  R2: this model {record['metrics']['r2']:.4f}",
        *(f"{name} {scores[name]['r2']:.4f}" for name in ("trees", "ridge regression", "guessing")),
    ]


def test_the_decision_holds_the_errors_against_always_predicting_the_mean(run, artifacts):
    done, record = run
    first, *others = record["thresholds"]
    assert (first["kind"], first["metric"], first["passed"]) == ("better_than_guessing", "rmse", True)
    assert first["low"] < first["bound"] ** 2 - first["value"] ** 2 < first["high"]
    assert first["value"] == record["metrics"]["rmse"]
    assert {(check["metric"], check["kind"]) for check in others} == {
        ("r2", "at_least"),
        ("rmse", "at_most"),
        ("rmse", "max_rise"),
    }
    decision = json.loads((artifacts("Evaluator", "evaluation") / "decision.json").read_text())
    assert decision["metrics"] == record["metrics"]
    guessing = (line.split() for line in done.stdout.splitlines() if "guessing" in line and "pass" in line)
    assert [words[0] for words in guessing] == ["rmse"]


def test_evaluate_finds_on_the_test_split_what_the_evaluator_found(home, run, catalog, artifacts):
    _, record = run
    files = sorted(str(path) for path in (artifacts("CsvExampleGen", "examples") / "Split-test").glob("*.gz"))
    examples = map(tf.train.Example.FromString, tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
    tested = {each.features.feature["row/place"].bytes_list.value[0].decode().split()[-1] for each in examples}
    rows = houses(ROWS)
    rows[rows["house"].isin(tested)].to_csv(home.path / "tested.csv", sep=";", index=False)
    done = home.here("evaluate", catalog, home.path / "tested.csv", "--json")
    result = json.loads(done.stdout)
    assert (result["evaluated"], result["quarantined"], result["label"]) == (record["counts"]["test"], 0, "price")
    found = {name: metric["value"] for name, metric in result["metrics"].items()}
    assert found == pytest.approx({name: record["metrics"][name] for name in found}, rel=1e-6)
    assert len(found) == 6
    assert result["guessing"] == pytest.approx(record["thresholds"][0]["bound"], rel=1e-6)
    said = home.here("evaluate", catalog, home.path / "tested.csv").stdout
    assert f"Always predicting the mean has an rmse of {result['guessing']:,.0f}." in said


def test_the_predictions_of_the_test_are_written_to_a_file(home, run, catalog):
    _, record = run
    out = home.path / "predictions.csv"
    done = home.here("report", catalog, "--run", record["run_id"], "--predictions", out)
    assert done.stdout == f"{record['counts']['test']:,} predictions of the test written to {out}\n"
    written = pd.read_csv(out)
    assert list(written.columns) == ["example", "place", "label", "predicted", "error"]
    assert list(written["example"]) == list(range(1, record["counts"]["test"] + 1))
    assert np.sqrt((written["error"] ** 2).mean()) == pytest.approx(record["metrics"]["rmse"], rel=1e-6)
    price = houses(ROWS).set_index("house")["price"]
    places = written["place"].str.split().str[-1]
    assert places.is_unique
    assert np.allclose(written["label"], [float(price[place]) for place in places])
    shown = re.search('id="predictions-command">([^<]*)', Path(record["report"]).read_text())[1]
    given = ["--run", record["run_id"], "--predictions", "predictions.csv"]
    assert shlex.split(shown) == ["transferline", "report", str(catalog), *given]


def test_runs_are_listed_by_the_error(run, home, catalog):
    _, record = run
    lines = home.here("runs", catalog).stdout.splitlines()
    assert {"rmse", "r2"} <= set(lines[0].split())
    assert any(f"{record['metrics']['rmse']:,.0f}" in line.split() for line in lines)


@needs_chromium
@pytest.mark.parametrize("width", [1200, 390])
def test_the_report_shows_predicted_against_actual_and_the_worst_rows(run, width):
    _, record = run
    with opened(record["report"], width=width) as page:
        drawn = charts(page)
        assert {"predicted-actual", "residuals", "label", "slices", "compared", "training-loss"} <= set(drawn)
        assert all(drawn.values()), drawn
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        names = page.evaluate("[...document.querySelectorAll('#tiles dt')].map((name) => name.textContent)")
        values = page.evaluate("[...document.querySelectorAll('#tiles .value')].map((value) => value.textContent)")
        assert dict(zip(names, values, strict=True)) == {
            "RMSE of price": f"{record['metrics']['rmse']:,.0f}",
            "Guessing": values[1],
            "Served before": "nothing",
            "Test examples": str(record["counts"]["test"]),
        }
        assert "best simple model:" in page.inner_text("#tiles")
        assert all(place.startswith("house h") for place in column(page, "misses", 0))
        errors = [abs(float(error)) for error in column(page, "misses", 1)]
        assert errors == sorted(errors, reverse=True)
        assert max(errors) >= record["metrics"]["absolute_error_p90"]


def test_predict_gives_the_number_of_rows_in_any_form(home, catalog, new_rows):
    found = {}
    for ending in ("csv", "jsonl", "parquet"):
        done = home.here("predict", catalog, home.path / f"new.{ending}", "--json")
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        found[ending] = {each["id"]["house"]: each["prediction"] for each in said}
        assert "there is no value in any column that the model learned from" in done.stderr
        assert "'Town or village' has a value that training didn't have in 1 of " in done.stderr
        assert "such as 'Atlantis'" in done.stderr
    out = home.path / "new_out.csv"
    done = home.here("predict", catalog, home.path / "new.csv", "--max-unseen", 0.01, "--out", out)
    assert done.returncode == 1
    assert "none that training had: Town or village" in done.stderr
    assert not out.exists()
    assert found["csv"] == found["jsonl"] == found["parquet"]
    assert sorted(found["csv"]) == sorted(set(new_rows["house"]) - {"h4"})
    expected = houses(30, seed=1).set_index("house")["price"]
    errors = np.log(pd.Series(found["csv"])) - np.log(expected.drop("h4"))
    assert errors.abs().median() < 0.25


def test_a_clean_process_gives_the_numbers_that_predict_does(home, run, catalog, new_rows, tmp_path):
    _, record = run
    said = home.here("predict", catalog, home.path / "new.jsonl", "--json").stdout.splitlines()
    expected = {each["id"]["house"]: each["prediction"] for each in map(json.loads, said)}
    code = (
        "import json, sys, numpy as np, tensorflow as tf\n"
        "rows = [json.loads(line) for line in open(sys.argv[2])]\n"
        "inputs = json.load(open(sys.argv[1] + '/assets.extra/inputs.json'))\n"
        "kinds = {'float': np.float32, 'int': np.float64, 'string': str, 'date': str}\n"
        "def value(row, name, kind):\n"
        "    found = row.get(name)\n"
        "    return ('' if kind is str else np.nan) if found is None else kind(found)\n"
        "columns = {each['input']: tf.constant([value(row, name, kinds[each['type']]) for row in rows],\n"
        "                                      tf.string if kinds[each['type']] is str else kinds[each['type']])\n"
        "           for name, each in inputs.items()}\n"
        "answer = tf.saved_model.load(sys.argv[1]).signatures['columns'](**columns)['prediction'].numpy()\n"
        "print(json.dumps({row['house']: float(str(each)) for row, each in zip(rows, answer)}))\n"
        "assert 'components' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code, record["model_uri"], str(home.path / "new.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert {name: answers[name] for name in expected} == expected


def test_python_answers_as_the_command_does(home, catalog, run, new_rows):
    pipeline = transferline.load(catalog, output_dir=home.path / "transferline")
    by_frame = pipeline.predict(new_rows)
    by_file = pipeline.predict(home.path / "new.csv")
    assert list(by_frame.columns) == ["prediction", "fault"]
    assert list(by_file.columns) == ["file", "row", "house", "prediction", "fault"]
    done = by_frame[by_frame.fault == ""]
    assert done.prediction.tolist() == by_file.prediction.dropna().tolist()
    assert by_frame.fault[4] == "there is no value in any column that the model learned from"


def test_labels_beyond_those_of_the_training_rows_and_what_columns_must_not_have_stop_a_run(home, catalog):
    """The file is sorted by the price, and split in its order."""
    rows = houses(300, seed=2).sort_values("price")
    rows.iloc[-1, [2, 3]] = [9, "Atlantis"]
    rows.to_csv(home.path / "sorted.csv", sep=";", index=False)
    split = json.dumps({"by": "rows", "eval_rows": 60, "test_rows": 60})
    settings = (f"data.split={split}", "gate.max_unseen=0", "gate.max_missing=0.001")
    options = [word for setting in settings for word in ("--set", setting)]
    done = home.forked("run", catalog, "--data-dir", home.path / "sorted.csv", *options)
    assert done.returncode == 1
    cause = json.loads(home.here("runs", catalog, "--json").stdout)[0]["error"]["cause"]
    assert "60 of 60 labels in test (100.0%) lie outside of those in train" in cause
    assert "more than gate.max_labels_outside=5.0% allows" in cause
    assert "'sorted.csv, line 301'" in cause
    assert (
        "feature 'Town or village' in test: expected text or bytes, one of 'Bonn', 'Köln', 'Rome', "
        "for 100.0% of the values or more, in 99.9% of the records or more; seen: "
    ) in cause
    assert "values missing from the schema: Atlantis" in cause
    assert "'rooms' has a value that train doesn't have, such as '9', in 1 of 60 records of test (1.7%)" in cause
    assert "feature 'area' in train: expected numbers, in 99.9% of the records or more; seen: " in cause


def test_what_means_classes_only_is_refused_by_name(home, catalog):
    done = home.here("run", catalog, "--set", "trainer.calibrate=true")
    assert done.returncode == 1
    assert 'trainer.calibrate: that is of classes, and task="regression" predicts a number' in done.stderr


def test_a_label_that_is_text_is_told_before_anything_is_trained(home, catalog):
    rows = houses(60, seed=3)
    rows["price"] = [f"{price:.2f}".replace(".", ",") for price in rows["price"]]
    path = home.path / "commas.csv"
    rows.assign(area=rows["area"].map("{:.1f}".format).str.replace(".", ",").replace("nan", "")).to_csv(
        path, sep=";", index=False
    )
    done = home.forked("run", catalog, "--data-dir", path)
    assert done.returncode == 1
    cause = json.loads(home.here("runs", catalog, "--json").stdout)[0]["error"]["cause"]
    assert "60 of 60 records (100.0%) are quarantined" in cause
    assert 'set data.decimal to ","' in cause
    assert Path(path).exists()
