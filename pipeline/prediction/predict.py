"""From a pipeline and files to printed predictions."""

import sys
from collections.abc import Iterator, Sequence

from components.csv_example_gen.config import CsvData
from components.image_example_gen.config import ImageData
from components.ingest.report import Quarantined
from pipeline.config import PipelineConfig
from pipeline.prediction.photos import predict_photos
from pipeline.prediction.pushed_model import PushedModel, find_pushed
from pipeline.prediction.results import Prediction, TableLines, told
from pipeline.prediction.rows import predict_rows


def predict_and_print(config: PipelineConfig, files: Sequence[str], version: int | None, as_json: bool) -> int:
    """Prints what a pushed model says of each photo or row to stdout, and what can't be read to stderr.

    Args:
        config: The pipeline.
        files: Photos or files of rows, or folders of them.
        version: The model's number; None for the last.
        as_json: Whether to print a line of JSON each, in place of a table.

    Returns:
        How many were predicted.

    Raises:
        TransferlineError: There is no pushed model.
    """
    model = PushedModel(find_pushed(config, version))
    table = TableLines(model.class_names, tuple(files), rows=isinstance(config.data, CsvData))
    if not as_json:
        sys.stdout.write(table.header() + "\n")
    predicted = faults = 0
    for batch in _predictions(config.data, files, model):
        done = [each for each in batch if isinstance(each, Prediction)]
        sys.stdout.writelines((each.as_json() if as_json else table.line(each)) + "\n" for each in done)
        sys.stderr.writelines(told(each) + "\n" for each in batch if isinstance(each, Quarantined))
        predicted += len(done)
        faults += len(batch) - len(done)
    if faults:
        sys.stderr.write(f"{predicted:,} predicted, {faults:,} couldn't be\n")
    return predicted


def _predictions(
    data: ImageData | CsvData, files: Sequence[str], model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    if isinstance(data, CsvData):
        return predict_rows(files, data, model)
    return predict_photos(files, data, model)
