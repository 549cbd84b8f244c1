"""Writes what a run's model predicts of each of its test examples, for whoever wants to look for themselves."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import tensorflow as tf

from components.contract import LABEL, PATH, PLACE
from components.errors import TransferlineError
from components.loaded_models import load_model
from components.pusher.versions import SERVED_MODEL
from components.report.data import split_files
from components.report.examples import batches_of
from components.task import read_task
from components.wording import printable
from pipeline.config import PipelineConfig
from pipeline.metadata.history import read_history
from pipeline.prediction.output import write_whole
from pipeline.prediction.results import Outcome, shortest

BATCH, EVERY = 256, -1
COLUMNS = ("example", "place", "label", "predicted")
TEXT, NUMBER = tf.io.FixedLenFeature([], tf.string, ""), tf.io.FixedLenFeature([], tf.float32)


def write_predictions(config: PipelineConfig, run_id: str, out: Path) -> int:
    """Writes a CSV file with a row for each test example: its place in the data, its label, and what is predicted.

    Of classes there is a column of each one's probability besides; of a number its error: predicted less actual.

    Args:
        config: The pipeline.
        run_id: The run, whose model need not have been blessed.
        out: The file, which appears whole or not at all.

    Returns:
        How many examples there are.

    Raises:
        TransferlineError: The run made no model, or what it made is gone; the file can't be written.
    """
    model, files = _artifacts(config, run_id)
    rows = _numbers(files, model) if read_task(model).of_numbers else _classes(files, model)

    def fill(stream: TextIO) -> Outcome:
        table, written = csv.writer(stream, lineterminator="\n"), 0
        for row in rows:
            table.writerow(row)
            written += 1
        header = bool(written)
        return Outcome(predicted=written - header, quarantined=0)

    return write_whole(out, fill).predicted


def _artifacts(config: PipelineConfig, run_id: str) -> tuple[str, list[str]]:
    """The model of a run, and the files of its test split."""
    made = read_history(config).made_by(run_id)
    if "model" not in made:
        raise TransferlineError(
            f"The run {run_id} made no model.", cure="Name a run whose Trainer came to its end, by --run ID."
        )
    model, files = os.path.join(made["model"], SERVED_MODEL), split_files(made["examples"], "test")
    if not tf.io.gfile.exists(model) or not files:
        raise TransferlineError(
            f"What the run {run_id} made is no longer there.",
            place=model if files else made["examples"],
            cure="Name a later run by --run ID, or run the pipeline again.",
        )
    return model, files


def _classes(files: list[str], model: str) -> Iterator[list[object]]:
    number = 0
    for parsed, answers in _answered(files, model, TEXT):
        if not number:
            yield [*COLUMNS, *(f"probability of {_text(name)}" for name in answers["class_names"][0].numpy())]
        columns = (parsed[LABEL].numpy(), answers["label"].numpy(), answers["scores"].numpy())
        for place, label, predicted, scores in zip(_places(parsed), *columns, strict=True):
            number += 1
            yield [number, place, _text(label), _text(predicted), *map(shortest, scores)]


def _numbers(files: list[str], model: str) -> Iterator[list[object]]:
    yield [*COLUMNS, "error"]
    number = 0
    for parsed, answers in _answered(files, model, NUMBER):
        columns = (parsed[LABEL].numpy(), answers["prediction"].numpy())
        for place, label, predicted in zip(_places(parsed), *columns, strict=True):
            number += 1
            yield [number, place, shortest(label), shortest(predicted), shortest(predicted - label)]


def _answered(files: list[str], model: str, label: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yields what is known of each batch, and what the model answers."""
    ask = load_model(model).signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    known = {LABEL: label, PATH: TEXT, PLACE: TEXT}
    for records in batches_of(files, BATCH, EVERY):
        examples = tf.constant(records)
        yield tf.io.parse_example(examples, known), ask(examples=examples)


def _places(parsed: dict[str, Any]) -> list[str]:
    """Where the examples came from: photos have a path, rows a place, or neither where the settings keep none."""
    pairs = zip(parsed[PATH].numpy(), parsed[PLACE].numpy(), strict=True)
    return [_text(path or place) for path, place in pairs]


def _text(value: bytes) -> str:
    return printable(value.decode("utf-8", "surrogateescape"))
