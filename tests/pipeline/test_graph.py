import json

import pytest

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.graph import create_pipeline

OURS = {"ImageExampleGen", "DataGate", "Transform", "Trainer", "Evaluator", "Pusher", "Report"}


def nodes(config):
    return {component.id: component for component in create_pipeline(config).components}


@pytest.mark.parametrize("name", catalog.names())
def test_every_pipeline_has_the_gate_before_everything_that_is_computed(name, tmp_path):
    config = apply_overrides(catalog.load(name), ["data.path=/photos", f"output_dir={tmp_path}"])
    pipeline = create_pipeline(config)
    order = [component.id for component in pipeline.components]
    assert order.index("DataGate") < order.index("Transform") < order.index("Trainer") < order.index("Pusher")
    assert pipeline.enable_cache
    assert pipeline.pipeline_info.pipeline_root == str(tmp_path / name / "artifacts")
    assert list(tmp_path.iterdir()) == []  # a pure function: nothing is written


def test_a_curated_schema_travels_as_its_text():
    assert 'value: "sunflowers"' in nodes(catalog.load("flowers"))["CuratedSchema"].exec_properties["schema_text"]
    assert "PhotoSchemaGen" in nodes(catalog.load("photos"))


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_step_that_runs_our_code_has_its_fingerprint_in_the_cache_key(name):
    properties = nodes(catalog.load("digits"))[name].exec_properties
    if "custom_config" in properties:
        properties = {"source_fingerprint": json.loads(properties["custom_config"])["source"]}
    assert len(properties["source_fingerprint"]) == 16


def test_the_settings_reach_the_steps():
    config = apply_overrides(catalog.load("digits"), ["trainer.seed=7", "transform.image_size=48"])
    steps = nodes(config)
    assert json.loads(steps["Trainer"].exec_properties["custom_config"])["trainer"]["seed"] == 7
    assert json.loads(steps["Transform"].exec_properties["custom_config"])["transform"]["image_size"] == 48


def test_the_tuner_knows_the_order_of_the_models_which_tfx_sorts():
    config = apply_overrides(catalog.load("higgs_toy"), [])
    tuner = json.loads(nodes(config)["Tuner"].exec_properties["custom_config"])
    assert tuner["models"] == list(config.trainer.models) == ["tiny", "small", "medium"]
    assert list(tuner["trainer"]["models"]) == ["medium", "small", "tiny"]


def test_checkpoints_are_kept_beside_the_artifacts():
    config = apply_overrides(catalog.load("digits"), ["output_dir=gs://bucket/out"])
    trainer = json.loads(nodes(config)["Trainer"].exec_properties["custom_config"])
    assert trainer["checkpoints"] == "gs://bucket/out/digits/checkpoints"
    assert config.artifacts_dir == "gs://bucket/out/digits/artifacts"
