"""Compiled pipelines, every step by itself, as Kubeflow Pipelines runs it: with its driver's inputs and its cache."""

import json
import shutil
from pathlib import Path

import pytest
import small_photo_trainer
from kubeflow_stand_in.engines import Forks
from kubeflow_stand_in.releases import RELEASES
from kubeflow_stand_in.run import Cluster, Run, StepError, read_spec

from components.ingest.report import read_report
from components.trainer.curves import read_curves
from components.yardstick.results import read_yardstick
from pipeline.config import EmbeddedDigits
from pipeline.data.higgs_toy import write_csv
from pipeline.data.sources import materialise

IMPORTS = ("tfx.orchestration.kubeflow.v2.container.kubeflow_v2_entrypoint_utils", "tfx.components", "tf_keras")
TFX_ENTRY = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
ANY_MODEL = '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]'
DIGITS = (
    "--set=transform.image_size=32",
    "--set=trainer.weights=None",
    "--set=trainer.feature_extraction.epochs=1",
    "--set=trainer.fine_tuning.epochs=1",
)
HIGGS = (
    '--set=trainer.models={"trees": {"kind": "trees", "iterations": 9}, "tiny": {"widths": [16]}}',
    "--set=trainer.max_epochs=1",
    "--set=data.split.eval_rows=300",
    "--set=data.split.train_rows=1200",
    "--set=data.split.test_rows=300",
)
ROWS = 1800
SCANS_A_CLASS = 30


class Lossy(Forks):
    """Loses pods: a step that is named ends as its node does, when all of its work is done but the first word of it."""

    def __init__(self, *steps, environment):
        super().__init__(IMPORTS, environment)
        self.to_lose = set(steps)

    def run(self, step):
        status = super().run(step)
        name = step.pod.name.rpartition("-")[0]
        if not status and name in self.to_lose:
            self.to_lose.remove(name)
            return 137
        return status


def compiled(home, name, *settings):
    file = home.path / f"{name}.yaml"
    root = ("--root", home.path / "transferline", "--image", "image")
    done = home.here("compile", name, "--target", "kubeflow", *root, "-o", file, *settings, ANY_MODEL)
    assert done.returncode == 0, done.stderr
    return read_spec(file)


def cluster(home, release, *to_lose):
    engine = Lossy(*to_lose, environment=home.environment())
    return Cluster(str(home.path / "transferline"), home.path / "work", engine, RELEASES[release])


@pytest.fixture(scope="module")
def scans(home):
    """The first scans of each digit."""
    folder = home.path / "scans"
    for scan in sorted(materialise(EmbeddedDigits()).glob("*/*.png")):
        target = folder / scan.parent.name
        target.mkdir(parents=True, exist_ok=True)
        if len(list(target.iterdir())) < SCANS_A_CLASS:
            shutil.copy(scan, target)
    return folder


@pytest.fixture(scope="module")
def digits(home, scans):
    """Digits on a cluster with ML Metadata, in which some steps are run a second time after all of their work."""
    spec = compiled(home, "digits", "--data-dir", scans, *DIGITS)
    parameters = spec["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]
    parameters["run_fn"]["runtimeValue"]["constant"] = f"{small_photo_trainer.__name__}.run_fn"
    lost = ("ImageExampleGen", "StatisticsGen", "Pusher")
    run = Run(cluster(home, "2.5", *lost), spec, "first", retries=1)
    run.all_steps()
    assert not run.cluster.engine.to_lose
    return run


@pytest.fixture(scope="module")
def higgs(home):
    """Higgs on a cluster without ML Metadata."""
    rows = home.path / "rows.csv"
    write_csv(rows, ROWS)
    run = Run(cluster(home, "master"), compiled(home, "higgs", "--data-dir", rows, *HIGGS), "first")
    run.all_steps()
    return run


def steps_of(run):
    return set(run.spec["root"]["dag"]["tasks"])


def made(run, step, key):
    return Path(run.made[step, key]["uri"])


def pushed(run):
    return sorted(Path(run.cluster.root, run.spec["pipelineInfo"]["name"], "pushed").iterdir())


@pytest.mark.parametrize("name", ["digits", "higgs"])
def test_every_step_runs_on_what_the_driver_says_to_a_pushed_version_and_a_report(name, request):
    run = request.getfixturevalue(name)
    assert set(run.seconds) == steps_of(run)
    assert json.loads((made(run, "Evaluator", "evaluation") / "decision.json").read_text())["blessed"]
    (version,) = pushed(run)
    assert (version / "saved_model.pb").is_file()
    assert "Pushed" in (made(run, "Report", "report") / "report.html").read_text()


def test_a_step_that_is_retried_finds_its_own_leftovers_and_pushes_one_version(digits):
    ingested = read_report(str(made(digits, "ImageExampleGen", "ingest_report")))
    assert sum(ingested.written(split) for split in ingested.counts) == 10 * SCANS_A_CLASS
    assert len(pushed(digits)) == 1


def steps_with_inputs(run):
    return {name for name, given in run.executor_inputs.items() if "artifacts" in given["inputs"]}


REFUSED_BY_TFX = [("digits", "AttributeError: 'NoneType' object"), ("higgs", "ImportError: Could not import title: ")]


@pytest.mark.parametrize(("name", "words"), REFUSED_BY_TFX)
def test_with_the_entry_point_of_tfx_no_step_gets_past_its_inputs(name, words, request):
    run = request.getfixturevalue(name)
    spec = json.loads(json.dumps(run.spec))
    for executor in spec["deploymentSpec"]["executors"].values():
        executor["container"]["command"] = ["python", "-m", TFX_ENTRY]
    by_tfx = Run(run.cluster, spec, "by-tfx")
    steps = steps_with_inputs(run)
    assert len(steps) == len(steps_of(run)) - 2
    for step in steps:
        with pytest.raises(StepError, match=words):
            by_tfx.launch(step, run.executor_inputs[step])


def test_what_the_tuner_trained_is_not_trained_again(higgs):
    curves = read_curves(str(made(higgs, "Trainer", "model_run")))
    # An epoch of a network is no match for nine trees.
    assert (curves.trained_by, curves.model) == ("Tuner", "trees")


def test_simple_models_are_measured_on_the_rows_that_the_pods_read(higgs):
    yardstick = read_yardstick(str(made(higgs, "Yardstick", "yardstick")))
    assert (yardstick.fitted_rows, yardstick.test_rows) == (1200, 300)
    assert "Beside simple models" in (made(higgs, "Report", "report") / "report.html").read_text()


def test_what_did_not_change_is_taken_over_and_what_was_pushed_is_looked_up_anew(higgs):
    spec = json.loads(json.dumps(higgs.spec))
    for behind in ("Evaluator", "Pusher", "Report"):
        del spec["root"]["dag"]["tasks"][behind]
    again = Run(higgs.cluster, spec, "again")
    again.all_steps()
    assert steps_of(again) - again.cached == {"BaselineModel"}
    assert again.made["Trainer", "model"] == higgs.made["Trainer", "model"]
