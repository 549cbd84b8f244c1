import pytest

from components.errors import TransferlineError
from components.ingest.results import BYTES, check_sizes, result_line


@pytest.mark.parametrize("stored", [0, 9, 20])
def test_bytes_that_were_lost_or_doubled_are_noticed(tmp_path, stored):
    results, folder = tmp_path / "results.jsonl", tmp_path / "Split-train"
    folder.mkdir()
    results.write_text(result_line(BYTES, ("train", 10)) + "\n")
    (folder / "data.gz").write_bytes(b"x" * 10)
    check_sizes(str(results), {"train": str(folder)})
    (folder / "data.gz").write_bytes(b"x" * stored)
    with pytest.raises(TransferlineError, match="lost or doubled"):
        check_sizes(str(results), {"train": str(folder)})
