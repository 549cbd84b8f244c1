"""A pipeline's own data, where the steps of a cluster can read it."""

import time

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.csv_example_gen.files import fingerprint as rows_fingerprint
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import fingerprint as photos_fingerprint
from pipeline.config import PipelineConfig
from pipeline.data_sources import Source, materialise


def place(source: Source, path: str) -> bool:
    """Copies what a library ships, or a download, to a path unless it is there.

    Args:
        source: The pipeline's source.
        path: Local or gs://.

    Returns:
        Whether it was copied.
    """
    if fileio.exists(path):
        return False
    local = materialise(source)
    if local.is_dir():
        io_utils.copy_dir(str(local), path)
    else:
        io_utils.copy_file(str(local), path)
    return True


def data_version(config: PipelineConfig) -> str:
    """Returns a digest that changes when the data does, as a local run has it.

    Where the data can't be read from here, it is the time, so that no cache answers for data nobody looked at.

    Args:
        config: With `data.path` as the cluster sees it.
    """
    fingerprint = photos_fingerprint if isinstance(config.data, ImageData) else rows_fingerprint
    try:
        return fingerprint(config.data.path)
    except (TransferlineError, OSError):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
