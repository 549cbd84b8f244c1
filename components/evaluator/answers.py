"""Runs the models on the test split in whole batches.

TFMA takes each example alone through each of its slices. Here an example costs what the models cost: TensorFlow reads,
parses and predicts a batch at once, and numpy sums it up by slice.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from typing_extensions import assert_never

from components.contract import IMAGE
from components.datasets import untuned
from components.evaluator.paired import paired_sums, unanswered
from components.evaluator.predicted import Classes, Number, Predicted
from components.evaluator.residuals import Residuals, residuals
from components.evaluator.signatures import LABEL_SIGNATURE, SLICE_SIGNATURE
from components.evaluator.slices import RawFeatures, slices
from components.evaluator.statistics import Contributions, Floats, Found, contributions
from components.ingest.record_counts import Read
from components.ingest.side_by_side import in_order
from components.loaded_models import load_model
from components.operating_point import EVEN

PHOTOS_PER_BATCH, ROWS_PER_BATCH = 32, 8192
AT_ONCE = 2
"""Batches that go through the models together: one decodes photos where another multiplies, or sums up."""


@dataclass(frozen=True)
class Question:
    """What every worker is told.

    Attributes:
        models: Paths of SavedModels by name.
        candidate: The name of the model that is evaluated; the other is what it is compared with.
        predicted: What they predict.
        sliced_by: Features.
        tops: Of more than two classes: among how many of the likeliest ones the right one is looked for.
        one_versus_rest: Of more than two classes: whether each has a histogram of its own.
        weight: The feature with each example's weight; "" where they all count the same.
        cuts: Of two classes, by the name of the model: above it, the second is predicted.
    """

    models: Mapping[str, str]
    candidate: str
    predicted: Predicted
    sliced_by: tuple[str, ...]
    tops: tuple[int, ...] = ()
    one_versus_rest: bool = False
    weight: str = ""
    cuts: Mapping[str, float] = field(default_factory=dict)


class Answer(beam.DoFn):
    """Reads a file of examples and yields the statistics of each batch, with how many it has."""

    def __init__(self, question: Question) -> None:
        self._question = question

    def setup(self) -> None:
        """Loads the models."""
        self._models = {name: load_model(path) for name, path in self._question.models.items()}
        self._answer = _answer(self._models, self._question)
        made = self._models[self._question.candidate].signatures
        columns = {
            name
            for signature in (LABEL_SIGNATURE, SLICE_SIGNATURE)
            if signature in made
            for name in made[signature].structured_outputs
        }
        self._raw = RawFeatures([name for name in self._question.sliced_by if name not in columns])

    def process(self, file: str) -> Iterator[tuple[Read, Found]]:
        """Yields a batch's statistics by slice and model; of no example first, which tells of a file without any."""

        def answered(examples: tf.Tensor) -> tuple[tf.Tensor, Any]:
            return examples, self._answer(examples)

        yield {file: 0}, {}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for examples, (answers, made) in in_order(threads, answered, _batches(file), ahead=AT_ONCE):
                yield {file: len(examples)}, self._statistics(examples, answers, made)

    def _statistics(self, examples: tf.Tensor, answers: dict[str, Any], made: dict[str, tf.Tensor]) -> Found:
        weights = self._weights(examples)
        of_models = {
            name: _contributions(self._question, name, labels.numpy(), predictions.numpy(), weights)
            for name, (labels, predictions) in answers.items()
            if name == self._question.candidate or not unanswered(predictions.numpy()).any()
        }
        columns = {name: made[name].numpy() for name in self._question.sliced_by if name in made}
        found = {
            (key, name): each.of(chosen)
            for key, chosen in slices(len(examples), self._raw.read(examples), columns)
            for name, each in of_models.items()
        }
        pairs = {name: (labels.numpy(), predictions.numpy()) for name, (labels, predictions) in answers.items()}
        question = self._question
        return found | paired_sums(question.predicted, pairs, question.candidate, question.cuts, weights)

    def _weights(self, examples: tf.Tensor) -> Floats | None:
        name = self._question.weight
        if not name:
            return None
        spec = {name: tf.io.FixedLenFeature([], tf.float32)}
        return tf.io.parse_example(examples, spec)[name].numpy().astype(np.float64)


def _contributions(
    question: Question, name: str, labels: Any, predictions: Any, weights: Floats | None
) -> Contributions | Residuals:
    match question.predicted:
        case Classes(names):
            return contributions(
                labels,
                predictions,
                len(names),
                tops=question.tops,
                one_versus_rest=question.one_versus_rest,
                weights=weights,
                cut=question.cuts.get(name, EVEN),
            )
        case Number(center=center):
            return residuals(labels, predictions, center, weights)
        case _:
            assert_never(question.predicted)


def _answer(models: Mapping[str, Any], question: Question) -> Callable[[tf.Tensor], Any]:
    """One graph of all that is asked of the models, so that TensorFlow leaves out what isn't, and parses once."""
    label, prediction = question.predicted.label_key, question.predicted.prediction_key

    def answer(examples: tf.Tensor) -> tuple[dict[str, Any], dict[str, tf.Tensor]]:
        answers = {
            name: (
                model.signatures[LABEL_SIGNATURE](examples)[label],
                model.signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY](examples)[prediction],
            )
            for name, model in models.items()
        }
        made = {label: answers[question.candidate][0]}
        signatures = models[question.candidate].signatures
        if SLICE_SIGNATURE in signatures:
            made |= signatures[SLICE_SIGNATURE](examples)
        return answers, made

    return tf.function(answer, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


def _batches(file: str) -> tf.data.Dataset:
    records = untuned(tf.data.TFRecordDataset(file, compression_type="GZIP"))
    return records.batch(PHOTOS_PER_BATCH if _has_photos(records) else ROWS_PER_BATCH).prefetch(2)


def _has_photos(records: tf.data.Dataset) -> bool:
    """A photo is a thousand times a row."""
    return any(IMAGE in tf.train.Example.FromString(record.numpy()).features.feature for record in records.take(1))
