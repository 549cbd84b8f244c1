import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.components.common.resolver import RESOLVER_CONFIG
from tfx.orchestration.local import runner_utils

import pipeline
from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cluster.compile import compile_job
from pipeline.config.overrides import apply_overrides
from pipeline.graph import BASELINE_ID, create_pipeline

ROOT = Path(pipeline.__file__).parents[1]
OURS = re.compile(r"(?<![\w.])(?:components|pipeline)(?:\.\w+)+")
RMSE = 'evaluation.thresholds=[{"metric": "rmse", "at_most": 1}]'
AFTER_CHANGES = """
import json, pathlib, sys
from pipeline import catalog
from pipeline.graph import create_pipeline

def fingerprint(name, on_cluster, step, key="source_fingerprint"):
    built = create_pipeline(catalog.load(name), on_cluster=on_cluster)
    return next(node for node in built.components if node.id == step).exec_properties[key]

for *where, module in json.load(sys.stdin):
    before, file = fingerprint(*where), pathlib.Path(module.replace(".", "/") + ".py")
    text = file.read_text()
    file.write_text(text + "# changed")
    print(*where, module, fingerprint(*where) != before)
    file.write_text(text)
"""


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


def test_the_column_of_weights_is_told_to_those_who_need_it():
    settings = ["data.path=/rows.csv", "data.weight=m_bb"]
    with pytest.raises(TransferlineError, match="m_bb is data\\.weight, which isn't learned from"):
        apply_overrides(catalog.load("higgs"), settings)
    weighted = nodes(apply_overrides(catalog.load("higgs"), [*settings, "transform.features=[]"]))
    for step in "Transform", "Tuner", "Trainer":
        assert json.loads(weighted[step].exec_properties["custom_config"])["weight"] == "m_bb"
    assert weighted["Evaluator"].exec_properties["example_weight"] == "m_bb"
    plain = nodes(catalog.load("higgs"))
    assert "weight" not in json.loads(plain["Trainer"].exec_properties["custom_config"])
    assert plain["Evaluator"].exec_properties.get("example_weight") is None


def test_steps_are_told_of_a_number_to_predict_and_nothing_new_of_classes():
    config = apply_overrides(catalog.load("higgs_toy"), ["data.classes=[]", "task=regression", RMSE])
    of_numbers = nodes(config)
    for step in "Transform", "Tuner", "Trainer":
        told = json.loads(of_numbers[step].exec_properties["custom_config"])
        assert (told["task"], told["label"]) == ("regression", config.data.label)
    for step in "CsvExampleGen", "Yardstick":
        assert of_numbers[step].exec_properties["task"] == "regression"
    of_classes = nodes(catalog.load("higgs_toy"))
    for step in "Transform", "Tuner", "Trainer":
        told = json.loads(of_classes[step].exec_properties["custom_config"])
        assert not {"task", "label"} & set(told)
        assert "label_scale" not in told.get("trainer", {})
    for step in "CsvExampleGen", "Yardstick":
        assert of_classes[step].exec_properties.get("task") is None


@pytest.mark.parametrize(("name", "step"), [("photos", "ImageExampleGen"), ("higgs_toy", "CsvExampleGen")])
def test_what_is_known_of_the_data_is_handed_to_the_step_that_reads_it(name, step):
    looked_at = create_pipeline(catalog.load(name), data_fingerprint="of the data")
    found = {node.id for node in looked_at.components if node.exec_properties.get("input_fingerprint") == "of the data"}
    assert found == {step}
    assert not nodes(catalog.load(name))[step].exec_properties.get("input_fingerprint")


def test_what_somebody_went_back_from_is_held_back_and_no_baseline():
    rolled_back = {"a digest": "why"}
    for push_again, held_back in ((False, rolled_back), (True, {})):
        built = create_pipeline(catalog.load("digits"), rolled_back=rolled_back, push_again=push_again)
        steps = {node.id: node.exec_properties for node in built.components}
        assert json.loads(steps["Pusher"].get("held_back") or "{}") == held_back
        assert json.loads(steps[BASELINE_ID][RESOLVER_CONFIG]["rolled_back"]) == ["a digest"]
    assert not nodes(catalog.load("digits"))["Pusher"].exec_properties.get("held_back")


def steps_here(name):
    """Yields ID, executor and execution properties of each step, compiled for this machine."""
    compiled = Compiler().compile(create_pipeline(catalog.load(name)))
    deployment = runner_utils.extract_local_deployment_config(compiled)
    for node in (each.pipeline_node for each in compiled.nodes):
        properties = {key: value.field_value.string_value for key, value in node.parameters.parameters.items()}
        yield node.node_info.id, str(runner_utils.extract_executor_spec(deployment, node.node_info.id)), properties


def steps_on_cluster(name, *settings):
    """Yields the same of each step, compiled for a cluster."""
    config = apply_overrides(catalog.load(name), ["output_dir=gs://bucket", *settings])
    spec = compile_job(config, "image")["pipelineSpec"]
    for step, task in spec["root"]["dag"]["tasks"].items():
        given = task["inputs"].get("parameters", {})
        properties = {key: value.get("runtimeValue", {}).get("constant") for key, value in given.items()}
        arguments = spec["deploymentSpec"]["executors"][f"{step}_executor"]["container"]["args"]
        yield step, arguments[arguments.index("--executor_class_path") + 1], properties


def our_modules(executor, properties):
    """The modules of ours that a compiled step names, wherever it does."""
    return {path.rpartition(".")[0] for text in (executor, *properties.values()) for path in OURS.findall(str(text))}


def test_a_compiled_pipeline_tells_its_steps_of_a_number_to_predict():
    of_numbers = ("data.classes=[]", "evaluation.slices=[]", "task=regression", RMSE)
    told = {step: properties for step, _, properties in steps_on_cluster("higgs_toy", *of_numbers)}
    assert {step for step, properties in told.items() if properties.get("task") == "regression"} == {
        "CsvExampleGen", "Yardstick",
    }  # fmt: skip
    assert "max_labels_outside" in json.loads(told["DataGate"]["rules"])
    of_classes = {step: properties for step, _, properties in steps_on_cluster("higgs_toy")}
    assert not [step for step, properties in of_classes.items() if "task" in properties]
    assert "max_labels_outside" not in json.loads(of_classes["DataGate"]["rules"])


@pytest.mark.parametrize("steps", [steps_here, steps_on_cluster])
@pytest.mark.parametrize("name", catalog.names())
def test_every_step_that_runs_our_code_has_its_fingerprint_in_the_cache_key(name, steps):
    with_code, with_fingerprint = set(), set()
    for step, executor, properties in steps(name):
        if our_modules(executor, properties):
            with_code.add(step)
        if re.fullmatch("[0-9a-f]{16}", properties.get("source_fingerprint", "")):
            with_fingerprint.add(step)
    assert with_fingerprint == with_code
    assert with_code > {"DataGate", "Transform", "Trainer", "Evaluator", "Pusher", "Report"}


def test_the_fingerprint_of_a_step_changes_with_each_module_that_it_names(tmp_path):
    changes = {
        (step, module): (name, steps is steps_on_cluster, step, module)
        for name in catalog.names()
        for steps in (steps_here, steps_on_cluster)
        for step, executor, properties in steps(name)
        for module in our_modules(executor, properties)
    }
    found = after_changes(list(changes.values()), tmp_path)
    assert found == [" ".join(map(str, [*change, True])) for change in changes.values()]


def after_changes(changes, folder):
    """What becomes of a fingerprint, change by change, in a copy of the source."""
    for package in ("components", "pipeline", "schemas"):
        shutil.copytree(ROOT / package, folder / package)
    done = subprocess.run(
        [sys.executable, "-c", AFTER_CHANGES],
        input=json.dumps(changes),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_another_export_is_for_the_trainer_alone_and_leaves_what_the_tuner_trained(tmp_path):
    mlp = "components.trainer.mlp"
    expected = {
        ("Trainer", "source_fingerprint", f"{mlp}.export"): True,
        ("Trainer", "custom_config", f"{mlp}.export"): False,
        ("Tuner", "source_fingerprint", f"{mlp}.export"): False,
        ("Trainer", "custom_config", f"{mlp}.training"): True,
        ("Tuner", "custom_config", f"{mlp}.training"): True,
        ("Tuner", "source_fingerprint", f"{mlp}.winner"): True,
    }
    found = after_changes([("higgs_toy", False, *change) for change in expected], tmp_path)
    assert found == [f"higgs_toy False {' '.join(change)} {changed}" for change, changed in expected.items()]


def test_the_trainer_takes_what_the_tuner_found_and_trained_by_the_same_code():
    steps = nodes(catalog.load("higgs_toy"))
    for key, output in {"hyperparameters": "best_hyperparameters", "tuner_results": "tuner_results"}.items():
        assert steps["Trainer"].inputs[key] is steps["Tuner"].outputs[output]
    code = {json.loads(steps[name].exec_properties["custom_config"])["training_code"] for name in ("Tuner", "Trainer")}
    assert len(code) == 1
    assert "tuner_results" not in nodes(catalog.load("digits"))["Trainer"].inputs


def test_rows_have_a_yardstick_unless_it_is_turned_off():
    steps = nodes(catalog.load("higgs_toy"))
    assert steps["Report"].inputs["yardstick"] is steps["Yardstick"].outputs["yardstick"]
    assert json.loads(steps["Yardstick"].exec_properties["settings"]) == {"enabled": True, "rows": 200_000, "seed": 0}
    for without in (catalog.load("digits"), apply_overrides(catalog.load("higgs_toy"), ["yardstick.enabled=false"])):
        steps = nodes(without)
        assert "Yardstick" not in steps
        assert "yardstick" not in steps["Report"].inputs


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


def test_checkpoints_and_features_are_kept_beside_the_artifacts():
    config = apply_overrides(catalog.load("digits"), ["output_dir=gs://bucket/out"])
    trainer = json.loads(nodes(config)["Trainer"].exec_properties["custom_config"])
    assert trainer["checkpoints"] == "gs://bucket/out/digits/checkpoints"
    assert trainer["features"] == "gs://bucket/out/digits/features"
    assert config.artifacts_dir == "gs://bucket/out/digits/artifacts"
