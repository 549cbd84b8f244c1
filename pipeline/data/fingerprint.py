"""Computes whether a pipeline's data has changed."""

from typing_extensions import assert_never

from components.csv_example_gen.files import fingerprint as rows_fingerprint
from components.image_example_gen.listing import fingerprint as photos_fingerprint
from pipeline.config import ImagePipeline, Pipeline, RowPipeline


def data_fingerprint(config: Pipeline) -> str:
    """Returns a digest of the names, sizes and times of change of the data, as the ExampleGens' own drivers have it.

    Args:
        config: With `data.path` set.

    Raises:
        TransferlineError: There is no data, or it can't be looked at.
    """
    match config:
        case ImagePipeline():
            return photos_fingerprint(config.data.path)
        case RowPipeline():
            return rows_fingerprint(config.data.path)
        case _:
            assert_never(config)
