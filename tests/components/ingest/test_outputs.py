import pytest

from components.errors import TransferlineError
from components.ingest.outputs import check_accounted, check_stored
from components.ingest.report import IngestReport

REPORT = IngestReport(
    found=10,
    counts={"train": {"cat": 4, "dog": 2}, "eval": {"cat": 1}, "test": {}},
    quarantined=2,
    hidden=0,
    unused=1,
    broken=(),
    first_quarantined=(),
    duplicates=(),
)
STORED = {"train": 6, "eval": 1, "test": 0}
FOLDERS = {split: f"folder/{split}" for split in STORED}


def test_what_adds_up_passes():
    check_accounted(REPORT, "rows.csv")
    check_stored(REPORT, STORED, FOLDERS)


@pytest.mark.parametrize("found", [9, 11])
def test_a_record_without_a_fate_is_noticed(found):
    with pytest.raises(TransferlineError, match=f"{found} found, 2 quarantined, 1 unused"):
        check_accounted(REPORT.model_copy(update={"found": found}), "rows.csv")


@pytest.mark.parametrize("stored", [{"train": 5}, {"train": 7}, {"test": 1}])
def test_stored_records_are_compared_by_split(stored):
    (split,) = stored
    with pytest.raises(TransferlineError) as raised:
        check_stored(REPORT, STORED | stored, FOLDERS)
    assert raised.value.place == FOLDERS[split]
