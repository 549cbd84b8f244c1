"""A Parquet file whose schema holds a program (CVE-2023-47248), and the commands that such a file is given to."""

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from components.arrow import pa, parquet

COMMAND = """
import sys
from pipeline.cli import main
try:
    main()
finally:
    # Beam brings the hotfix along, so that a command that imports Beam would show nothing.
    assert "apache_beam" not in sys.modules
"""


@dataclass(frozen=True)
class _MakesFolder:
    """Makes a folder when it is unpickled."""

    path: str

    def __reduce__(self):
        return os.mkdir, (self.path,)


def write_hostile(path, marker):
    """Writes a file that makes the folder `marker` where Arrow believes its schema."""
    write_with_pickle(path, pickle.dumps(_MakesFolder(str(marker))))


def write_with_pickle(path, pickled):
    """Writes a file with a column of a type that is pickled so."""
    extension = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": pickled}
    schema = pa.schema([pa.field("x", pa.float32(), metadata=extension), pa.field("label", pa.string())])
    parquet.write_table(pa.table([[1.0, 2.0], ["a", "b"]], schema=schema), path)


def run_command(*arguments):
    """Runs `transferline ARGUMENTS` in a process of its own, which must not import Beam."""
    command = [sys.executable, "-c", COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
