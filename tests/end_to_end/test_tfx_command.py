"""TFX's own command on the pipelines of the catalog; `test_digits.py` runs one by it."""

import json

import pytest
from conftest import ROOT

CREATED = ("cats_vs_dogs", "flowers")
CREATE = ("pipeline", "create", "--engine=local")
COMPILE = ("pipeline", "compile", "--engine=vertex")
ON_CLUSTER = {
    "TRANSFERLINE_IMAGE": "registry.example.com/transferline:1",
    "TRANSFERLINE_OUTPUT_DIR": "gs://bucket/transferline",
}


@pytest.fixture(scope="module")
def outcomes(home):
    """What came of creating two pipelines, and of compiling one with all that it needs and one without."""
    created = [((*CREATE, f"--pipeline_path=pipeline/catalog/{name}.py"), str(ROOT), {}) for name in CREATED]
    compiled = [
        ((*COMPILE, f"--pipeline_path={ROOT}/pipeline/catalog/{name}.py"), str(home.path), variables)
        for name, variables in (("cats_vs_dogs", ON_CLUSTER), ("higgs_toy", {}))
    ]
    return home.tfx(*created, *compiled)


@pytest.fixture(scope="module")
def created(outcomes):
    """Outcomes by the pipeline's name."""
    return dict(zip(CREATED, outcomes[: len(CREATED)], strict=True))


@pytest.fixture(scope="module")
def compiled(outcomes):
    """The outcomes with all that is needed, and without."""
    return outcomes[len(CREATED) :]


@pytest.mark.parametrize("name", CREATED)
def test_it_creates_pipelines(name, created):
    assert f'Pipeline "{name}" created successfully' in created[name].stdout


def test_it_compiles_for_vertex(compiled, home):
    done, _ = compiled
    assert "Pipeline cats-vs-dogs compiled successfully." in done.stdout
    job = json.loads((home.path / "pipeline.json").read_text())
    parameters = job["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert parameters["fine_tuning_epochs"]["defaultValue"] == 10
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/transferline/cats_vs_dogs/artifacts"
    trainer = job["pipelineSpec"]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert trainer["command"][:4] == ["python", "-m", "pipeline.cluster.step", "--step=Trainer"]


def test_without_image_or_root_it_says_what_to_set(compiled):
    _, done = compiled
    assert done.returncode != 0
    assert "Set TRANSFERLINE_IMAGE and TRANSFERLINE_OUTPUT_DIR" in done.stdout
