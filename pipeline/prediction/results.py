"""Holds what the model predicts of one photo or row, and formats it."""

import json
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from rich.cells import set_cell_size

from components.answering import Answering
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable, safe_json

Scores: TypeAlias = npt.NDArray[np.float32]

DIGITS = 6
TOP = 3
LIKELIEST = Answering()
FILE_WIDTH, IN_FOLDER, LABEL_WIDTH, KEY_WIDTH, NUMBER_WIDTH = 60, 30, 24, 16, 13


class QuarantinedRow(Quarantined):
    """A row that couldn't be used.

    Attributes:
        row: As in `Prediction`.
    """

    row: int


@dataclass(frozen=True)
class Prediction:
    """What the model says.

    Attributes:
        file: The photo, or the file of the row.
        label: The class that the model answers; "" of a number.
        scores: Probability by class, in the order of the model's classes; empty of a number.
        row: The row's place in its file, from 1 on, a header not counted; None for a photo.
        actual: The class that the data says; "" where none was asked for.
        key: What names the row, by the columns of `data.id`.
        weight: How much it counts, by the column of `data.weight`; 1 where that wasn't asked for, or isn't set.
        value: The number that is predicted; None of a class.
        actual_value: The number that the data says; None where none was asked for.
    """

    file: str
    label: str
    scores: dict[str, float]
    row: int | None = None
    actual: str = ""
    key: dict[str, str] = field(default_factory=dict)
    weight: float = 1.0
    value: float | None = None
    actual_value: float | None = None

    @property
    def rounded(self) -> dict[str, float]:
        """The scores as they are printed and written."""
        return {name: round(score, DIGITS) for name, score in self.scores.items()}

    def as_json(self) -> str:
        """Returns one line of JSON."""
        place: dict[str, object] = {"file": printable(self.file)}
        if self.row is not None:
            place["row"] = self.row
        if self.key:
            place["id"] = {printable(name): printable(value) for name, value in self.key.items()}
        said = {"label": self.label, "scores": self.rounded} if self.value is None else {"prediction": self.value}
        return safe_json(json.dumps(place | said, ensure_ascii=False, allow_nan=False))


def prediction(
    file: str,
    row: int | None,
    scores: Scores,
    class_names: tuple[str, ...],
    actual: str = "",
    key: dict[str, str] | None = None,
    answering: Answering = LIKELIEST,
    weight: float = 1.0,
) -> Prediction:
    """Returns what float32 [classes] scores say."""
    named = dict(zip(class_names, scores.tolist(), strict=True))
    return Prediction(file, class_names[int(answering.answered(scores))], named, row, actual, key or {}, weight)


def number_prediction(
    file: str,
    row: int,
    answer: Scores,
    actual: float | None = None,
    key: dict[str, str] | None = None,
    weight: float = 1.0,
) -> Prediction:
    """Returns what float32 [1], a predicted number, says."""
    return Prediction(file, "", {}, row, "", key or {}, weight, shortest(answer[0]), actual)


def shortest(number: np.float32) -> float:
    """Returns the number with the fewest digits that is the same float32."""
    return float(str(number))


@dataclass(frozen=True)
class Outcome:
    """What came of all.

    Attributes:
        predicted: How many were.
        quarantined: How many couldn't be.
    """

    predicted: int
    quarantined: int


class TableLines:
    """Lines of a table, one after the other, since there may be millions.

    Args:
        class_names: The classes; none where numbers are predicted.
        files: The files and folders that were named.
        rows: Whether there is a column for the row.
        ids: The columns of its key.
    """

    def __init__(
        self, class_names: tuple[str, ...], files: tuple[str, ...], *, rows: bool, ids: tuple[str, ...] = ()
    ) -> None:
        # What is in a folder has longer names.
        self._file = min(FILE_WIDTH, max(len(file) + IN_FOLDER * storage.is_folder(file) for file in files))
        self._label = min(LABEL_WIDTH, max([5, *map(len, class_names)]))
        self._rows = rows
        self._ids = ids
        self._of_numbers = not class_names

    def header(self) -> str:
        """Returns the first line."""
        if self._of_numbers:
            return self._line("file", "row", self._ids, f"{'prediction':>{NUMBER_WIDTH}}")
        return self._line("file", "row", self._ids, *self._of_class("label", "probability", f"top {TOP}"))

    def line(self, each: Prediction) -> str:
        """Returns the line of a prediction."""
        row = "" if each.row is None else f"{each.row:,}"
        place = printable(each.file), row, tuple(each.key.values())
        if each.value is not None:
            return self._line(*place, f"{each.value:>{NUMBER_WIDTH}.7g}")
        best = sorted(each.scores.items(), key=lambda item: -item[1])[:TOP]
        top = ", ".join(f"{printable(name)} {score:.4f}" for name, score in best)
        label, probability = printable(each.label), f"{each.scores[each.label]:.4f}"
        return self._line(*place, *self._of_class(label, probability, top))

    def _of_class(self, label: str, probability: str, top: str) -> tuple[str, ...]:
        return _fitted(label, self._label), f"{probability:>11}", top

    def _line(self, file: str, row: str, key: tuple[str, ...], *said: str) -> str:
        # The end of a long path says more than its beginning.
        cells = [_fitted(file, self._file)] + [f"{row:>11}"] * self._rows
        cells += [_fitted(printable(each), KEY_WIDTH) for each in key]
        return "  ".join([*cells, *said]).rstrip()


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text if len(text) <= width else "…" + text[1 - width :], width)


def fault_line(fault: Quarantined) -> str:
    """Returns the line for what couldn't be predicted."""
    return f"{printable(fault.place)}: {fault.reason}"
