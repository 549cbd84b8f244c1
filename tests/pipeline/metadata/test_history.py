import importlib.metadata
import json
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd
from packaging.version import Version

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.connection import opened
from pipeline.metadata.history import find_history, read_execution, read_history
from pipeline.metadata.lineage import last_pushed, lineage
from pipeline.metadata.reasons import reason

TRAINER_SETTINGS = '{"checkpoints": "/c", "trainer": {"seed": %d, "batch": 500}}'
OLD_TRAINER_SETTINGS = '{"source": "a", "checkpoints": "/c", "trainer": "{\\"seed\\": 0, \\"batch\\": 500}"}'
"""As they were written when settings were JSON within JSON, and the fingerprint of the source among them."""


class Recorded:
    """ML Metadata as TFX writes it, by hand."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True)
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(path)
        self._store = metadata_store.MetadataStore(config)
        self._types: dict[str, int] = {}

    def execution(self, run_id, node, state, inputs=(), outputs=(), pipeline="photos", **properties):
        """Writes an execution; returns the IDs of its output artifacts, which are made where a URI is given."""
        found = mlmd.Execution(type_id=self._type(mlmd.ExecutionType, node), last_known_state=state)
        for key, value in properties.items():
            found.custom_properties[key].string_value = value
        events = [(mlmd.Event.INPUT, key, self._artifact(number)) for key, number in inputs]
        events += [(mlmd.Event.OUTPUT, key, self._artifact(what)) for key, what in outputs]
        names = {"pipeline": pipeline, "pipeline_run": run_id, "node": f"{pipeline}.{node}"}
        contexts = [self._context(kind, name) for kind, name in names.items()]
        pairs = []
        for kind, key, artifact in events:
            event = mlmd.Event(type=kind)
            event.path.steps.add().key = key
            event.path.steps.add().index = 0
            pairs.append((artifact, event))
        _, artifacts, _ = self._store.put_execution(found, pairs, contexts, reuse_context_if_already_exist=True)
        return artifacts[len(tuple(inputs)) :]

    def _artifact(self, what):
        if isinstance(what, int):
            return self._store.get_artifacts_by_id([what])[0]
        uri, properties = what
        artifact = mlmd.Artifact(type_id=self._type(mlmd.ArtifactType, "Thing"), uri=uri)
        for key, value in properties.items():
            artifact.custom_properties[key].string_value = value
        return artifact

    def _context(self, kind, name):
        return mlmd.Context(type_id=self._type(mlmd.ContextType, kind), name=name)

    def _type(self, kind, name):
        if name not in self._types:
            put = {
                mlmd.ArtifactType: self._store.put_artifact_type,
                mlmd.ExecutionType: self._store.put_execution_type,
                mlmd.ContextType: self._store.put_context_type,
            }[kind]
            self._types[name] = put(kind(name=name))
        return self._types[name]


FILTERS = Version(importlib.metadata.version("ml-metadata")) < Version("1.17")
"""Whether ML Metadata answers filters; later releases have no other way to ask for many executions at once."""

ONE_BY_ONE = "GetContextsByExecution"


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])


@pytest.fixture
def history(config):
    """Two runs: in the second the examples come from the cache, and the model is trained with another seed."""
    recorded = Recorded(Path(config.metadata_path))
    done, cached = mlmd.Execution.COMPLETE, mlmd.Execution.CACHED
    fingerprint = {"input_fingerprint": "0123456789abcdef0123"}
    (examples,) = recorded.execution(
        "run1", "ImageExampleGen", done, outputs=[("examples", ("/examples", fingerprint))], data='{"path": "/photos"}'
    )
    for run_id, seed, version in (("run1", 0, "1"), ("run2", 1, "2")):
        if run_id == "run2":
            recorded.execution(run_id, "ImageExampleGen", cached, outputs=[("examples", examples)])
        (model,) = recorded.execution(
            *(run_id, "Trainer", done),
            inputs=[("examples", examples)],
            outputs=[("model", (f"/model/{version}", {}))],
            custom_config=TRAINER_SETTINGS % seed,
            source_fingerprint="a",
        )
        recorded.execution(run_id, "BaselineModel", done, inputs=[("candidate", model)], outputs=[("candidate", model)])
        pushed = {"pushed_destination": f"/pushed/{version}"}
        recorded.execution(
            *(run_id, "Pusher", done),
            inputs=[("model", model)],
            outputs=[("pushed_model", (f"/pushed_model/{version}", pushed))],
        )
    return read_history(config)


def test_what_a_run_made_is_its_own_model_and_not_the_one_it_was_compared_with(config):
    recorded, done = Recorded(Path(config.metadata_path)), mlmd.Execution.COMPLETE
    (earlier,) = recorded.execution("run1", "Trainer", done, outputs=[("model", ("/model/1", {}))])
    recorded.execution("run2", "Trainer", done, outputs=[("model", ("/model/2", {}))])
    recorded.execution("run2", "BaselineModel", done, outputs=[("model", earlier)])
    recorded.execution("run2", "Evaluator", mlmd.Execution.FAILED, outputs=[("evaluation", ("/evaluation/2", {}))])
    assert read_history(config).made_by("run2") == {"model": "/model/2"}


def test_a_pushed_version_leads_back_to_the_data(history):
    assert last_pushed(history) == "/pushed/2"
    for model in ("2", "/pushed/2", "/pushed_model/2"):
        found = lineage(history, model)
        assert [(origin.name, origin.uri, origin.run_id) for origin in found] == [
            ("Pusher: pushed_model", "/pushed/2", "run2"),
            ("Trainer: model", "/model/2", "run2"),
            ("ImageExampleGen: examples", "/examples", "run1"),
        ]
        assert found[-1].details == "data /photos, fingerprint 0123456789abcdef"


def test_a_model_nobody_made_is_an_error_that_names_the_versions(history):
    with pytest.raises(TransferlineError, match="No run pushed or made '3'") as raised:
        lineage(history, "3")
    assert "1, 2" in raised.value.cure


def test_each_step_has_its_reason(history):
    reasons = {(each.run_id, each.node): reason(history, each) for each in history.executions}
    assert reasons["run1", "Trainer"] == "first run of this step"
    assert reasons["run2", "ImageExampleGen"] == "same inputs, settings and code as in run run1"
    assert reasons["run2", "Trainer"] == "trainer.seed was 0, is 1"
    assert reasons["run2", "Pusher"] == "new model from Trainer"


def test_other_code_is_one_reason_in_whichever_settings_its_fingerprint_stands(config):
    recorded = Recorded(Path(config.metadata_path))
    for run, code in (("run1", "a"), ("run2", "b")):
        settings = json.dumps({"trainer": {"seed": 0}, "training_code": code})
        properties = {"custom_config": settings, "source_fingerprint": code}
        recorded.execution(run, "Tuner", mlmd.Execution.COMPLETE, **properties)
    history = read_history(config)
    assert reason(history, history.of_run("run2")[0]) == "its code changed"


def test_the_reason_reaches_back_to_how_settings_were_kept_before(config):
    recorded = Recorded(Path(config.metadata_path))
    recorded.execution("run1", "Trainer", mlmd.Execution.COMPLETE, custom_config=OLD_TRAINER_SETTINGS)
    properties = {"custom_config": TRAINER_SETTINGS % 1, "source_fingerprint": "b"}
    recorded.execution("run2", "Trainer", mlmd.Execution.COMPLETE, **properties)
    history = read_history(config)
    assert reason(history, history.of_run("run2")[0]) == "its code changed, trainer.seed was 0, is 1"


def test_without_metadata_there_is_no_history(config):
    with pytest.raises(TransferlineError, match="There is no metadata of this pipeline"):
        read_history(config)


def test_another_pipeline_of_the_same_database_has_a_history_of_its_own(history, config):
    twin = config.model_copy(update={"name": "twin"})
    Path(twin.home).mkdir()
    Path(twin.metadata_path).symlink_to(config.metadata_path)
    with pytest.raises(TransferlineError, match="There is no metadata of this pipeline"):
        read_history(twin)
    assert history.of_run("run1")


@pytest.fixture
def queries(monkeypatch):
    """Every request that reaches ML Metadata, by name."""
    found, call = [], metadata_store.MetadataStore._call

    def counted(store, name, *arguments):
        found.append(name)
        return call(store, name, *arguments)

    monkeypatch.setattr(metadata_store.MetadataStore, "_call", counted)
    return found


def record_runs(config, recorded, numbers):
    for number in numbers:
        for node in ("Transform", "Trainer"):
            outputs = [("model", (f"/{node}/{number}", {}))]
            recorded.execution(f"run{number}", node, mlmd.Execution.COMPLETE, outputs=outputs, pipeline=config.name)


def test_a_longer_history_takes_no_more_queries(config, queries):
    recorded = Recorded(Path(config.metadata_path))
    asked = []
    for numbers in (range(3), range(3, 40)):
        record_runs(config, recorded, numbers)
        queries.clear()
        history = read_history(config)
        asked.append(list(queries))
        runs = [f"run{number}" for number in range(numbers.stop)]
        assert [each.run_id for each in history.executions] == [run for run in runs for _ in range(2)]
        assert queries.count(ONE_BY_ONE) == (0 if FILTERS else 2 * numbers.stop)
    assert [name for name in asked[0] if name != ONE_BY_ONE] == [name for name in asked[1] if name != ONE_BY_ONE]


def test_a_step_is_read_without_the_other_runs(config, queries):
    recorded = Recorded(Path(config.metadata_path))
    asked = []
    for numbers in (range(3), range(3, 40)):
        record_runs(config, recorded, numbers)
        with opened(config) as store:
            queries.clear()
            step = read_execution(store, config.name, "run1", "Trainer")
        asked.append(list(queries))
        assert step.succeeded
        assert step.output("model").uri == "/Trainer/1"
    assert asked[0] == asked[1]


def test_of_hundreds_of_executions_each_has_its_run_and_step(config, queries):
    record_runs(config, Recorded(Path(config.metadata_path)), range(101))
    queries.clear()
    found = [(each.run_id, each.node) for each in read_history(config).executions]
    assert queries.count("GetLineageSubgraph") == (3 if FILTERS else 1)
    assert queries.count(ONE_BY_ONE) == (0 if FILTERS else 202)
    assert found == [(f"run{number}", node) for number in range(101) for node in ("Transform", "Trainer")]


def test_a_step_that_did_not_execute_is_not_found(config):
    record_runs(config, Recorded(Path(config.metadata_path)), range(1))
    with opened(config) as store:
        assert read_execution(store, config.name, "run0", "Pusher") is None
        assert read_execution(store, config.name, "run1", "Trainer") is None
        assert read_execution(store, "twin", "run0", "Trainer") is None


def test_a_step_that_was_not_finished_did_not_succeed(config):
    recorded = Recorded(Path(config.metadata_path))
    for node, state in (("Trainer", mlmd.Execution.FAILED), ("Pusher", mlmd.Execution.CACHED)):
        recorded.execution("run1", node, state, pipeline=config.name)
    with opened(config) as store:
        found = [read_execution(store, config.name, "run1", node) for node in ("Trainer", "Pusher")]
    assert [(each.succeeded, each.cached) for each in found] == [(False, False), (True, True)]


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_without_tables_as_a_full_disk_leaves_it_is_no_metadata(tmp_path, content):
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])
    Path(config.home).mkdir()
    if content is not None:
        Path(config.metadata_path).write_bytes(content)
    assert find_history(config) is None
