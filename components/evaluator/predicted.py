"""What a model predicts, as far as its evaluation depends on it: one of several classes, or a number."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow as tf

from components.evaluator import metric_names
from components.evaluator.metric_names import NUMBER_METRICS, Measure, number_measures
from components.task import ServedTask, read_task

CLASSES_FILE = os.path.join("assets.extra", "class_names.json")


@dataclass(frozen=True)
class Classes:
    """Classes.

    Attributes:
        names: In the order of their numbers.
    """

    names: tuple[str, ...]
    label_key = "label_id"

    @property
    def prediction_key(self) -> str:
        """The output that is evaluated: a probability of the second of two classes, or scores."""
        return "probability" if len(self.names) == 2 else "scores"

    @property
    def in_words(self) -> str:
        """What is predicted, for people."""
        return f"{len(self.names)} classes"

    @property
    def metrics_in_words(self) -> str:
        """The names of all metrics, for someone who must choose one."""
        return metric_names.names_in_words(self.names)

    def knows(self, metric: str) -> bool:
        """Whether a metric means something of them."""
        return metric_names.measure(metric, self.names) is not None

    def measures(self, asked: Iterable[str] = ()) -> dict[str, Measure]:
        """Returns how each metric is computed, those that are `asked` for among them."""
        return metric_names.measures(self.names, asked)

    def compares_with(self, other: "Predicted") -> bool:
        """Whether one value of a metric can be held against another's."""
        return self == other


@dataclass(frozen=True)
class Number:
    """A number.

    Attributes:
        label: The name of its column.
        center: The middle of what it was in training.
    """

    label: str
    center: float
    label_key = "label_value"
    prediction_key = "prediction"
    in_words = "a number to predict"
    metrics_in_words = ", ".join(NUMBER_METRICS)

    def knows(self, metric: str) -> bool:
        """Whether a metric means something of it."""
        return metric in NUMBER_METRICS

    def measures(self, asked: Iterable[str] = ()) -> dict[str, Measure]:
        """Returns how each metric is computed; there are no others to be `asked` for."""
        del asked
        return number_measures(self.center)

    def compares_with(self, other: "Predicted") -> bool:
        """Whether one value of a metric can be held against another's: it is of the same column."""
        return isinstance(other, Number) and self.label == other.label


Predicted: TypeAlias = Classes | Number


def read_predicted(folder: str) -> Predicted:
    """Reads what a SavedModel says of itself; no classes where there is no such model."""
    task = read_task(folder)
    if task.of_numbers:
        return Number(task.label, middle_of(task))
    path = os.path.join(folder, CLASSES_FILE)
    if not tf.io.gfile.exists(path):
        return Classes(())
    with tf.io.gfile.GFile(path) as file:
        return Classes(tuple(json.loads(file.read())))


def middle_of(task: ServedTask) -> float:
    """Returns a number that most labels are near to; 0 where the model doesn't say.

    It is the median of training, which a few labels far away don't move.
    """
    if task.median is not None:
        return task.median
    return 0.0 if task.lowest is None or task.highest is None else (task.lowest + task.highest) / 2
