import subprocess
import sys
from pathlib import Path

import pytest
from hostile_parquet import write_with_pickle

from components.arrow import open_parquet, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import look_at
from components.errors import TransferlineError

ROOT = Path(__file__).parents[2]
RUFF = Path(sys.executable).parent / "ruff"


@pytest.mark.filterwarnings("ignore")  # Arrow 14 and later warn, and take it for a type that they don't know
@pytest.mark.parametrize("pickled", [b"", b"text", b"cos\nmkdir\n", b"\x8e" + b"\xff" * 8])
def test_what_is_no_whole_pickle_is_refused_too(tmp_path, pickled):
    write_with_pickle(tmp_path / "rows.parquet", pickled)
    (file,) = list_files(str(tmp_path / "rows.parquet"))
    with pytest.raises(TransferlineError, match=r"arrow\.py_extension_type") as raised:
        look_at(file, CsvData(), {})
    assert raised.value.place == "rows.parquet"
    assert raised.value.cure


def test_the_cure_for_a_type_that_arrow_doesnt_know_yet(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("Metadata contains Thrift LogicalType that is not recognized")

    monkeypatch.setattr(parquet, "ParquetFile", refuse)
    with (tmp_path / "rows.parquet").open("wb+") as opened, pytest.raises(TransferlineError) as raised:
        open_parquet(opened, "rows.parquet")
    assert raised.value.cure == "A column has a type of a newer writer, such as float16: write it as float32."


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("", 0),
        ("import pyarrow.parquet as pq", 1),
        ("from pyarrow import parquet", 1),
        ("from pyarrow.ipc import open_stream", 1),
        ("import pyarrow as pa", 1),
        ("import pandas as pd; read = pd.read_parquet", 1),
    ],
)
@pytest.mark.parametrize("module", ["pipeline/profile/rows.py", "components/transform/reading.py"])
def test_ruff_keeps_arrow_behind_its_door(module, line, faults):
    done = subprocess.run(
        [str(RUFF), "check", "--no-cache", "--output-format=concise", f"--stdin-filename={module}", "-"],
        input=(ROOT / module).read_text() + line + "\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.stdout.count("TID251") == faults, done.stdout + done.stderr
