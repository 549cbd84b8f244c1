"""Rows from a CSV file to a pushed model, with several models compared on the way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import noise

COLUMNS = 28
QUICK = ("--set", "trainer.max_epochs=15", "--set", "trainer.patience=5", "--set", "source.rows=4000")
THRESHOLDS = (
    {"metric": "auc", "at_least": 0.5},
    {"metric": "auc", "slice": "m_bb_quartile", "at_least": 0},
)
ANY_MODEL = ("--set", f"evaluation.thresholds={json.dumps(THRESHOLDS)}")


@pytest.fixture(scope="module")
def first_run(home):
    done = home.on_terminal("run", "higgs_toy", *QUICK, *ANY_MODEL)
    return done, home.runs("higgs_toy")[0]


def test_several_models_are_compared_and_the_best_is_pushed(first_run, home):
    done, record = first_run
    assert done.returncode == 0, done.text
    assert record["status"] == "pushed"
    assert record["counts"] == {"train": 2000, "eval": 1000, "test": 1000, "quarantined": 0, "unused": 0}
    steps = [step["name"] for step in record["steps"]]
    assert steps.index("CsvExampleGen") < steps.index("DataGate") < steps.index("Tuner") < steps.index("Trainer")
    assert {"accuracy", "auc", "crossentropy", "calibration"} <= set(record["metrics"])
    (results,) = (home.path / "transferline" / "higgs_toy" / "artifacts" / "Tuner" / "tuner_results").iterdir()
    curves = {path.name: json.loads((path / "training.json").read_text()) for path in (results / "models").iterdir()}
    assert set(curves) == {"tiny", "small", "medium"}
    lowest = {name: min(each["metrics"]["val_binary_crossentropy"]) for name, each in curves.items()}
    (run,) = (home.path / "transferline" / "higgs_toy" / "artifacts" / "Trainer" / "model_run").iterdir()
    exported = json.loads((run / "training.json").read_text())
    assert exported["model"] == min(lowest, key=lowest.get)


def test_the_run_says_where_the_model_stands_beside_simple_ones(first_run):
    done, record = first_run
    yardstick = record["yardstick"]
    assert (yardstick["fitted_rows"], yardstick["training_rows"], yardstick["test_rows"]) == (2000, 2000, 1000)
    scores = yardstick["models"]
    assert scores["trees"]["auc"] > 0.8 > scores["guessing"]["auc"] == 0.5
    assert "On the same 1,000 test rows, fitted on 2,000 training rows:" in done.lines
    (line,) = (line for line in done.lines if line.startswith("  accuracy: this model "))
    assert line.removesuffix(" (as in training)").split(", ") == [
        f"  accuracy: this model {record['metrics']['accuracy']:.4f}",
        *(f"{name} {scores[name]['accuracy']:.4f}" for name in ("trees", "logistic regression", "guessing")),
    ]
    page = Path(record["report"]).read_text()
    assert 'id="yardstick"' in page
    assert f"{scores['trees']['crossentropy']:.4f}" in page


def test_what_the_tuner_trained_is_not_trained_again(first_run, home):
    done, record = first_run
    artifacts = home.path / "transferline" / "higgs_toy" / "artifacts"
    (run,) = (artifacts / "Trainer" / "model_run").iterdir()
    exported = json.loads((run / "training.json").read_text())
    (by_tuner,) = (artifacts / "Tuner" / "tuner_results").glob(f"*/models/{exported['model']}/training.json")
    assert exported == json.loads(by_tuner.read_text()) | {"trained_by": "Tuner"}
    assert Path(record["log"]).read_text().count("training tiny: ") == 1
    (line,) = (line for line in done.lines if line.startswith(" ✓ Trainer "))
    assert line.endswith("trained by the Tuner")
    assert "The Tuner trained it" in Path(record["report"]).read_text()


def test_a_terminal_shows_a_line_a_step_and_the_log_has_the_rest(first_run):
    done, record = first_run
    shown = [line.split()[1] for line in done.lines if line.startswith((" ✓", " ="))]
    assert shown == [step["name"] for step in record["steps"]]
    assert len(done.lines) <= 40
    assert noise(done.raw) == []
    log = Path(record["log"]).read_text()
    assert log.count("INFO:absl:") > 100


def test_no_other_command_says_more_on_a_terminal_than_in_a_pipe(first_run, home, tmp_path):
    _, record = first_run
    rows = tmp_path / "rows.csv"
    home.here("data", "higgs_toy", "--rows", 3, "--out", rows)
    predicted = home.on_terminal("predict", "higgs_toy", rows)
    assert [line.split()[1] for line in predicted.lines] == ["row", "1", "2", "3"]

    Path(record["report"]).unlink()
    drawn = home.on_terminal("report", "higgs_toy")
    assert drawn.lines == [record["report"]]
    assert Path(record["report"]).is_file()

    checked = home.on_terminal("check", "higgs_toy")
    assert checked.lines[-1].startswith("no faults"), checked.text
    assert len(checked.lines) <= 30
    assert noise(checked.raw) == []


def test_slices_by_what_transform_made(first_run):
    _, record = first_run
    slices = {check["slice"] for check in record["thresholds"]}
    assert slices == {"all examples", *(f"m_bb_quartile={number}" for number in (1, 2, 3, 4))}


def test_the_pushed_model_takes_rows_in_a_clean_process(first_run, tmp_path):
    _, record = first_run
    code = (
        "import sys, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        f"answer = model.signatures['rows'](rows=tf.ones([3, {COLUMNS}]))\n"
        "print(answer['scores'].shape, answer['class_names'][0].numpy().tolist())\n"
    )
    command = [sys.executable, "-c", code, record["model_uri"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "(3, 2) [b'0', b'1']\n", done.stderr


def test_predict_takes_rows_through_the_pushed_model(first_run, home, tmp_path):
    rows = tmp_path / "rows.csv"
    home.here("data", "higgs_toy", "--rows", 3000, "--seed", 1, "--out", rows)
    lines = rows.read_text().splitlines()
    labels = [line.split(",")[0] for line in lines]
    rows.write_text("\n".join([*(line.split(",", 1)[1] for line in lines), "no,row"]) + "\n")
    done = home.here("predict", "higgs_toy", rows, "--json")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["row"] for each in found] == list(range(1, 3001))
    assert all(sum(each["scores"].values()) == pytest.approx(1, abs=1e-4) for each in found)
    hits = [each["label"] == str(int(float(label))) for each, label in zip(found, labels, strict=True)]
    # Other rows of the same kind: about as many hits as in the test split.
    assert sum(hits) / len(hits) == pytest.approx(first_run[1]["metrics"]["accuracy"], abs=0.06)
    assert done.stderr.splitlines() == [
        f"{rows}, line 3001: it has 2 cells instead of 28",
        "3,000 predicted, 1 couldn't be",
    ]
    table = home.here("predict", "higgs_toy", rows).stdout.splitlines()
    assert table[0].split()[:4] == ["file", "row", "label", "probability"]
    assert len(table) == 3001


def test_evaluate_finds_on_the_test_rows_what_the_evaluator_found(first_run, home, tmp_path):
    rows = tmp_path / "rows.csv"
    home.here("data", "higgs_toy", "--rows", 4000, "--out", rows)
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[-1000:]))
    done = home.here("evaluate", "higgs_toy", rows, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found, expected = json.loads(done.stdout), first_run[1]["metrics"]
    assert (found["evaluated"], found["quarantined"]) == (1000, 0)
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-6)
    assert found["crossentropy"] == pytest.approx(expected["crossentropy"], abs=1e-6)
    # TFMA's curve goes by 10,000 thresholds, and takes what lies between two of them as tied.
    assert found["auc"] == pytest.approx(expected["auc"], abs=1e-4)
    assert found["classes"][1]["precision"] == pytest.approx(expected["precision"], abs=1e-6)
    assert found["classes"][1]["recall"] == pytest.approx(expected["recall"], abs=1e-6)


def test_nothing_changed_so_nothing_runs(first_run, home):
    before = home.runs("higgs_toy")
    done = home.forked("run", "higgs_toy", *QUICK, *ANY_MODEL)
    assert done.returncode == 0
    assert "nothing changed since run" in done.stdout
    assert home.runs("higgs_toy") == before


def test_nothing_changed_so_every_step_of_a_forced_run_is_cached(first_run, home):
    done = home.forked("run", "higgs_toy", *QUICK, *ANY_MODEL, "--force", "--json")
    assert done.returncode == 0
    record = home.runs("higgs_toy")[0]
    assert all(step["cached"] for step in record["steps"])
    assert json.loads(done.stdout) == {"unchanged": False, **record}
    assert [line.split()[1] for line in done.stderr.splitlines() if line.startswith(" =")] == [
        step["name"] for step in record["steps"]
    ]


def test_bad_rows_above_the_share_and_a_row_outside_of_the_schema_stop_the_run(home, tmp_path):
    rows = tmp_path / "rows.csv"
    written = home.here("data", "higgs_toy", "--rows", 3000, "--out", rows)
    assert written.returncode == 0, written.stderr
    lines = rows.read_text().splitlines()
    for number in range(0, 3000, 10):
        lines[number] = lines[number].replace(",", ",x", 1)
    lines[5] = "7" + lines[5][1:]
    cells = lines[1501].split(",")
    lines[1501] = ",".join([cells[0], "-7", *cells[2:]])  # a negative momentum
    rows.write_text("\n".join(lines) + "\n")
    done = home.forked("run", "higgs_toy", "--data-dir", rows)
    record = home.runs("higgs_toy")[0]
    assert done.returncode == 1
    assert record["steps"][-1]["name"] == "DataGate"
    assert record["counts"]["quarantined"] == 301
    assert sum(record["counts"].values()) == 3000
    cause = record["error"]["cause"]
    assert "301 of 3000 records (10.0%) are quarantined" in cause
    assert "'rows.csv, line 1': lepton_pT: 'x" in cause
    assert cause.count("is no number") == 4  # of the five that are shown, one has another label
    assert "not one of 0, 1" in cause
    assert "feature 'lepton_pT' in train: expected numbers, from 0.0 to 50.0" in cause
