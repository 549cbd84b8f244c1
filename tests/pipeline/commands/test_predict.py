import csv
import json
import subprocess
import sys

import pytest
from small_models import save_row_model

from components.errors import TransferlineError

ROWS = "m_bb,m_jj\n3,1\nx,1\n0,1\n"
HEAVY = {"tensorflow", "tfx", "apache_beam", "tf_keras"}


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """An output folder in which a model of rows is pushed for the pipeline higgs_toy."""
    folder = tmp_path_factory.mktemp("out")
    save_row_model(folder / "higgs_toy" / "pushed" / "7", ("0", "1"), ("m_bb", "m_jj"))
    return folder


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    return tmp_path / "rows.csv"


@pytest.fixture
def predict(transferline, pushed):
    command = type(transferline)(pushed)
    return lambda *arguments, status=0: command("predict", "higgs_toy", *arguments, status=status)


def run(pushed, *arguments, before="pass"):
    """Runs the command, and some Python before it; returns what it said and the modules that it imported.

    The Python is run by the child itself: between a fork and its exec, gRPC's threads of this process may end it.
    """
    code = (
        f"{before}\nimport sys\nfrom pipeline.cli import main\ntry: main()\n"
        "except SystemExit as end: print(end.code, *sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "predict", *map(str, arguments), "--output-dir", str(pushed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *said, last = done.stderr.splitlines()
    status, *modules = last.split()
    return status, done.stdout, "\n".join(said), set(modules)


def test_no_pushed_model_is_said_without_tensorflow(tmp_path, rows):
    status, shown, said, modules = run(tmp_path, "higgs_toy", rows)
    assert (status, shown) == ("1", "")
    assert "No model of 'higgs_toy' has been pushed yet" in said
    assert "pydantic" in modules
    assert not modules & HEAVY


def test_files_that_are_not_there_are_said_without_tensorflow(pushed, tmp_path):
    status, shown, said, modules = run(pushed, "higgs_toy", tmp_path / "a.csv", tmp_path / "b*.csv")
    assert (status, shown) == ("1", "")
    assert (
        said == "".join(f"{tmp_path}/{name}: There is no such file or folder.\n" for name in ("a.csv", "b*.csv"))[:-1]
    )
    assert not modules & HEAVY


def test_a_table_on_stdout_and_faults_on_stderr(pushed, rows, tmp_path):
    status, shown, said, modules = run(pushed, "higgs_toy", rows, tmp_path / "absent.csv")
    assert status == "0"
    assert [line.split()[-6:-4] for line in shown.splitlines()[1:]] == [["1", "0.7311"], ["0", "0.8808"]]
    assert said.splitlines() == [
        f"{rows}, line 3: m_bb: 'x' is no number",
        f"{tmp_path}/absent.csv: There is no such file or folder.",
        "2 predicted, 2 couldn't be",
    ]
    assert "tensorflow" in modules


def test_csv(predict, rows, tmp_path):
    out = tmp_path / "out.csv"
    assert predict(rows, "--out", out) == f"2 predicted, 1 couldn't be: written to {out}\n"
    first, second = csv.DictReader(out.open())
    assert first == {"file": str(rows), "row": "1", "label": "1", "probability": "0.731059"} | {
        "0": "0.268941",
        "1": "0.731059",
    }
    assert (second["row"], second["label"]) == ("3", "0")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "rows.csv"]


def test_lines_of_json(predict, rows, tmp_path):
    out = tmp_path / "out.jsonl"
    summary = json.loads(predict(rows, "--out", out, "--json"))
    assert summary == {"out": str(out), "predicted": 2, "quarantined": 1}
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        json.loads(line) for line in predict(rows, "--json").splitlines()
    ]


def test_where_nothing_can_be_predicted_no_file_is_written_or_replaced(predict, tmp_path):
    (tmp_path / "rows.csv").write_text("m_bb,m_jj\nx,1\n")
    (tmp_path / "old.csv").write_text("old")
    for name in ("new.csv", "old.csv"):
        shown = predict(tmp_path / "rows.csv", "--out", tmp_path / name, status=1)
        assert shown == f"0 predicted, 1 couldn't be: {tmp_path / name} wasn't written\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.csv", "rows.csv"]
    assert (tmp_path / "old.csv").read_text() == "old"


def test_a_file_that_cannot_be_written_whole_is_not_written(pushed, tmp_path):
    (tmp_path / "rows.csv").write_text("m_bb,m_jj\n" + "1,2\n" * 1000)
    out = tmp_path / "out.csv"
    status, shown, said, _ = run(
        pushed,
        "higgs_toy",
        tmp_path / "rows.csv",
        "--out",
        out,
        before="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))",
    )
    assert (status, shown) == ("1", "")
    assert f"The file can't be written: File too large.\n  place: {out}" in said
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize(
    ("name", "message"), [("out.xlsx", "ends with .csv or .jsonl"), ("no/out.csv", "no such folder")]
)
def test_a_file_that_cannot_be_is_refused_at_once(transferline, rows, tmp_path, name, message):
    with pytest.raises(TransferlineError, match=message):
        transferline("predict", "higgs_toy", rows, "--out", tmp_path / name)
