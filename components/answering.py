"""Says how a model's logits become its answer: by a temperature, and for two classes by a cut between them."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from components.calibration import Calibration
from components.operating_point import EVEN, OperatingPoint
from components.settings import Settings

ANSWERING_FILE = os.path.join("assets.extra", "answering.json")


class Answering(Settings):
    """What is between logits and answer.

    Attributes:
        temperature: What logits are divided by.
        cut: Of two classes: the second is answered where its probability is above it. Of more, the likeliest class is.
        operating_point: What the cut was chosen by; None where it is one half.
        calibration: What the temperature was chosen by; None where it is 1.
        weighs_classes: Whether its loss weighed examples by their class.
    """

    temperature: float = 1.0
    cut: float = EVEN
    operating_point: OperatingPoint | None = None
    calibration: Calibration | None = None
    weighs_classes: bool = False

    @property
    def gives_up_accuracy(self) -> bool:
        """Whether the model was asked for something else than to be right of as many examples as it can."""
        return self.operating_point is not None or self.weighs_classes

    @property
    def cut_in_words(self) -> str:
        """What to know where accuracies are compared; "" where the likeliest class is answered."""
        if self.operating_point is None:
            return ""
        return (
            f"This model answers the second class above {self.cut:.4g}, for {self.operating_point.in_words}: its "
            "accuracy is that of this cut, and doesn't compare with that of models that answer the likeliest class."
        )

    def answered(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Returns the number of the class that is answered, as the SavedModel itself does.

        Args:
            scores: Probabilities, float32 [..., classes].

        Returns:
            Integers [...].
        """
        if self.cut == EVEN:
            return np.asarray(scores.argmax(axis=-1))
        return np.asarray(scores[..., 1] > np.float32(self.cut)).astype(np.int64)


def write_answering(answering: Answering, folder: str) -> None:
    """Writes it beside the graph of a SavedModel."""
    import tensorflow as tf  # noqa: PLC0415 (the model above is used where it isn't wanted)

    path = os.path.join(folder, ANSWERING_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(answering.model_dump_json(indent=2))


def read_answering(folder: str) -> Answering:
    """Reads what is beside the graph of a SavedModel; older ones, which have nothing there, answer the likeliest."""
    import tensorflow as tf  # noqa: PLC0415

    path = os.path.join(folder, ANSWERING_FILE)
    if not tf.io.gfile.exists(path):
        return Answering()
    with tf.io.gfile.GFile(path) as file:
        return Answering.model_validate_json(file.read())
