"""Writes predictions to a file, for `transferline predict --out`."""

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

from components.errors import TransferlineError
from components.wording import printable
from pipeline.prediction.results import DIGITS, Outcome, Prediction

Write: TypeAlias = Callable[[Sequence[Prediction]], None]

FORMATS = (".csv", ".jsonl")
COLUMNS = ("file", "row", "label", "probability")
RESERVED = (*COLUMNS, "fault")
NUMBER = "prediction"
"""The column with a predicted number."""


def check_out(out: Path, formats: Sequence[str] = FORMATS) -> None:
    """Refuses what can't be written to, before anything else is done.

    Args:
        out: The file.
        formats: How its name may end.

    Raises:
        TransferlineError: Its name says no format that is known, or its folder isn't there.
    """
    if out.suffix not in formats:
        raise TransferlineError(
            f"A file of predictions ends with {' or '.join(formats)}.", place=str(out), cure="Name it so."
        )
    if not out.parent.is_dir():
        raise TransferlineError("There is no such folder.", place=str(out.parent), cure="Make it first.")


def score_columns(class_names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the columns with the probability of each class: the class's own, where it is free."""
    return tuple(f"class {name}" if name in RESERVED else name for name in map(printable, class_names))


def write_whole(out: Path, fill: Callable[[TextIO], Outcome]) -> Outcome:
    """Writes a file that appears under its name when it's finished, or not at all: not where nothing was predicted.

    Args:
        out: The file.
        fill: Writes its content, and returns what came of it.

    Raises:
        TransferlineError: It can't be written.
    """
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            outcome = fill(stream)
        if outcome.predicted:
            partial.replace(out)
    except OSError as error:
        raise TransferlineError(
            f"The file can't be written: {error.strerror}.",
            place=str(out),
            cure="Name another file, or make room.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return outcome


def id_columns(ids: Sequence[str], class_names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the columns with the key of each row: the data's own, where they are free."""
    taken = {*RESERVED, *(score_columns(class_names) or [NUMBER])}
    return tuple(f"id {name}" if name in taken else name for name in map(printable, ids))


def writer(stream: TextIO, suffix: str, class_names: Sequence[str], *, rows: bool, ids: Sequence[str] = ()) -> Write:
    """Returns what writes predictions to a stream.

    Args:
        stream: Where to write.
        suffix: One of `FORMATS`: CSV with a column a class, or a line of JSON each.
        class_names: The classes; none where numbers are predicted.
        rows: Whether there is a column for the row.
        ids: The columns of its key, as the data names them.
    """
    if suffix == ".jsonl":
        return lambda predictions: stream.writelines(f"{each.as_json()}\n" for each in predictions)
    table = csv.writer(stream, lineterminator="\n")
    file, row, *rest = COLUMNS
    said = [*rest, *score_columns(class_names)] if class_names else [NUMBER]
    table.writerow([file, *([row] * rows), *id_columns(ids, class_names), *said])
    return lambda predictions: table.writerows(_cells(each, rows=rows) for each in predictions)


def _cells(each: Prediction, *, rows: bool) -> list[object]:
    place: list[object] = [printable(each.file), each.row] if rows else [printable(each.file)]
    place += map(printable, each.key.values())
    if each.value is not None:
        return [*place, each.value]
    scores = each.rounded
    return [*place, printable(each.label), round(scores[each.label], DIGITS), *scores.values()]
