"""Real steps by their compiled commands, with ExecutorInputs as the driver of Kubeflow Pipelines builds them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import tensorflow_data_validation as tfdv
from forked_commands import commands
from tensorflow.errors import PermissionDeniedError

import components.trainer.executor
from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cluster import step as entry_point
from pipeline.cluster.compile import compile_job
from pipeline.cluster.step import TFX_ENTRY_POINT, last_words
from pipeline.cluster.step_command import ENTRY_POINT
from pipeline.config.overrides import apply_overrides
from pipeline.data.higgs import FEATURES, LABEL_COLUMN

SUPPORT = Path(__file__).parents[2] / "support"
NO_TYPE = {"instanceSchema": ""}
IN_A_NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def spec(shared):
    return compile_job(apply_overrides(catalog.load("higgs_toy"), [f"output_dir={shared}"]), "image")["pipelineSpec"]


def executor_input(spec, name, folder, artifacts=(), **parameters):
    """As KFP's driver builds it: inputs have no type, a name that is a number, and properties of KFP's own."""
    defaults = {key: each.get("defaultValue") for key, each in spec["root"]["inputDefinitions"]["parameters"].items()}
    bound = spec["root"]["dag"]["tasks"][name]["inputs"].get("parameters", {})
    values = {
        key: each["runtimeValue"]["constant"] if "runtimeValue" in each else defaults[each["componentInputParameter"]]
        for key, each in bound.items()
    }
    outputs = spec["components"][name]["outputDefinitions"]["artifacts"]
    return {
        "inputs": {
            "parameterValues": values | parameters,
            "artifacts": {
                key: {"artifacts": [{"name": "12", "uri": str(uri), "type": NO_TYPE, "metadata": metadata}]}
                for key, uri, metadata in artifacts
            },
        },
        "outputs": {
            "artifacts": {
                key: {"artifacts": [{"name": key, "uri": str(folder / key), "type": each["artifactType"]}]}
                for key, each in outputs.items()
            },
            "outputFile": str(folder / "executor_output.json"),
        },
    }


def command(spec, name, given, entry=ENTRY_POINT):
    container = spec["deploymentSpec"]["executors"][f"{name}_executor"]["container"]
    own = container["command"][len(ENTRY_POINT) :] if entry == ENTRY_POINT else []
    words = [json.dumps(given) if word == "{{$}}" else word for word in container["args"]]
    return [sys.executable, *entry[1:], *own, *words]


def run(spec, name, given, entry=ENTRY_POINT, change=lambda words: words):
    """Runs a step, in a process that imported what it needs before."""
    _, _, module, *arguments = change(command(spec, name, given, entry))
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        where = {"variables": os.environ, "folder": folder, "module": module}
        status = commands().start(arguments, out=out, err=err, **where).wait()
        return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())


def without(words, flag):
    return [word for word in words if not word.startswith(flag)]


@pytest.fixture(scope="module")
def validated(spec, shared):
    """The inputs of ExampleValidator: a schema that a step wrote, and statistics."""
    done = run(spec, "CuratedSchema", executor_input(spec, "CuratedSchema", shared / "CuratedSchema"))
    assert done.returncode == 0, done.stderr
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 28)), columns=FEATURES)
    statistics = tfdv.generate_statistics_from_dataframe(rows.assign(**{LABEL_COLUMN: 1}), n_jobs=1)
    file = shared / "statistics" / "Split-train" / "FeatureStats.pb"
    file.parent.mkdir(parents=True)
    file.write_bytes(statistics.SerializeToString())
    told = {"split_names": '["train"]', "span": 0, "display_name": "statistics", "store_session_info": "{}"}
    return [("schema", shared / "CuratedSchema" / "schema", {}), ("statistics", shared / "statistics", told)]


def test_inputs_without_types_are_taken_here_and_not_by_tfx_own_entry_point(spec, validated, tmp_path):
    given = executor_input(spec, "ExampleValidator", tmp_path, validated)
    refused = run(spec, "ExampleValidator", given, ("python", "-m", TFX_ENTRY_POINT))
    assert refused.returncode == 1
    assert "'NoneType' object has no attribute 'get'" in refused.stderr
    done = run(spec, "ExampleValidator", given)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "anomalies" / "Split-train" / "SchemaDiff.pb").exists()
    told = json.loads((tmp_path / "executor_output.json").read_text())["artifacts"]["anomalies"]["artifacts"][0]
    assert told["metadata"]["split_names"] == '["train"]'


def test_a_step_that_is_tried_again_finds_its_outputs_as_if_new_and_nothing_else_is_touched(spec, tmp_path):
    kept = tmp_path / "checkpoints" / "ckpt-1.index"
    left = tmp_path / "again" / "schema" / "Split-train" / "half"
    beside = tmp_path / "again" / "schema_of_others"
    for file in (kept, left, beside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("left")
    done = run(spec, "CuratedSchema", executor_input(spec, "CuratedSchema", tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    assert [file.name for file in (tmp_path / "again" / "schema").iterdir()] == ["schema.pbtxt"]
    assert kept.exists()
    assert beside.exists()


def refused_words(spec, name, given, change=lambda words: words):
    done = run(spec, name, given, change=change)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_missing_input_is_told_before_any_work_and_in_nothing_but_cause_place_and_cure(spec, tmp_path):
    words = refused_words(spec, "ExampleValidator", executor_input(spec, "ExampleValidator", tmp_path))
    assert words == [
        "An input that the step needs is missing: schema, statistics.",
        "  place: ExampleValidator",
        "  cure:  See whether the step that makes it wrote it. Compile the pipeline anew, and submit that.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_what_an_older_release_compiled_is_told(spec, tmp_path):
    given = executor_input(spec, "CuratedSchema", tmp_path)
    words = refused_words(spec, "CuratedSchema", given, lambda words: without(words, "--transferline_version"))
    assert words[0].startswith("The command doesn't say which Transferline compiled the pipeline")
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_cannot_be_read_is_told_in_the_last_words_too(spec, tmp_path):
    given = executor_input(spec, "ExampleValidator", tmp_path, [("schema", tmp_path, {}), ("statistics", tmp_path, {})])
    given["inputs"]["artifacts"]["schema"]["artifacts"][0]["type"] = {"instanceSchema": "title: ["}
    done = run(spec, "ExampleValidator", given)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == ["  place: ExampleValidator", "  cure:  Read the traceback above."]


def test_the_last_words_are_those_of_the_error_that_is_written_for_people(spec, tmp_path):
    rows = tmp_path / "gone.csv"
    done = run(spec, "CsvExampleGen", executor_input(spec, "CsvExampleGen", tmp_path, data_path=str(rows)))
    assert done.returncode == 1
    cause, place, cure = done.stderr.splitlines()[-3:]
    assert cause.endswith(".")
    assert place.startswith(f"  place: {rows}")
    assert cure.startswith("  cure:  ")
    assert "Traceback" in done.stderr


def test_the_last_words_of_any_other_error_say_what_it_was_and_where(spec, validated, tmp_path):
    schema = tmp_path / "schema"
    schema.mkdir()
    (schema / "schema.pbtxt").write_text("feature { nonsense: 1 }")
    inputs = [("schema", schema, {}), validated[1]]
    done = run(spec, "ExampleValidator", executor_input(spec, "ExampleValidator", tmp_path / "step", inputs))
    assert done.returncode == 1
    cause, place, cure = done.stderr.splitlines()[-3:]
    assert cause.startswith("ParseError: ")
    assert "nonsense" in cause
    assert place == f"  place: ExampleValidator, whose outputs are in {tmp_path / 'step'}"
    assert cure == "  cure:  Read the traceback above."


def test_a_first_step_that_calls_tfx_own_entry_point_as_0_1_0_compiled_it_is_refused(spec, tmp_path):
    given = executor_input(spec, "CsvExampleGen", tmp_path, data_path=str(tmp_path))
    done = run(spec, "CsvExampleGen", given, ("python", "-m", TFX_ENTRY_POINT))
    assert done.returncode == 1
    assert "The pipeline was compiled by a Transferline before 0.3.0" in done.stderr


def test_an_error_for_people_is_found_behind_that_of_a_library():
    error = RuntimeError("a worker failed")
    error.__cause__ = TransferlineError("It is so.", place="here", cure="Do that.")
    assert last_words(error, "Trainer", []) == "It is so.\n  place: here\n  cure:  Do that."


def test_an_error_without_words_is_told_by_its_name():
    assert last_words(MemoryError(), "Trainer", ["gs://b/r/model", "gs://b/r/model_run"]).splitlines() == [
        "MemoryError.",
        "  place: Trainer, whose outputs are in gs://b/r",
        "  cure:  Read the traceback above.",
    ]


def test_a_job_that_an_engine_gave_up_is_told_with_its_cure():
    error = RuntimeError("Pipeline job-1 failed in state FAILED: Traceback:\nRuntimeError: Channel closed.")
    assert last_words(error, "StatisticsGen", ["gs://b/r/statistics"]).startswith(
        "The engine gave the job up: RuntimeError: Channel closed.\n  place: StatisticsGen\n  cure:  Look in"
    )


def test_a_bucket_that_refuses_tensorflow_is_told_with_its_cure():
    said = "Error executing an HTTP request: HTTP response code 403\n\t when reading metadata of gs://b/r/model"
    assert last_words(PermissionDeniedError(None, None, said), "Trainer", ["gs://b/r/model"]).splitlines() == [
        "The account may not read or write this in Google Cloud Storage: when reading metadata of gs://b/r/model.",
        "  place: gs://b/r/model",
        "  cure:  Give the account the role Storage Object User on the bucket, or use another account.",
    ]
    assert "PermissionDeniedError: /etc/shadow" in last_words(
        PermissionDeniedError(None, None, "/etc/shadow"), "Trainer", []
    )


def can_be_the_first_process():
    return subprocess.run([*IN_A_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def training(spec, tmp_path):
    """A Trainer in the middle of an epoch, process 1 where the system allows that, and what it started."""
    folder = tmp_path / "examples"
    for split in ("train", "eval"):
        (folder / f"Split-{split}").mkdir(parents=True)
    artifacts = [
        ("examples", folder, {"split_names": '["train", "eval"]'}),
        ("transform_graph", tmp_path, {}),
        ("schema", tmp_path / "schema", {}),
        ("hyperparameters", tmp_path / "tuner", {}),
        ("tuner_results", tmp_path / "tuner_results", {}),
    ]
    for file in ("schema/schema.pbtxt", "tuner/best_hyperparameters.txt"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text("{}")
    given = executor_input(spec, "Trainer", tmp_path, artifacts, run_fn="endless_trainer.run_fn")
    prefix = IN_A_NAMESPACE if can_be_the_first_process() else []
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    with open(tmp_path / "log", "wb") as log:
        words = [*prefix, *command(spec, "Trainer", given)]
        process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, env=environment)
    started = tmp_path / "model" / "Format-Serving" / "started.json"
    while not started.exists():
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.1)
    inner = psutil.Process(process.pid).children()[0] if prefix else psutil.Process(process.pid)
    beside = inner.children(recursive=True)
    yield process, inner, beside, tmp_path / "log"
    if process.poll() is None:
        inner.kill()
        process.wait()


def test_sigterm_ends_a_training_and_what_it_started(training):
    process, inner, beside, log = training
    assert len(beside) == 1
    inner.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143  # a pod's time is ten seconds; more only where this machine is busy
    assert not psutil.wait_procs(beside, timeout=60)[1]
    assert log.read_text().splitlines()[-3].startswith("The step was told to end (SIGTERM)")


def test_the_trainer_that_is_ended_is_ours(spec):
    container = spec["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert f"{components.trainer.executor.__name__}.Executor" in container["args"]
    assert container["command"][: len(ENTRY_POINT)] == list(ENTRY_POINT)
    assert entry_point.__name__ == ENTRY_POINT[-1]
