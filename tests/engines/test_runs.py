"""What a run says whose worker is killed, or finds a fault in the data; the next run goes on from there."""

import pytest
from conftest import Home

from components.csv_example_gen.blocks import MAX_LINE_BYTES
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to

ROWS = 600
QUICK = (
    "data.split.eval_rows=150",
    "data.split.test_rows=150",
    'trainer.models={"tiny": {"widths": [4]}}',
    "trainer.max_epochs=1",
    'evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]',
)

pytestmark = pytest.mark.parametrize("engine", ["2 workers"], indirect=True)


@pytest.fixture
def run(engine, tmp_path):
    """Runs the pipeline of rows on the engine; returns the record."""
    home = Home(tmp_path / "home")
    home.path.mkdir()

    def of(data):
        words = [word for setting in (*engine.settings, *QUICK) for word in ("--set", setting)]
        done = home.here("run", "higgs_toy", "--data-dir", data, *words)
        record = home.runs("higgs_toy")[0]
        assert (done.returncode == 0) == (record["error"] is None)
        return record

    return of


@pytest.fixture
def data(tmp_path):
    write_to(HiggsToy(rows=ROWS), tmp_path / "rows.csv")
    return tmp_path / "rows.csv"


def test_a_run_whose_worker_is_killed_says_so_and_the_next_one_goes_on(engine, run, data):
    engine.ask("kill", "OfFile")
    record = run(data)
    assert record["error"]["cause"].startswith("The engine gave the job up: ")
    assert record["error"]["place"] == "StatisticsGen"
    assert "run again" in record["error"]["cure"]
    record = run(data)
    assert record["status"] == "pushed"
    assert {step["name"]: step["cached"] for step in record["steps"]}["CsvExampleGen"]


def test_what_a_worker_says_to_people_arrives_as_it_says_it(run, data):
    with data.open("a") as file:
        file.write("1" * (MAX_LINE_BYTES + 1))
    error = run(data)["error"]
    assert error["cause"].startswith("There is no end of a line for ")
    assert error["place"] == f"{data.name}, line {ROWS + 1}"
    assert error["cure"] == "Check that the file is CSV, and that every quote is closed."
