"""`compile` and `submit`, and TFX's own command, as a person types them. `make kubeflow-test` runs what they make."""

import json

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
    done = home.transferline("compile", "photos", "--target", "vertex", *ON_CLUSTER, "-o", out, "--data-dir", "/photos")
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


def test_tfx_own_command_compiles_for_vertex(home):
    script = ROOT / "pipeline" / "catalog" / "cats_vs_dogs.py"
    done = home.command(
        *("tfx", "pipeline", "compile", "--engine=vertex", f"--pipeline_path={script}"),
        TRANSFERLINE_IMAGE="registry.example.com/transferline:1",
        TRANSFERLINE_OUTPUT_DIR="gs://bucket/transferline",
    )
    assert "Pipeline cats-vs-dogs compiled successfully." in done.stdout, done.stdout + done.stderr
    job = json.loads((home.path / "pipeline.json").read_text())
    parameters = job["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert parameters["fine_tuning_epochs"]["defaultValue"] == 10
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/transferline/cats_vs_dogs/artifacts"


def test_without_image_or_root_tfx_own_command_says_what_to_set(home):
    script = ROOT / "pipeline" / "catalog" / "higgs_toy.py"
    done = home.command("tfx", "pipeline", "compile", "--engine=vertex", f"--pipeline_path={script}")
    assert done.returncode != 0
    assert "Set TRANSFERLINE_IMAGE and TRANSFERLINE_OUTPUT_DIR" in done.stdout + done.stderr
