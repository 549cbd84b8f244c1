"""Says what a model predicts: a class, or a number."""

import os

from components.contract import CLASSIFICATION, REGRESSION, Task
from components.settings import Settings

TASK_FILE = os.path.join("assets.extra", "task.json")


class ServedTask(Settings):
    """What a SavedModel predicts.

    Attributes:
        task: A class or a number.
        label: The name that the label's column has in the data; "" for classes.
        lowest: The least label of the training rows; None for classes.
        highest: The greatest.
        median: Their median; None for classes, and of models before 0.6.
    """

    task: Task = CLASSIFICATION
    label: str = ""
    lowest: float | None = None
    highest: float | None = None
    median: float | None = None

    @property
    def of_numbers(self) -> bool:
        """Whether a number is predicted."""
        return self.task == REGRESSION


def write_task(task: ServedTask, folder: str) -> None:
    """Writes it beside the graph of a SavedModel."""
    import tensorflow as tf  # noqa: PLC0415 (the model above is used where it isn't wanted)

    path = os.path.join(folder, TASK_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(task.model_dump_json(indent=2))


def read_task(folder: str) -> ServedTask:
    """Reads what is beside the graph of a SavedModel; one that has nothing there tells classes apart."""
    import tensorflow as tf  # noqa: PLC0415

    path = os.path.join(folder, TASK_FILE)
    if not tf.io.gfile.exists(path):
        return ServedTask()
    with tf.io.gfile.GFile(path) as file:
        return ServedTask.model_validate_json(file.read())
