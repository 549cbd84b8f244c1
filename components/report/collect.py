"""Collects the artifacts of a run into a review."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields

import tensorflow as tf

from components.answering import read_answering
from components.column_roles import NO_ROLES, ColumnRoles
from components.pusher.versions import SERVED_MODEL
from components.report.config import ModelCard
from components.report.data import read_data, split_files
from components.report.evaluation import read_evaluation, read_number_evaluation
from components.report.latency import measure_latency
from components.report.misses import find_errors
from components.report.mistakes import find_mistakes
from components.report.pooled import pool_values
from components.report.predictions import predict_batch
from components.report.review import REVIEW_FILE, EvaluationReview, Review
from components.report.slice_meanings import find_meanings
from components.report.training import read_training
from components.task import read_task
from components.trainer.serving import CLASSES_FILE
from components.yardstick.results import read_yardstick

NO_CARD = ModelCard()


@dataclass(frozen=True)
class Sources:
    """Where a run's artifacts are; "" for those that it didn't come to.

    Attributes:
        examples: ExampleGen's.
        ingest_report: ExampleGen's.
        statistics: StatisticsGen's.
        anomalies: ExampleValidator's.
        model: The Trainer's.
        model_run: The Trainer's.
        tuner_results: The Tuner's.
        yardstick: The Yardstick's.
        evaluation: The Evaluator's.
        pushed_to: The version folder that the Pusher wrote.
    """

    examples: str = ""
    ingest_report: str = ""
    statistics: str = ""
    anomalies: str = ""
    model: str = ""
    model_run: str = ""
    tuner_results: str = ""
    yardstick: str = ""
    evaluation: str = ""
    pushed_to: str = ""


ARTIFACTS = tuple(field.name for field in fields(Sources) if field.name != "pushed_to")
"""The sources that are artifacts, by the output keys of their components, which are unique over the pipeline."""


def collect(pipeline: str, sources: Sources, roles: ColumnRoles = NO_ROLES, card: ModelCard = NO_CARD) -> Review:
    """Reads all that there is.

    Args:
        pipeline: The pipeline's name.
        sources: The artifacts.
        roles: What the settings do with the columns of rows.
        card: What the settings say of the model.
    """
    has_data = sources.examples or sources.ingest_report or sources.statistics
    model_path = os.path.join(sources.model, SERVED_MODEL)
    is_evaluated = bool(sources.evaluation and sources.model)
    of_numbers = is_evaluated and read_task(model_path).of_numbers
    test_files = split_files(sources.examples, "test") if is_evaluated else []
    return Review(
        pipeline=pipeline,
        data=read_data(sources.ingest_report, sources.statistics, sources.anomalies, sources.examples, roles)
        if has_data
        else None,
        training=read_training(sources.model_run, sources.tuner_results) if sources.model_run else None,
        evaluation=_evaluation(sources.evaluation, model_path, test_files, roles) if sources.evaluation else None,
        mistakes=find_mistakes(test_files, model_path) if is_evaluated and not of_numbers else None,
        predictions=predict_batch(test_files, model_path) if is_evaluated and not of_numbers else (),
        pooled=pool_values(split_files(sources.examples, "train"), model_path)
        if sources.examples and sources.model
        else None,
        errors=find_errors(test_files, model_path) if is_evaluated and of_numbers else None,
        yardstick=read_yardstick(sources.yardstick) if sources.yardstick else None,
        latency=measure_latency(test_files, model_path) if is_evaluated else None,
        card=card,
        pushed_to=sources.pushed_to,
    )


def write_review(review: Review, folder: str) -> None:
    """Writes `review.json`."""
    with tf.io.gfile.GFile(os.path.join(folder, REVIEW_FILE), "w") as file:
        file.write(review.model_dump_json())


def read_review(folder: str) -> Review:
    """Reads `review.json`."""
    with tf.io.gfile.GFile(os.path.join(folder, REVIEW_FILE)) as file:
        return Review.model_validate_json(file.read())


def _evaluation(folder: str, model_path: str, test_files: Sequence[str], roles: ColumnRoles) -> EvaluationReview:
    task = read_task(model_path)
    if task.of_numbers:
        found = read_number_evaluation(folder, task.label)
    else:
        found = read_evaluation(folder, _class_names(model_path), read_answering(model_path))
    meanings = find_meanings(test_files, model_path, roles)
    slices = [each.model_copy(update={"meaning": meanings.get(each.name, "")}) for each in found.slices]
    return found.model_copy(update={"slices": tuple(slices)})


def _class_names(model_path: str) -> list[str]:
    with tf.io.gfile.GFile(os.path.join(model_path, CLASSES_FILE)) as file:
        return list(json.loads(file.read()))
