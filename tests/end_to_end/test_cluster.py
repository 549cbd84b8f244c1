"""`compile` and `submit`, and TFX's own command, as a person types them. `make kubeflow-test` runs what they make."""

import json

import pytest
import yaml
from conftest import ROOT

ON_CLUSTER = ("--image", "registry.example.com/transferline:1", "--root", "gs://bucket/transferline")


def test_compile_writes_the_file_and_says_what_a_run_can_be_given(home):
    out = home.path / "compiled" / "digits.yaml"
    done = home.on_terminal("compile", "digits", "--target", "kubeflow", *ON_CLUSTER, "-o", out)
    assert done.returncode == 0
    assert done.lines == [
        str(out),
        "run parameters: data_path, data_version, feature_extraction_epochs, fine_tuning_epochs, thresholds",
    ]
    assert yaml.safe_load(out.read_text())["pipelineInfo"]["name"] == "digits"
    assert not (home.path / "transferline").exists()


def test_what_only_this_machine_has_is_refused_and_nothing_written(home):
    out = home.path / "refused.json"
    done = home.here("compile", "photos", "--target", "vertex", *ON_CLUSTER, "-o", out, "--data-dir", "/photos")
    assert done.returncode == 1
    assert "Only this machine has what the settings name: data.path is /photos" in done.stderr
    assert not out.exists()


def test_a_dry_run_prints_what_would_be_sent(home):
    done = home.on_terminal(
        *("submit", "higgs_toy", "--target", "vertex", "--project", "p", "--region", "r", *ON_CLUSTER),
        *("--parameter", "max_epochs=3", "--schedule", "0 3 * * 1", "--dry-run"),
    )
    assert done.returncode == 0, done.text
    sent = json.loads(done.text)
    assert sent["parameters"]["max_epochs"] == 3
    assert (sent["project"], sent["region"], sent["schedule"]) == ("p", "r", "0 3 * * 1")
    assert "BaselineModel" in sent["steps"]
    assert sent["parameters"]["data_version"] != "1"


@pytest.fixture(scope="module")
def compiled_by_tfx(home):
    """`cats_vs_dogs` with all that it needs, and `higgs_toy` without, by TFX's own command."""
    on_cluster = {
        "TRANSFERLINE_IMAGE": "registry.example.com/transferline:1",
        "TRANSFERLINE_OUTPUT_DIR": "gs://bucket/transferline",
    }
    commands = [
        (("pipeline", "compile", "--engine=vertex", f"--pipeline_path={ROOT}/pipeline/catalog/{name}.py"), variables)
        for name, variables in (("cats_vs_dogs", on_cluster), ("higgs_toy", {}))
    ]
    return home.tfx(*commands)


def test_tfx_own_command_compiles_for_vertex(compiled_by_tfx, home):
    done, _ = compiled_by_tfx
    assert "Pipeline cats-vs-dogs compiled successfully." in done.stdout
    job = json.loads((home.path / "pipeline.json").read_text())
    parameters = job["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert parameters["fine_tuning_epochs"]["defaultValue"] == 10
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/transferline/cats_vs_dogs/artifacts"
    trainer = job["pipelineSpec"]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert trainer["command"][:4] == ["python", "-m", "pipeline.cluster.step", "--step=Trainer"]


def test_without_image_or_root_tfx_own_command_says_what_to_set(compiled_by_tfx):
    _, done = compiled_by_tfx
    assert done.returncode != 0
    assert "Set TRANSFERLINE_IMAGE and TRANSFERLINE_OUTPUT_DIR" in done.stdout
