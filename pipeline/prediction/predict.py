"""Predicts the files that someone names, and prints or writes the predictions."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from typing_extensions import assert_never

from components.csv_example_gen.config import CsvData
from components.image_example_gen.config import ImageData
from components.ingest.report import Quarantined
from pipeline.prediction.novelties import Novelties, WatchedModel
from pipeline.prediction.output import Write, write_whole, writer
from pipeline.prediction.photos import predict_photos
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Outcome, Prediction, TableLines, fault_line
from pipeline.prediction.rows import predict_rows


def predict_and_print(
    data: ImageData | CsvData,
    files: Sequence[str],
    model: WatchedModel,
    *,
    as_json: bool,
    max_unseen: float | None = None,
) -> Outcome:
    """Prints what a pushed model says of each photo or row to stdout, and what can't be read to stderr.

    Args:
        data: The pipeline's settings.
        files: Photos or files of rows, or folders of them.
        model: The model.
        as_json: Whether to print a line of JSON each, in place of a table.
        max_unseen: The largest share of a category's values that training may not have had; None for any.

    Returns:
        How many were predicted, and how many couldn't be.

    Raises:
        TransferlineError: More of them than that are new, or the model doesn't say which are.
    """
    _check_bound(model.novelties, max_unseen)
    table = TableLines(model.class_names, tuple(files), rows=isinstance(data, CsvData), ids=_ids(data))
    if not as_json:
        sys.stdout.write(table.header() + "\n")

    def write(done: Sequence[Prediction]) -> None:
        sys.stdout.writelines((each.as_json() if as_json else table.line(each)) + "\n" for each in done)

    outcome = _each(predictions(data, files, model), write)
    if outcome.quarantined:
        sys.stderr.write(f"{outcome.predicted:,} predicted, {outcome.quarantined:,} couldn't be\n")
    _tell(model.novelties, max_unseen)
    return outcome


def predict_and_write(
    data: ImageData | CsvData, files: Sequence[str], model: WatchedModel, out: Path, max_unseen: float | None = None
) -> Outcome:
    """Writes what a pushed model says of each photo or row to a file; what can't be read goes to stderr.

    Args:
        data: The pipeline's settings.
        files: Photos or files of rows, or folders of them.
        model: The model.
        out: The file, of a name that says its format. It is written whole, or not at all: not where nothing could be
            predicted.
        max_unseen: The largest share of a category's values that training may not have had; None for any.

    Raises:
        TransferlineError: It can't be written, more of them than that are new, or the model doesn't say which are.
    """
    _check_bound(model.novelties, max_unseen)

    def fill(stream: TextIO) -> Outcome:
        write = writer(stream, out.suffix, model.class_names, rows=isinstance(data, CsvData), ids=_ids(data))
        outcome = _each(predictions(data, files, model), write)
        _tell(model.novelties, max_unseen)
        return outcome

    return write_whole(out, fill)


def predictions(
    data: ImageData | CsvData, files: Sequence[str], model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    """Yields what a model says of each photo or row, batch by batch; what can't be read comes with its reason."""
    match data:
        case CsvData():
            return predict_rows(files, data, model)
        case ImageData():
            return predict_photos(files, data, model)
        case _:
            assert_never(data)


def _check_bound(novelties: Novelties, max_unseen: float | None) -> None:
    """Where there is a bound on what training didn't have, the model must say what it had."""
    if max_unseen is not None:
        novelties.check_comparable()


def _tell(novelties: Novelties, max_unseen: float | None) -> None:
    """Tells on stderr what the rows have, or lack, that training didn't."""
    sys.stderr.writelines(line + "\n" for line in novelties.lines())
    if max_unseen is not None:
        novelties.check(max_unseen)


def _ids(data: ImageData | CsvData) -> tuple[str, ...]:
    return data.id if isinstance(data, CsvData) else ()


def _each(batches: Iterator[list[Prediction | Quarantined]], write: Write) -> Outcome:
    """Writes what was predicted, and tells on stderr what couldn't be."""
    predicted = quarantined = 0
    for batch in batches:
        done = [each for each in batch if isinstance(each, Prediction)]
        write(done)
        sys.stderr.writelines(fault_line(each) + "\n" for each in batch if isinstance(each, Quarantined))
        predicted += len(done)
        quarantined += len(batch) - len(done)
    return Outcome(predicted, quarantined)
