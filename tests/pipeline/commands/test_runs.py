import math
from datetime import datetime, timezone
from pathlib import Path

import kfp_server_api
import pytest
from cluster_apis import KubeflowApi, serving
from typer.testing import CliRunner

from components.errors import TransferlineError
from components.outcome import Failure
from pipeline.cli import app


def test_no_run_is_said_in_words(transferline):
    assert transferline("runs", "digits") == (
        f"digits hasn't run yet in {transferline.home('digits')}. Start it with: transferline run digits\n"
    )
    assert transferline.json("runs", "digits") == []


def test_no_bucket_is_asked_where_there_are_no_runs(monkeypatch):
    def asked(_):
        raise AssertionError("it was")

    monkeypatch.setattr("pipeline.commands.runs.Versions", asked)
    done = CliRunner().invoke(app, ["runs", "digits", "--output-dir", "gs://bucket/out"])
    assert done.stdout.startswith("digits hasn't run yet in gs://bucket/out/digits.")


def test_runs_are_listed_the_newest_first(transferline):
    transferline.save("digits", "20260101T000000-1", metrics={"accuracy": 0.9}, model_uri="/m/1")
    transferline.save("digits", "20260102T000000-1", status="not_blessed")
    _, newer, older = transferline("runs", "digits").splitlines()
    assert newer.split()[:3] == ["20260102T000000-1", "not", "blessed"]
    assert (older.split()[0], older.split()[-2:]) == ("20260101T000000-1", ["0.9000", "/m/1"])


def test_a_run_that_failed_after_its_push_has_its_model_and_its_error(transferline):
    folder = transferline.home("digits") / "pushed" / "1"
    folder.mkdir(parents=True)
    error = Failure(cause="OSError: full.", place="Report")
    transferline.save("digits", "20260101T000000-1", status="failed", model_uri=str(folder), error=error)
    shown = " ".join(transferline("runs", "digits").split())
    assert "(served);" in shown
    assert "OSError: full." in shown
    assert transferline.json("runs", "digits")[0]["mark"] == "served"


def run_of(name):
    return kfp_server_api.V2beta1Run(
        run_id="run-1",
        experiment_id="7",
        display_name=name,
        state="SUCCEEDED",
        created_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
        finished_at=datetime(2026, 1, 1, 0, 10, tzinfo=timezone.utc),
        pipeline_spec={"pipelineInfo": {"name": name}},
    )


def test_runs_on_a_cluster_are_listed_with_their_links(transferline):
    with serving(KubeflowApi(runs=[run_of("higgs-toy")])) as api:
        where = ("--target", "kubeflow", "--endpoint", f"{api.endpoint}/")
        _, shown = transferline("runs", "higgs_toy", *where).splitlines()
        assert shown.split()[:2] == ["higgs-toy", "succeeded"]
        assert shown.split()[-2:] == ["600", f"{api.endpoint}/#/runs/details/run-1"]
        assert transferline.json("runs", "higgs_toy", *where) == [
            {
                "run_id": "run-1",
                "name": "higgs-toy",
                "status": "succeeded",
                "started": "2026-01-01T00:00:00Z",
                "seconds": 600.0,
                "link": f"{api.endpoint}/#/runs/details/run-1",
                "error": "",
            }
        ]
        none = transferline("runs", "digits", *where)
        assert none == f"digits has no runs at {api.endpoint}. Start one with: transferline submit digits\n"


def test_where_a_cluster_is_says_nothing_without_the_target(transferline):
    with pytest.raises(TransferlineError, match="not that its runs are asked for"):
        transferline("runs", "digits", "--endpoint", "http://localhost")


def test_a_record_that_somebody_changed_is_still_listed(transferline):
    transferline.save("digits", "20260101T000000-1", metrics={"accuracy": math.inf})
    transferline.save("digits", "20260102T000000-1", status="failed", error=Failure(cause=""))
    _, newer, older = transferline("runs", "digits").splitlines()
    assert (newer.split()[0], older.split()[0]) == ("20260102T000000-1", "20260101T000000-1")
    assert [run["metrics"] for run in transferline.json("runs", "digits")] == [{}, {"accuracy": None}]
    assert transferline.json("compare", "digits", "previous", "latest")["metrics"][0]["a"] is None
    transferline("clean", "digits", "--keep", "5", "--yes")
    assert "20260101T000000-1" in Path(transferline.home("digits"), "reports", "index.html").read_text()


def test_names_that_a_terminal_would_take_for_styles_are_shown_as_they_are(transferline):
    run, styled = "20260101T000000-1", "20260101T000000-1[/]"
    transferline.save("digits", run)
    file = Path(transferline.home("digits"), "runs", f"{run}.json")
    file.write_text(file.read_text().replace(run, styled))
    shown = transferline("runs", "digits")
    assert styled in shown
    assert styled in transferline("compare", "digits", "latest", "latest")
