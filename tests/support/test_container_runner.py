import json

import pytest
from container_runner import Run, engine_words, read_spec

from pipeline import catalog
from pipeline.cluster.compile import compile_job, write_job
from pipeline.config.overrides import apply_overrides


@pytest.fixture
def run(tmp_path):
    """A run of the one step of higgs_toy that needs no other, right in this environment."""
    job = compile_job(apply_overrides(catalog.load("higgs_toy"), [f"output_dir={tmp_path}"]), "image")
    tasks = job["pipelineSpec"]["root"]["dag"]["tasks"]
    job["pipelineSpec"]["root"]["dag"]["tasks"] = {"CuratedSchema": tasks["CuratedSchema"]}
    write_job(job, "kubeflow", tmp_path / "pipeline.yaml")
    return Run(read_spec(tmp_path / "pipeline.yaml"), tmp_path, "run", {}, [])


def test_a_step_runs_by_the_compiled_command_and_its_artifacts_are_taken_over(run, tmp_path, capsys):
    run.all_steps()
    artifact = run.artifacts["CuratedSchema", "schema"]
    assert artifact["uri"] == str(tmp_path / "artifacts" / "run" / "CuratedSchema" / "schema")
    assert artifact["name"] == "1"
    assert "tfx_version" in json.dumps(artifact["metadata"])
    assert "lepton_pT" in (tmp_path / "artifacts" / "run" / "CuratedSchema" / "schema" / "schema.pbtxt").read_text()
    assert capsys.readouterr().out.startswith("CuratedSchema: ")


def test_a_step_that_fails_ends_the_run_with_the_end_of_its_log(run):
    executor = run.spec["deploymentSpec"]["executors"]["CuratedSchema_executor"]["container"]
    executor["args"][executor["args"].index("--executor_class_path") + 1] = "components.nothing.Executor"
    with pytest.raises(SystemExit, match=r"(?s)Could not import.*CuratedSchema failed with status 1; its log: "):
        run.all_steps()


def test_a_run_parameter_without_a_value_is_asked_for(run):
    run.spec["root"]["dag"]["tasks"]["CuratedSchema"]["inputs"]["parameters"]["schema_text"] = {
        "componentInputParameter": "data_path"
    }
    del run.spec["root"]["inputDefinitions"]["parameters"]["data_path"]["defaultValue"]
    with pytest.raises(SystemExit, match="--parameter data_path=VALUE"):
        run.all_steps()


def test_a_container_sees_the_root_folder_and_nothing_else(tmp_path):
    assert engine_words("podman", tmp_path)[-2:] == ["--volume", f"{tmp_path}:{tmp_path}"]
    assert engine_words("none", tmp_path) == []
