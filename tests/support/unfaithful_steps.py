"""Each Beam step on a little data, on an engine with one fault: what it makes of it.

`python -m unfaithful_steps STEP [FAULT ...]` tries every element there is, and prints what became of the step.
"""

import json
import logging
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
import unfaithful_runner
from google.protobuf import text_format
from leftovers import plant
from PIL import Image
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts

from components.contract import SPLITS
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.executor import Executor as RowIngest
from components.errors import error_in_chain
from components.evaluator.config import Evaluation, Threshold
from components.evaluator.executor import EVALUATION_CONFIG_KEY
from components.evaluator.executor import Executor as Evaluator
from components.evaluator.results import read_metrics
from components.image_example_gen.config import ImageData
from components.image_example_gen.executor import Executor as PhotoIngest
from components.ingest.artifact import IngestReportArtifact
from components.ingest.record_counts import write_counts
from components.ingest.record_files import shard_name
from components.ingest.report import IngestReport, write_report
from components.statistics_gen.executor import Executor as StatisticsGen
from components.transform.config import Quantiles, RowTransform
from components.transform.executor import Executor as Transform

ROWS, PHOTOS = 20, 8
SHARDS, IN_A_SHARD = 2, 5
"""Files of each split that the later steps read, and records of each: as many in each, so that no count tells them."""

CAUGHT, UNCHANGED, UNNOTICED = "caught", "unchanged", "unnoticed"

SCHEMA = text_format.Parse(
    """
    feature { name: "a" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "b" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "label" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
    """,
    schema_pb2.Schema(),
)


def run(executor, inputs, outputs, properties):
    """Runs an executor on the engine."""
    context = executor.Context(beam_pipeline_args=list(unfaithful_runner.ARGUMENTS))
    executor(context).Do(
        {name: [each] for name, each in inputs.items()}, {name: [each] for name, each in outputs.items()}, properties
    )


def artifact(kind, path):
    made = kind()
    made.uri = str(path)
    return made


def rows(folder):
    """Takes rows in."""
    return ingested(RowIngest, csv_files(folder / "data"), folder)


def photos(folder):
    """Takes photos in."""
    return ingested(PhotoIngest, photo_files(folder / "data"), folder)


def ingested(executor, settings, folder):
    """Returns what was written: the records of each split, and each file of the report."""
    kinds = {"examples": standard_artifacts.Examples, "ingest_report": IngestReportArtifact}
    outputs = {name: artifact(kind, folder / name) for name, kind in kinds.items()}
    for name in kinds:
        (folder / name).mkdir()
    run(executor, {}, outputs, {"data": settings.model_dump_json(), "schema_text": ""})
    written = {split: records(folder / "examples" / f"Split-{split}") for split in SPLITS}
    reports = {path.name: path.read_text() for path in (folder / "ingest_report").iterdir()}
    return written | {name: text.replace(str(folder), "") for name, text in reports.items()}


def statistics(folder):
    """Computes statistics; returns those of each split."""
    output = artifact(standard_artifacts.ExampleStatistics, folder / "statistics")
    run(StatisticsGen, {"examples": examples(folder)}, {"statistics": output}, {})
    files = {split: folder / "statistics" / f"Split-{split}" / "FeatureStats.pb" for split in SPLITS}
    return {split: in_digits(tfdv.load_stats_binary(str(file))) for split, file in files.items()}


def transform(folder):
    """Analyses rows; returns what the graph makes of some."""
    inputs = {
        "examples": examples(folder),
        "schema": artifact(standard_artifacts.Schema, folder / "schema"),
        "ingest_report": artifact(IngestReportArtifact, folder / "ingest_report"),
    }
    for name in ("schema", "ingest_report"):
        plant(folder / name)
    (folder / "schema" / "schema.pbtxt").write_text(text_format.MessageToString(SCHEMA))
    counts = {"train": {"no": IN_A_SHARD, "yes": IN_A_SHARD}}
    write_report(IngestReport(found=SHARDS * IN_A_SHARD, counts=counts, quarantined=0), f"{folder}/ingest_report")
    settings = RowTransform(slices={"quarter": Quantiles(column="a"), "half": Quantiles(column="b", buckets=2)})
    properties = {
        "preprocessing_fn": "components.transform.rows.preprocessing_fn",
        "custom_config": json.dumps({"transform": settings.model_dump(mode="json")}),
        "force_tf_compat_v1": 0,
        "disable_statistics": 1,
    }
    output = artifact(standard_artifacts.TransformGraph, folder / "transform_graph")
    output_folder = Path(output.uri)
    output_folder.mkdir()
    run(Transform, inputs, {"transform_graph": output}, properties)
    raw = {
        "a": tf.constant([[0.25], [0.75]]),
        "b": tf.constant([[1.0], [4.0]]),
        "label": tf.constant([["no"], ["yes"]]),
    }
    made = tft.TFTransformOutput(output.uri).transform_raw_features(raw)
    return {name: np.round(made[name].numpy(), 5).tolist() for name in ("features", "quarter", "half")}


def evaluator(folder):
    """Evaluates a model; returns its metrics by slice."""
    model = artifact(standard_artifacts.Model, folder / "model")
    tf.saved_model.save(MODEL, f"{model.uri}/Format-Serving", MODEL.signatures())
    plant(folder / "model")
    extra = folder / "model" / "Format-Serving" / "assets.extra"
    extra.mkdir(exist_ok=True)
    (extra / "class_names.json").write_text(json.dumps(["no", "yes"]))
    kinds = {"evaluation": standard_artifacts.ModelEvaluation, "blessing": standard_artifacts.ModelBlessing}
    outputs = {name: artifact(kind, folder / name) for name, kind in kinds.items()}
    settings = Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.0),), slices=("label",))
    properties = {EVALUATION_CONFIG_KEY: settings.model_dump_json()}
    run(Evaluator, {"examples": examples(folder), "model": model}, outputs, properties)
    metrics = read_metrics(f"{folder}/evaluation", "")
    return {name: {key: value and round(value, 5) for key, value in found.items()} for name, found in metrics.items()}


STEPS = {step.__name__: step for step in (rows, photos, statistics, transform, evaluator)}


class Model(tf.Module):
    """Its answer is the column `a`."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, serialized):
        spec = {"a": tf.io.FixedLenFeature([], tf.float32)}
        return {"probability": tf.io.parse_example(serialized, spec)["a"]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_labels(self, serialized):
        spec = {"label": tf.io.FixedLenFeature([], tf.string)}
        labels = tf.io.parse_example(serialized, spec)["label"]
        return {"label_id": tf.cast(tf.equal(labels, "yes"), tf.int64)}

    def signatures(self):
        return {"serving_default": self.serve, "transform_labels": self.transform_labels}


MODEL = Model()


def verdict(step, kind, number, folder):
    """Returns what becomes of a step when something befalls an element: a verdict, and in which words."""
    expected, _ = faithful(step)
    with unfaithful_runner.unfaithful(kind, number):
        try:
            found = STEPS[step](folder)
        except Exception as error:  # how it fails is what is asked
            known = error_in_chain(error)
            return CAUGHT, known.cause if known else f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    differing = [name for name in expected if found.get(name) != expected[name]]
    return (UNNOTICED, ", ".join(differing)) if differing else (UNCHANGED, "")


@cache
def faithful(step):
    """What a faithful engine makes, and how many elements it sends from stage to stage."""
    with tempfile.TemporaryDirectory() as folder, unfaithful_runner.unfaithful(unfaithful_runner.FAITHFUL) as seen:
        return STEPS[step](Path(folder)), seen.seen


def records(folder):
    """The records of a split, sorted."""
    files = sorted(map(str, folder.glob("*")))
    return sorted(record.numpy() for record in tf.data.TFRecordDataset(files, compression_type="GZIP"))


def in_digits(message):
    """A message as text, its numbers without the digits that the order of sums decides."""
    return text_format.MessageToString(message, float_format=".5g", double_format=".5g")


def examples(folder):
    """As many examples in each split and file, in none the same, and beside them what is no example."""
    made = artifact(standard_artifacts.Examples, folder / "examples")
    made.split_names = json.dumps(list(SPLITS))
    examples_utils.set_payload_format(made, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(made, "tfrecords_gzip")
    generator = np.random.default_rng(0)
    folders = {split: folder / "examples" / f"Split-{split}" for split in SPLITS}
    for to in folders.values():
        to.mkdir(parents=True)
        for number in range(SHARDS):
            with tf.io.TFRecordWriter(str(to / shard_name(number, SHARDS)), "GZIP") as writer:
                for row in range(IN_A_SHARD):
                    writer.write(example(*generator.random(2), ("no", "yes")[row % 2]))
        plant(to)
    written = dict.fromkeys(SPLITS, SHARDS * IN_A_SHARD)
    write_counts(written, {split: str(to) for split, to in folders.items()})
    return made


def example(a, b, label):
    made = tf.train.Example()
    made.features.feature["a"].float_list.value.append(a)
    made.features.feature["b"].float_list.value.append(10 * b)
    made.features.feature["label"].bytes_list.value.append(label.encode())
    return made.SerializeToString()


def csv_files(folder):
    """Three files, of which each has a bad row, and two rows that differ in the label alone."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for number in range(3):
        lines = [f"{generator.random():.3f},{number},{('yes', 'no')[row % 2]}" for row in range(ROWS)]
        text = "\n".join(["a,b,label", *lines, "x,1,2,3", "0.5,1,yes", "0.5,1,no"])
        (folder / f"{number}.csv").write_text(f"{text}\n")
    return CsvData(path=str(folder), label="label")


def photo_files(folder):
    """Two classes, each with a file that is no photo; one photo twice in its class, one in both classes."""
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(PHOTOS):
            pixels = generator.integers(0, 255, (20, 20, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
        (folder / name / "bad.png").write_bytes(b"nothing")
    for number, copy in ((1, "cat/copy.png"), (2, "dog/copy.png")):
        (folder / copy).write_bytes((folder / "cat" / f"{number}.png").read_bytes())
    return ImageData(path=str(folder))


def main(step, *kinds):
    logging.disable(logging.ERROR)
    _, elements = faithful(step)
    for kind in kinds or unfaithful_runner.FAULTS:
        found = Counter()
        for number in range(elements):
            with tempfile.TemporaryDirectory() as folder:
                became, words = verdict(step, kind, number, Path(folder))
            found[became] += 1
            sys.stdout.write(f"{step} {kind} {number}: {became} {words}\n")
        sys.stdout.write(f"{step} {kind}: of {elements} elements {dict(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
