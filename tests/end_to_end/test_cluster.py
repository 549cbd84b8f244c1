"""`compile` and `submit`, as a person types them. `make kubeflow-test` runs what they make."""

import json

import pytest
import yaml
from cluster_apis import KubeflowApi, serving
from servers import free_port

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
    doubt, _, shown = done.text.partition("{")
    assert "default account" in doubt
    sent = json.loads("{" + shown)
    assert sent["parameters"]["max_epochs"] == 3
    assert (sent["project"], sent["region"], sent["schedule"]) == ("p", "r", "0 3 * * 1")
    assert "BaselineModel" in sent["steps"]
    assert sent["parameters"]["data_version"] is None
    assert sent["data_is_copied_to"] == "gs://bucket/transferline/higgs_toy/data/higgs_toy-12000-0.csv"


def test_data_that_lies_elsewhere_is_not_copied(home):
    done = home.here(
        *("submit", "higgs_toy", "--target", "kubeflow", "--endpoint", "http://localhost", *ON_CLUSTER),
        *("--data-dir", "gs://bucket/rows.csv", "--parameter", "data_version=1", "--dry-run"),
    )
    assert json.loads(done.stdout)["data_is_copied_to"] == ""


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--target", "kubeflow", "--endpoint", f"http://127.0.0.1:{free_port()}"), "Nobody listens at this address."),
        (("--target", "vertex", "--project", "p", "--region", "moon"), "Vertex AI has no region 'moon'."),
        (
            ("--target", "vertex", "--project", "p", "--region", "europe-west4"),
            "There are no credentials of Google Cloud that can be used",
        ),
    ],
)
@pytest.mark.parametrize("command", ["submit", "runs"])
def test_a_cluster_that_is_not_reached_is_named_and_nothing_else_said(home, command, arguments, cause):
    root = home.path / "root"
    given = ("--image", "image", "--root", root) if command == "submit" else ()
    if command == "submit" and "vertex" in arguments:
        given += ("--service-account", "runs@p.iam.gserviceaccount.com")
    nobody = {"NO_GCE_CHECK": "true", "GOOGLE_APPLICATION_CREDENTIALS": ""}
    # Google's clients are imported where they are used, and say more then: that is a process of its own.
    transferline = home.transferline if "vertex" in arguments else home.forked
    done = transferline(command, "digits", *arguments, *given, **nobody)
    assert (done.returncode, done.stdout) == (1, "")
    first, place, cure = done.stderr.splitlines()
    assert first.startswith(f"transferline: {cause}")
    assert place.startswith("  place: ")
    assert cure.startswith("  cure: ")
    assert not root.exists()


def test_a_run_is_sent_to_kubeflow_after_its_data_is_copied(home):
    root = home.path / "root"
    with serving(KubeflowApi()) as api:
        done = home.forked(
            *("submit", "higgs_toy", "--target", "kubeflow", "--endpoint", api.endpoint),
            *("--image", "image", "--root", root, "--set", "source.rows=200", "--parameter", "max_epochs=3"),
        )
        listed = home.here("runs", "higgs_toy", "--target", "kubeflow", "--endpoint", api.endpoint)
    path = root / "higgs_toy" / "data" / "higgs_toy-200-0.csv"
    assert done.stdout.splitlines() == [f"copied the data to {path}", f"{api.endpoint}/#/runs/details/r1"]
    assert done.stderr == ""
    assert path.exists()
    assert api.body("/runs")["runtime_config"]["parameters"]["data_path"] == str(path)
    assert listed.stdout.startswith("higgs_toy has no runs")
