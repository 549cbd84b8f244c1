"""The Beam steps in remote workers, as Flink and Spark have them, beside the local engine.

Beam's own portable job service takes the jobs in a process of its own, and a worker pool starts the workers in others:
nothing gets to them but what Beam sends, and the environment they were started with.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from conftest import BIN, ROOT, write_photos
from servers import free_port
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.evaluator.executor import EVALUATION_CONFIG_KEY, Executor
from components.ingest.report import read_report
from components.ingest.results import count_records
from components.transform.labels import class_names
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to
from pipeline.graph import create_pipeline

SPLITS = ("train", "eval", "test")
ROWS, BAD_ROWS = 600, 3
PHOTOS_OF_A_CLASS, CLASSES = 8, 5


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """The settings of an engine whose workers are other processes, and the log that names them."""
    folder = tmp_path_factory.mktemp("engine")
    port_file, pool_log, pool_port = folder / "port", folder / "pool.log", free_port()
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    commands = (
        ("apache_beam.runners.portability.local_job_service_main", "--port_file", str(port_file)),
        ("apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool_port)),
    )
    with pool_log.open("w") as log:
        services = [
            subprocess.Popen([sys.executable, "-m", *command], env=environment, cwd=folder, stdout=log, stderr=log)
            for command in commands
        ]
        try:
            settings = [
                "beam.engine=portable",
                f"beam.endpoint=localhost:{_written(port_file)}",
                "beam.environment=external",
                f"beam.environment_config=localhost:{pool_port}",
            ]
            yield settings, pool_log
        finally:
            for service in services:
                service.terminate()
                service.wait()


def _written(file):
    end = time.monotonic() + 60
    while not (file.is_file() and file.read_text()):
        assert time.monotonic() < end, "the job service didn't start"
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
        """Returns the folder of an output."""
        (made,) = (self.folder / component / key).iterdir()
        return made

    def report(self, example_gen):
        return read_report(str(self.of(example_gen, "ingest_report")))

    def records(self, example_gen, split):
        """Returns the records as bytes, sorted: which file they are in, and where, is Beam's choice."""
        files = sorted((self.of(example_gen, "examples") / f"Split-{split}").glob("*.gz"))
        return sorted(record.numpy() for record in tf.data.TFRecordDataset(files, compression_type="GZIP"))

    def statistics(self, split):
        folder = self.of("StatisticsGen", "statistics") / f"Split-{split}"
        return tfdv.load_stats_binary(str(folder / "FeatureStats.pb"))


def run_until(last, config):
    """Runs a pipeline's components up to one of them."""
    Path(config.home).mkdir(parents=True)
    compiled = Compiler().compile(create_pipeline(config))
    names = [node.pipeline_node.node_info.id for node in compiled.nodes]
    del compiled.nodes[names.index(last) + 1 :]
    LocalDagRunner().run_with_ir(compiled)
    return Outputs(Path(config.artifacts_dir))


@pytest.fixture(scope="module")
def rows(tmp_path_factory, remote):
    """What became of rows, three of which can't be read: here, and in remote workers."""
    folder = tmp_path_factory.mktemp("rows")
    write_to(HiggsToy(rows=ROWS), folder / "rows.csv")
    with (folder / "rows.csv").open("a") as file:
        file.write("a bad row\n" * BAD_ROWS)
    settings = [
        f"data.path={folder}/rows.csv",
        "data.split.eval_rows=150",
        "data.split.test_rows=150",
        "gate.max_quarantined=0.1",
        'trainer.models={"tiny": {"widths": [4]}}',
        "trainer.max_epochs=1",
    ]
    config = apply_overrides(catalog.load("higgs_toy"), settings)
    here = run_until("Trainer", apply_overrides(config, [f"output_dir={folder}/here"]))
    there = run_until("Transform", apply_overrides(config, [*remote[0], f"output_dir={folder}/there"]))
    return config, here, there


@pytest.fixture(scope="module")
def photos(tmp_path_factory, remote):
    """What became of photos, one of which can't be read: here, and in remote workers."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "data", PHOTOS_OF_A_CLASS)
    (folder / "data" / "blue" / "broken.png").write_bytes(b"no photo")
    config = apply_overrides(catalog.load("photos"), [f"data.path={folder}/data"])
    here = run_until("ImageExampleGen", apply_overrides(config, [f"output_dir={folder}/here"]))
    there = run_until("ImageExampleGen", apply_overrides(config, [*remote[0], f"output_dir={folder}/there"]))
    return here, there


def outcome(example_gen, outputs):
    """Records in the report, and on disk."""
    report = outputs.report(example_gen)
    stored = {split: count_records(str(outputs.of(example_gen, "examples") / f"Split-{split}")) for split in SPLITS}
    assert stored == {split: report.written(split) for split in SPLITS}
    assert report.found == sum(stored.values()) + report.quarantined + report.unused
    return report


def test_rows_are_the_same_records_and_the_same_report(rows):
    _, here, there = rows
    report = outcome("CsvExampleGen", there)
    assert (report.found, report.quarantined, report.unused) == (ROWS + BAD_ROWS, BAD_ROWS, 0)
    assert report == outcome("CsvExampleGen", here)
    for split in SPLITS:
        assert there.records("CsvExampleGen", split) == here.records("CsvExampleGen", split)
    quarantine = [each.of("CsvExampleGen", "ingest_report") / "quarantine.jsonl" for each in (here, there)]
    assert quarantine[0].read_bytes() == quarantine[1].read_bytes()


def test_photos_are_the_same_records_and_the_same_report(photos):
    here, there = photos
    report = outcome("ImageExampleGen", there)
    assert (report.found, report.quarantined) == (PHOTOS_OF_A_CLASS * CLASSES + 1, 1)
    assert report == outcome("ImageExampleGen", here)
    for split in SPLITS:
        assert there.records("ImageExampleGen", split) == here.records("ImageExampleGen", split)


def test_the_statistics_are_the_same(rows):
    _, here, there = rows
    for split in SPLITS:
        assert there.statistics(split) == here.statistics(split)
        assert there.statistics(split).datasets[0].num_examples > 0


def test_the_transform_graph_is_the_same(rows):
    _, here, there = rows
    folders = [str(each.of("Transform", "transform_graph")) for each in (here, there)]
    assert class_names(folders[0]) == class_names(folders[1]) == ("0", "1")
    graphs = [tft.TFTransformOutput(folder) for folder in folders]
    examples = tf.constant(here.records("CsvExampleGen", "test"))
    found = []
    for graph in graphs:
        raw = tf.io.parse_example(examples, graph.raw_feature_spec())
        found.append(graph.transform_features_layer()(raw))
    assert set(found[0]) == set(found[1])
    for name, values in found[0].items():
        np.testing.assert_array_equal(found[1][name].numpy(), values.numpy(), err_msg=name)


def test_the_evaluation_is_the_same(rows, remote, tmp_path):
    config, here, _ = rows
    results = []
    for name, settings in (("here", []), ("there", remote[0])):
        arguments = list(apply_overrides(config, settings).beam.arguments)
        evaluate(config, here, tmp_path / name, arguments)
        results.append(metric_values(tmp_path / name))
    slices = {key for key, _ in results[0]}
    assert len(slices) > 1
    # The engines sum 32-bit numbers in their own order.
    assert results[1] == pytest.approx(results[0], rel=1e-6, nan_ok=True)


def metric_values(folder):
    """Every number of an evaluation by slice and metric."""
    slices = tfma.load_eval_result(str(folder)).get_metrics_for_all_slices()
    return {(key, name): float(value["doubleValue"]) for key, found in slices.items() for name, value in found.items()}


def evaluate(config, outputs, folder, beam_arguments):
    """Runs the Evaluator alone, on what was made before."""
    artifacts = {
        "examples": (standard_artifacts.Examples, outputs.of("CsvExampleGen", "examples")),
        "model": (standard_artifacts.Model, outputs.of("Trainer", "model")),
        "evaluation": (standard_artifacts.ModelEvaluation, folder),
        "blessing": (standard_artifacts.ModelBlessing, folder / "blessing"),
    }
    found = {}
    for key, (kind, path) in artifacts.items():
        path.mkdir(parents=True, exist_ok=True)
        found[key] = kind()
        found[key].uri = str(path)
    found["examples"].split_names = '["train", "eval", "test"]'
    executor = Executor(Executor.Context(beam_pipeline_args=beam_arguments, tmp_dir=str(folder / "tmp")))
    executor.Do(
        {key: [found[key]] for key in ("examples", "model")},
        {key: [found[key]] for key in ("evaluation", "blessing")},
        {EVALUATION_CONFIG_KEY: config.evaluation.model_dump_json()},
    )


def test_the_work_was_done_in_processes_of_the_worker_pool(rows, photos, remote):
    started = remote[1].read_text().count("Starting worker with command")
    assert started >= len(("CsvExampleGen", "StatisticsGen", "Transform", "ImageExampleGen"))
