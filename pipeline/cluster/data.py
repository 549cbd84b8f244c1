"""Copies a pipeline's own data to where the steps of a cluster can read it."""

import time

import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.errors import TransferlineError
from pipeline.config import Pipeline
from pipeline.config.sources import Source
from pipeline.data.fingerprint import data_fingerprint
from pipeline.data.sources import materialise

COMPLETE = ".complete"
"""Ends the name of the file that is written when all is there."""


def place(source: Source, path: str) -> bool:
    """Copies what a library ships, or a download, to a path unless it is there; what was copied in part is begun anew.

    Args:
        source: The pipeline's source.
        path: Local or gs://.

    Returns:
        Whether it was copied.

    Raises:
        TransferlineError: It can't be written there.
    """
    local = materialise(source)
    try:
        if fileio.exists(f"{path}{COMPLETE}"):
            return False
        if local.is_dir():
            io_utils.copy_dir(str(local), path)
        else:
            io_utils.copy_file(str(local), path, overwrite=True)
        io_utils.write_string_file(f"{path}{COMPLETE}", "")
    except (OSError, tf.errors.OpError) as error:
        raise TransferlineError(
            f"The data can't be copied to where the cluster reads it: {error}.",
            place=path,
            cure="Check --root and your credentials, or name data that is there already with --data-dir.",
        ) from error
    return True


def data_version(config: Pipeline) -> str:
    """Returns a digest that changes when the data does, as a local run has it.

    Where the data can't be read from here, it is the time, so that no cache answers for data nobody looked at.

    Args:
        config: With `data.path` as the cluster sees it.
    """
    try:
        return data_fingerprint(config)
    except (TransferlineError, OSError, tf.errors.OpError):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
