"""Scales a number to predict, so that what is learned has a mean of 0 and a standard deviation of 1, and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from typing_extensions import assert_never

from components.errors import TransferlineError
from components.trainer.mlp.config import LabelScale
from components.trainer.mlp.packed_rows import PackedRows

Labels = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """What is learned of a label.

    Attributes:
        scale: Of what: of the label, or of its natural logarithm.
        mean: Of that, over the training rows by their weights.
        deviation: Its standard deviation.
        lowest: The least label of the training rows, in the label's own unit.
        highest: The greatest.
        median: The middle one.
    """

    scale: LabelScale
    mean: float
    deviation: float
    lowest: float
    highest: float
    median: float

    def scaled(self, labels: Labels) -> Labels:
        """Returns what is learned of labels, float64 [rows]."""
        return (_of_scale(labels, self.scale) - self.mean) / self.deviation

    def scaled_in_graph(self, labels: tf.Tensor) -> tf.Tensor:
        """Returns what is learned of labels, float32 [rows].

        The mean is taken off in two parts, so that labels far from 0 that differ by little keep what they differ by: a
        TPU has no float64.
        """
        near = float(np.float32(self.mean))
        values = tf.math.log(labels) if self.scale == "log" else labels
        return ((values - near) - (self.mean - near)) / self.deviation

    def unscaled(self, outputs: tf.Tensor) -> tf.Tensor:
        """Returns a model's answers in the label's own unit, float32 [rows].

        Args:
            outputs: float64 [rows], as the model learned them.
        """
        values = outputs * self.deviation + self.mean
        return tf.cast(tf.exp(values) if self.scale == "log" else values, tf.float32)

    def array(self) -> Labels:
        """Returns all but the scale, as `of_array` takes it."""
        return np.array([self.mean, self.deviation, self.lowest, self.highest, self.median])

    @classmethod
    def of_array(cls, scale: LabelScale, array: Labels) -> "Scaling":
        """Returns what `array` gave."""
        mean, deviation, lowest, highest, median = map(float, array)
        return cls(scale, mean, deviation, lowest, highest, median)


def fitted(train: PackedRows, scale: LabelScale) -> Scaling:
    """Returns the scaling of the training rows' labels.

    Args:
        train: The training rows.
        scale: What is learned of them.

    Raises:
        TransferlineError: They are all the same, or one has no logarithm.
    """
    labels, weights = labels_of(train)
    check_scale(labels, scale, "training")
    values = _of_scale(labels, scale)
    mean = float(np.average(values, weights=weights))
    deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    if not deviation:
        same = labels[0] if weights is None else labels[weights > 0][0]
        raise TransferlineError(
            f"All training rows that count have the same label, {same:g}: there is nothing to learn.",
            place="data.label",
            cure="Check that it is the right column, and that the split mixes the rows.",
        )
    return Scaling(scale, mean, deviation, float(labels.min()), float(labels.max()), float(np.median(labels)))


def check_scale(labels: Labels, scale: LabelScale, split: str) -> None:
    """Checks that labels can be scaled.

    Args:
        labels: Of the rows of a split.
        scale: What is to be learned of them.
        split: Its name, for people.

    Raises:
        TransferlineError: One has no logarithm.
    """
    wrong = labels[labels <= 0]
    if scale == "log" and len(wrong):
        raise TransferlineError(
            f"{len(wrong):,} of {len(labels):,} {split} rows have a label that isn't above 0 and has no logarithm; "
            f"the least is {wrong.min():g}.",
            place="trainer.label_scale",
            cure='Set trainer.label_scale to "standard", or correct these labels.',
        )


def labels_of(rows: PackedRows) -> tuple[Labels, Labels | None]:
    """Returns the labels, float64 [rows], and the weights, None where rows have none."""
    # Copies: what is cut out of a block would hold all of it.
    ends = np.concatenate([block[:, rows.columns :].astype(np.float64) for block in rows.blocks()])
    return ends[:, -1], ends[:, 0] if rows.weighted else None


def _of_scale(labels: Labels, scale: LabelScale) -> Labels:
    match scale:
        case "standard":
            return labels
        case "log":
            return np.log(labels)
        case _:
            assert_never(scale)
