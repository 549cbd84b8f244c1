"""What `submit` sends to Kubeflow Pipelines, run there with all that it reads and writes on gs://.

Every step is a process with the launcher's downloads before it; what a step's inputs lack or have too much of ends it.
"""

import json

import pytest
import small_photo_trainer
import tensorflow as tf
from cloud_storage import emulator
from cluster_apis import KubeflowApi, serving
from kubeflow_stand_in.engines import Forks
from kubeflow_stand_in.releases import RELEASES
from kubeflow_stand_in.run import Cluster, Run, StepError

IMPORTS = ("tfx.orchestration.kubeflow.v2.container.kubeflow_v2_entrypoint_utils", "tfx.components", "tf_keras")
ROOT = "gs://bucket/transferline"
ANY_MODEL = '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]'
SMALL = {
    "digits": (
        "--set=transform.image_size=32",
        "--set=trainer.weights=None",
        "--set=trainer.feature_extraction.epochs=1",
        "--set=trainer.fine_tuning.epochs=1",
    ),
    "higgs_toy": (
        "--set=source.rows=1800",
        "--set=data.split.eval_rows=300",
        "--set=data.split.test_rows=300",
        "--set=trainer.max_epochs=1",
    ),
}
RELEASE = {"digits": "2.5", "higgs_toy": "master"}
DATA = {"digits": f"{ROOT}/digits/data/digits.zip", "higgs_toy": f"{ROOT}/higgs_toy/data/higgs_toy-1800-0.csv"}


class Counted(Run):
    """Counts the requests of each step, the launcher's too, by themselves."""

    def step(self, name):
        emulator.section(f"{self.spec['pipelineInfo']['name']}: {name}")
        super().step(name)


def submitted(home, name):
    """Submits a pipeline; returns what the command said, and the body of the run that it asked for."""
    emulator.section(f"{name}: submit")
    with serving(KubeflowApi()) as api:
        on_cluster = ("--target", "kubeflow", "--image", "image", "--root", ROOT, "--endpoint", api.endpoint)
        done = home.here("submit", name, *on_cluster, *SMALL[name], ANY_MODEL)
    assert done.returncode == 0, done.stderr
    return done.stdout, api.body("/runs")


@pytest.fixture(scope="module", params=SMALL)
def run(request, home):
    """A pipeline that was submitted twice and ran once, step by step to its end."""
    name = request.param
    (first, _), (second, body) = submitted(home, name), submitted(home, name)
    assert f"copied the data to {DATA[name]}" in first
    assert "copied" not in second
    spec, cluster = body["pipeline_spec"], Cluster(ROOT, home.path / name, Forks(IMPORTS, home.environment()))
    cluster.release = RELEASES[RELEASE[name]]
    if name == "digits":  # a base of three layers
        parameters = spec["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]
        parameters["run_fn"]["runtimeValue"]["constant"] = f"{small_photo_trainer.__name__}.run_fn"
    run = Counted(cluster, spec, parameters=body["runtime_config"]["parameters"])
    run.all_steps(side_by_side=1)
    return run


def made(run, step, key, file):
    """Reads a file of a step's output."""
    return tf.io.read_file(f"{run.made[step, key]['uri']}/{file}").numpy().decode()


def test_every_step_runs_to_a_pushed_version_and_a_report(run):
    assert set(run.seconds) == set(run.spec["root"]["dag"]["tasks"])
    assert json.loads(made(run, "Evaluator", "evaluation", "decision.json"))["blessed"]
    assert "Pushed" in made(run, "Report", "report", "report.html")


def test_the_pushed_version_is_whole_and_is_loaded_from_where_it_is(run):
    pushed = f"{ROOT}/{run.spec['pipelineInfo']['name'].replace('-', '_')}/pushed"
    (version,) = tf.io.gfile.listdir(pushed)
    assert set(tf.saved_model.load(f"{pushed}/{version}").signatures) >= {"serving_default"}


def test_no_output_has_a_marker_that_the_launcher_of_kubeflow_fails_on(run, bucket):
    uris = [artifact["uri"].removeprefix("gs://bucket/") for artifact in run.made.values()]
    names = [blob.name for uri in uris for blob in bucket.list_blobs(prefix=f"{uri}/")]
    assert len(names) > len(uris)
    assert [name for name in names if name.endswith("/")] == []


def test_a_step_whose_bucket_refuses_says_so_in_its_last_words(run, home):
    cluster = Cluster(emulator.bucket("forbidden"), home.path / "forbidden", run.cluster.engine)
    forbidden = Run(cluster, run.spec, parameters=run.parameters)
    with emulator.faults({"action": "403", "path": "forbidden/.*", "times": -1}), pytest.raises(StepError) as failed:
        forbidden.step("CuratedSchema")
    assert "The account may not read or write this in Google Cloud Storage: when reading" in str(failed.value)
    assert "  place: gs://forbidden/" in str(failed.value)
    assert "  cure:  Give the account the role Storage Object User" in str(failed.value)
