import pytest
from hostile_parquet import write_with_pickle

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import look_at
from components.errors import TransferlineError


@pytest.mark.filterwarnings("ignore")  # Arrow 14 and later warn, and take it for a type that they don't know
@pytest.mark.parametrize("pickled", [b"", b"text", b"cos\nmkdir\n", b"\x8e" + b"\xff" * 8])
def test_what_is_no_whole_pickle_is_refused_too(tmp_path, pickled):
    write_with_pickle(tmp_path / "rows.parquet", pickled)
    (file,) = list_files(str(tmp_path / "rows.parquet"))
    with pytest.raises(TransferlineError, match=r"arrow\.py_extension_type") as raised:
        look_at(file, CsvData(), {})
    assert raised.value.place == "rows.parquet"
    assert raised.value.cure
