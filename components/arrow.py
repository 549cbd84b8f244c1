"""Opens Parquet files safely. Nothing else imports `pyarrow`; ruff checks that.

Arrow 10, which TFX 1.16 needs, unpickles what the schema of a Parquet or IPC file holds, and so runs whatever the
file's author wrote (CVE-2023-47248). The hotfix forbids it for the whole process, however a file is opened. Beam
installs it too, but the commands that answer at once don't import Beam. Arrow 14 and later don't unpickle.
"""

import sys
from collections.abc import Sequence
from typing import IO

if sys.version_info < (3, 11):
    import pyarrow_hotfix

    pyarrow_hotfix.install()

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from components.errors import TransferlineError

UNKNOWN_TYPE = "LogicalType that is not recognized"
"""What Arrow 10 says of types that later versions of Parquet have."""

__all__ = ["csv", "open_parquet", "pa", "parquet", "pc"]


def open_parquet(opened: IO[bytes], name: str, with_dictionaries: Sequence[str] = ()) -> parquet.ParquetFile:
    """Opens a Parquet file.

    Args:
        opened: The file; it can seek.
        name: Its name, for the error.
        with_dictionaries: Columns of text whose values are read as numbers in a dictionary.

    Raises:
        TransferlineError: It is no Parquet file, or its schema holds a program.
    """
    try:
        return parquet.ParquetFile(opened, read_dictionary=list(with_dictionaries))
    except (pa.ArrowException, OSError) as error:
        newer = "A column has a type of a newer writer, such as float16: write it as float32."
        raise TransferlineError(
            f"The file can't be read as Parquet: {error}.",
            place=name,
            cure=newer if UNKNOWN_TYPE in str(error) else "Write it again, or remove it.",
        ) from error
    # The hotfix raises RuntimeError, and the others where it can't tell what the pickle says.
    except (RuntimeError, ValueError, LookupError) as error:
        raise TransferlineError(
            "The file's schema holds a program (a pickled arrow.py_extension_type), which was not run.",
            place=name,
            cure="Find out who made the file; write it again without columns of this type, or remove it.",
        ) from error
