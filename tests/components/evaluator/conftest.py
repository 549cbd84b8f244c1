"""Models whose answer is written in the example, so that every metric can be worked out by hand."""

import json
import shutil

import pytest
import tensorflow as tf
from tfx.components.evaluator.executor import Executor as TfxExecutor
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import json_utils, proto_utils

from components.evaluator.eval_config import eval_config
from components.evaluator.executor import EVALUATION_CONFIG_KEY, Executor
from components.evaluator.predicted import read_predicted
from components.ingest.record_files import shard_name
from components.task import ServedTask, write_task
from pipeline.config import Beam

BEAM_ARGS = list(Beam().arguments)
"""As runs have them: without the last one TFX would build a package of itself each time, which takes seconds."""


class ScoreReader(tf.Module):
    """Reads the scores of all classes from the feature `reads`, shifted by `shift` classes."""

    def __init__(self, classes, shift=0, reads="scores"):
        super().__init__()
        self.classes = classes
        self.shift = shift
        self.reads = reads

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        spec = {self.reads: tf.io.FixedLenFeature([self.classes], tf.float32)}
        scores = tf.roll(tf.io.parse_example(examples, spec)[self.reads], self.shift, axis=1)
        outputs = {"scores": scores}
        return outputs | ({"probability": scores[:, 1]} if self.classes == 2 else {})

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_labels(self, examples):
        return {"label_id": tf.io.parse_example(examples, {"id": tf.io.FixedLenFeature([], tf.int64)})["id"]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_slices(self, examples):
        """Slice 1 or 2, by the first score; moved by `shift`, as another training's quantiles would be."""
        spec = {"scores": tf.io.FixedLenFeature([self.classes], tf.float32)}
        scores = tf.io.parse_example(examples, spec)["scores"]
        return {"half": tf.cast(scores[:, 0] > 0.5, tf.int64) + 1 + self.shift}


class NumberReader(tf.Module):
    """Answers with the feature `reads`, times `factor`; the label is in the feature `label`."""

    def __init__(self, factor, reads):
        super().__init__()
        self.factor = factor
        self.reads = reads

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        spec = {self.reads: tf.io.FixedLenFeature([], tf.float32)}
        return {"prediction": self.factor * tf.io.parse_example(examples, spec)[self.reads]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_labels(self, examples):
        return {"label_value": tf.io.parse_example(examples, {"label": tf.io.FixedLenFeature([], tf.float32)})["label"]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_slices(self, examples):
        """Slice 1 or 2, by the answer."""
        answers = self.serve(examples)["prediction"]
        return {"half": tf.cast(answers > self.factor * 100, tf.int64) + 1}


def class_names(classes):
    return [f"class {number}" for number in range(classes)]


def as_feature(values):
    if all(isinstance(value, str) for value in values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))
    if all(isinstance(value, int) for value in values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


@pytest.fixture(scope="session")
def save_graph(tmp_path_factory):
    """Saves a model of some arguments into a folder; one that was saved before is copied, which takes no tracing."""
    saved = {}

    def save(folder, kind, arguments, makes_slices):
        key = kind, arguments, makes_slices
        if key not in saved:
            model = kind(*arguments)
            signatures = {"serving_default": model.serve, "transform_labels": model.transform_labels}
            if makes_slices:
                signatures["transform_slices"] = model.transform_slices
            saved[key] = tmp_path_factory.mktemp("saved") / "model"
            tf.saved_model.save(model, str(saved[key]), signatures)
        shutil.copytree(saved[key], folder, dirs_exist_ok=True)

    return save


@pytest.fixture
def save_model(tmp_path, save_graph):
    def save(name, classes, shift=0, makes_slices=False, reads="scores", inputs=None):
        artifact = standard_artifacts.Model()
        artifact.uri = str(tmp_path / name)
        save_graph(f"{artifact.uri}/Format-Serving", ScoreReader, (classes, shift, reads), makes_slices)
        extra = tmp_path / name / "Format-Serving" / "assets.extra"
        extra.mkdir(exist_ok=True)
        (extra / "class_names.json").write_text(json.dumps(class_names(classes)))
        if inputs:
            (extra / "inputs.json").write_text(json.dumps(inputs))
        return artifact

    return save


@pytest.fixture
def save_number_model(tmp_path, save_graph):
    def save(name, factor=1.0, makes_slices=False, label="price", middle=100.0, reads="answer"):
        artifact = standard_artifacts.Model()
        artifact.uri = str(tmp_path / name)
        save_graph(f"{artifact.uri}/Format-Serving", NumberReader, (factor, reads), makes_slices)
        task = ServedTask(task="regression", label=label, lowest=middle - 50, highest=middle + 50)
        write_task(task, f"{artifact.uri}/Format-Serving")
        return artifact

    return save


@pytest.fixture
def write_numbers(write_features):
    """Writes (label, answer) rows, which may end with further features; a file for each sequence of rows."""

    def write(*files):
        return write_features(
            *(
                [{"label": [float(label)], "answer": [float(answer)]} | dict(*more) for label, answer, *more in rows]
                for rows in files
            )
        )

    return write


@pytest.fixture
def write_examples(write_features):
    """Writes (label, id, scores) rows, which may end with further features; a file for each sequence of rows."""

    def write(*files):
        return write_features(
            *(
                [
                    {"label": [label], "id": [number], "scores": [*map(float, scores)]} | dict(*more)
                    for label, number, scores, *more in rows
                ]
                for rows in files
            )
        )

    return write


@pytest.fixture
def write_features(tmp_path):
    """Writes rows as the test split of an Examples artifact; a file for each sequence of rows.

    A row is its features, each a list of texts, whole numbers or other numbers.
    """

    def write(*files):
        artifact = standard_artifacts.Examples()
        artifact.uri = str(tmp_path / "examples")
        artifact.split_names = '["train", "eval", "test"]'
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(artifact, "tfrecords_gzip")
        tf.io.gfile.makedirs(f"{artifact.uri}/Split-test")
        for at, rows in enumerate(files):
            with tf.io.TFRecordWriter(f"{artifact.uri}/Split-test/{shard_name(at, len(files))}", "GZIP") as writer:
                for features in rows:
                    feature = {name: as_feature(values) for name, values in features.items()}
                    writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
        return artifact

    return write


@pytest.fixture
def evaluate(tmp_path):
    """Runs the executor; returns the evaluation and blessing artifacts."""

    def run(evaluation, examples, model, baseline=None, **run_parameters):
        outputs = {"evaluation": standard_artifacts.ModelEvaluation(), "blessing": standard_artifacts.ModelBlessing()}
        for key, artifact in outputs.items():
            artifact.uri = str(tmp_path / key)  # which isn't there yet, as on Kubeflow
        inputs = {"examples": [examples], "model": [model]} | ({"baseline_model": [baseline]} if baseline else {})
        executor = Executor(Executor.Context(beam_pipeline_args=BEAM_ARGS, tmp_dir=str(tmp_path / "tmp")))
        executor.Do(
            inputs,
            {key: [artifact] for key, artifact in outputs.items()},
            {EVALUATION_CONFIG_KEY: evaluation.model_dump_json(), **run_parameters},
        )
        return outputs["evaluation"], outputs["blessing"]

    return run


@pytest.fixture
def evaluate_with_tfma(tmp_path):
    """Runs TFX's own executor on the same, with the configuration that TFMA reads; returns the same artifacts."""

    def run(evaluation, examples, model, baseline=None, *, makes_slices=False, weight=""):
        outputs = {"evaluation": standard_artifacts.ModelEvaluation(), "blessing": standard_artifacts.ModelBlessing()}
        for key, artifact in outputs.items():
            artifact.uri = str(tmp_path / f"tfma_{key}")
            tf.io.gfile.makedirs(artifact.uri)
        inputs = {"examples": [examples], "model": [model]} | ({"baseline_model": [baseline]} if baseline else {})
        executor = TfxExecutor(TfxExecutor.Context(beam_pipeline_args=BEAM_ARGS, tmp_dir=str(tmp_path / "tmp")))
        executor.Do(
            inputs,
            {key: [artifact] for key, artifact in outputs.items()},
            {
                "eval_config": proto_utils.proto_to_json(
                    eval_config(
                        evaluation,
                        read_predicted(f"{model.uri}/Format-Serving"),
                        makes_slices=makes_slices,
                        weight=weight,
                    )
                ),
                "example_splits": json_utils.dumps(["test"]),
            },
        )
        return outputs["evaluation"], outputs["blessing"]

    return run
