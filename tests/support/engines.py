"""An engine of Beam with several workers, and what the Beam steps of a pipeline made on it, to be compared."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import beam_workers
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from conftest import BIN, ROOT
from google.protobuf.json_format import MessageToDict
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.contract import SPLITS
from components.evaluator.executor import EVALUATION_CONFIG_KEY, Executor
from components.ingest.report import read_report
from components.ingest.results import count_records
from components.transform.labels import class_names
from pipeline.graph import create_pipeline

CLOSE, CLOSE_FLOATS = 1e-5, 1e-4
"""Engines add up 32-bit numbers in an order of their own; what is divided by such a sum is less exact yet."""
EXAMPLE_GENS = {"rows": "CsvExampleGen", "photos": "ImageExampleGen"}
EXAMPLES = 64
"""So many are transformed by the graphs that are compared."""

ASKED = ("kill", "restart")
FILES_OF_THE_REPORT = ("report.json", "quarantine.jsonl", "columns.json", "column_splits.json")


@dataclass(frozen=True)
class Engine:
    """A job service with its workers.

    Attributes:
        settings: As for `--set`.
        folder: What `beam_workers` keeps.
        workers: How many share a stage.
    """

    settings: tuple[str, ...]
    folder: Path
    workers: int

    def events(self, kind):
        """Returns what was noted of a kind: "pid" as a worker starts, "elements" of a bundle, "killed", "restarted"."""
        file = self.folder / "events.jsonl"
        lines = file.read_text().splitlines() if file.is_file() else []
        return [event for event in map(json.loads, lines) if kind in event]

    def started(self):
        """Returns how many workers have been started so far."""
        by_beams_pool = (self.folder / "log").read_text().count("Starting worker with command")
        return len(self.events("pid")) + by_beams_pool

    def worked(self, transform, since=0):
        """Returns how many elements the workers of each pool passed on where they worked on a transform.

        Args:
            transform: A part of its name.
            since: So many workers had been started before.
        """
        pools = {event["worker"]: event["pool"] for event in self.events("pid")[since:]}
        passed = Counter()
        for event in self.events("elements"):
            if event["worker"] in pools and any(transform in name for name in event["transforms"]):
                passed[pools[event["worker"]]] += event["elements"]
        return +passed

    def ask(self, name, text):
        """Asks for a `kill`, of a worker that is at work on a transform, or for a `restart` of the job that fails."""
        (self.folder / name).write_text(text)

    def forget(self):
        """Asks for nothing any more, whatever an earlier test left."""
        for name in ASKED:
            (self.folder / name).unlink(missing_ok=True)

    def unasked(self):
        """Tells whether all that was asked for has happened."""
        return not any((self.folder / name).exists() for name in ASKED)


@contextmanager
def serving(folder, workers):
    """Runs Beam's own job service with so many workers."""
    folder.mkdir(parents=True)
    with (folder / "log").open("w") as log:
        command = [sys.executable, beam_workers.__file__, str(folder), str(workers)]
        service = subprocess.Popen(command, env=environment(), cwd=folder, stdout=log, stderr=log)
    try:
        ready = json.loads(written(folder / "ready.json", service))
        yield Engine(settings(ready["endpoint"], ready["pools"][0]), folder, workers)
    finally:
        service.terminate()
        service.wait()


def environment():
    """The variables of a job service and its workers."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}


def settings(endpoint, pool):
    """The settings of an engine whose workers come from a pool."""
    return (
        "beam.engine=portable",
        f"beam.endpoint={endpoint}",
        "beam.environment=external",
        f"beam.environment_config={pool}",
    )


def written(file, writer):
    """Returns the text of a file that a process writes as it is ready."""
    end = time.monotonic() + 300
    while not file.is_file():
        assert writer.poll() is None, f"it ended: {(file.parent / 'log').read_text()[-2000:]}"
        assert time.monotonic() < end, f"{file} wasn't written"
        time.sleep(0.1)
    return file.read_text()


@dataclass(frozen=True)
class Outputs:
    """What the components of a pipeline made.

    Attributes:
        folder: The pipeline's artifacts.
    """

    folder: Path

    def of(self, component, key):
        """Returns the folder of a component's last output."""
        return max((self.folder / component / key).iterdir(), key=lambda folder: int(folder.name))

    def report(self, example_gen):
        return read_report(str(self.of(example_gen, "ingest_report")))

    def records(self, example_gen, split):
        """Returns the records as bytes, sorted: which file they are in, and where, is Beam's choice."""
        return records_in(self.of(example_gen, "examples") / f"Split-{split}")

    def ingested(self, example_gen):
        """Returns the hashes of each split's records, and what the report says."""
        folder = self.of(example_gen, "ingest_report")
        texts = {name: (folder / name).read_text() for name in FILES_OF_THE_REPORT if (folder / name).is_file()}
        hashes = {
            split: [hashlib.sha256(record).hexdigest() for record in self.records(example_gen, split)]
            for split in SPLITS
        }
        report = self.report(example_gen)
        stored = {split: count_records(str(self.of(example_gen, "examples") / f"Split-{split}")) for split in SPLITS}
        assert stored == {split: report.written(split) for split in SPLITS}
        assert report.found == sum(stored.values()) + report.quarantined + report.unused
        return hashes | texts

    def statistics(self):
        """Returns every number and word of the statistics, by split, feature and place."""
        found = {}
        for split in SPLITS:
            file = self.of("StatisticsGen", "statistics") / f"Split-{split}" / "FeatureStats.pb"
            (dataset,) = tfdv.load_stats_binary(str(file)).datasets
            found[split, "examples"] = dataset.num_examples
            for feature in dataset.features:
                name = feature.name or "/".join(feature.path.step)
                found |= {(split, name, *place): value for place, value in leaves(MessageToDict(feature))}
        return found

    def transformed(self, examples):
        """Returns what the transform graph makes of examples, and what lies beside it."""
        folder = str(self.of("Transform", "transform_graph"))
        graph = tft.TFTransformOutput(folder)
        raw = tf.io.parse_example(tf.constant(examples), graph.raw_feature_spec())
        made = graph.transform_features_layer()(raw)
        values = {name: tf.sparse.to_dense(value) if is_sparse(value) else value for name, value in made.items()}
        return {name: value.numpy() for name, value in values.items()} | {"classes": np.array(class_names(folder))}


def is_sparse(value):
    return isinstance(value, tf.SparseTensor)


def records_in(folder):
    files = sorted(map(str, folder.glob("*.gz")))
    return sorted(record.numpy() for record in tf.data.TFRecordDataset(files, compression_type="GZIP"))


def leaves(value, place=()):
    """Yields the single values of nested ones, each with its place."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*place, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*place, number))
    else:
        yield place, value


def check_close(found, expected):
    """Compares values by name: all the same, but for the last digits of numbers."""
    assert set(found) == set(expected)
    for name, value in expected.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            np.testing.assert_allclose(found[name], value, rtol=CLOSE_FLOATS, atol=CLOSE_FLOATS, err_msg=str(name))
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(found[name], value, err_msg=str(name))
        elif isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=CLOSE, abs=CLOSE, nan_ok=True), name
        else:
            assert found[name] == value, name


def run_until(last, config):
    """Runs a pipeline's components up to one of them; those that have run come from the cache."""
    Path(config.home).mkdir(parents=True, exist_ok=True)
    compiled = Compiler().compile(create_pipeline(config))
    names = [node.pipeline_node.node_info.id for node in compiled.nodes]
    del compiled.nodes[names.index(last) + 1 :]
    LocalDagRunner().run_with_ir(compiled)
    return Outputs(Path(config.artifacts_dir))


def evaluate(config, examples, model, folder):
    """Runs the Evaluator alone, on a model that is given; returns every number, by slice and metric."""
    artifacts = {
        "examples": (standard_artifacts.Examples, examples),
        "model": (standard_artifacts.Model, model),
        "evaluation": (standard_artifacts.ModelEvaluation, folder),
        "blessing": (standard_artifacts.ModelBlessing, folder / "blessing"),
    }
    found = {}
    for key, (kind, path) in artifacts.items():
        path.mkdir(parents=True, exist_ok=True)
        found[key] = kind()
        found[key].uri = str(path)
    found["examples"].split_names = json.dumps(SPLITS)
    arguments = list(config.beam.arguments)
    executor = Executor(Executor.Context(beam_pipeline_args=arguments, tmp_dir=str(folder / "tmp")))
    executor.Do(
        {key: [found[key]] for key in ("examples", "model")},
        {key: [found[key]] for key in ("evaluation", "blessing")},
        {EVALUATION_CONFIG_KEY: config.evaluation.model_dump_json()},
    )
    slices = tfma.load_eval_result(str(folder)).get_metrics_for_all_slices()
    return {(key, name): float(value["doubleValue"]) for key, found in slices.items() for name, value in found.items()}


def compute(step, data, config, model, folder):
    """Runs a step on what was made before; returns what it made, to be compared, and of how many records.

    Args:
        step: The component.
        data: "rows" or "photos".
        config: The pipeline.
        model: What the Evaluator evaluates.
        folder: What the Evaluator writes to.
    """
    example_gen = EXAMPLE_GENS[data]
    outputs = run_until("Transform" if step == "Evaluator" else step, config)
    report = outputs.report(example_gen)
    match step:
        case "StatisticsGen":
            return outputs.statistics(), sum(map(report.written, SPLITS))
        case "Transform":
            return outputs.transformed(outputs.records(example_gen, "test")[:EXAMPLES]), report.written("train")
        case "Evaluator":
            return evaluate(config, outputs.of(example_gen, "examples"), model, folder), report.written("test")
        case _:
            return outputs.ingested(example_gen), report.found
