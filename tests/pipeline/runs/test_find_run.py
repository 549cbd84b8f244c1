import pytest

from components.errors import TransferlineError
from pipeline.runs.record import RunRecord, find_run

NEWEST_FIRST = [
    RunRecord(run_id=run_id, status="pushed") for run_id in ("20260301T1-1", "20260201T12-1", "20260201T1-1")
]


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("latest", "20260301T1-1"),
        ("previous", "20260201T12-1"),
        ("202603", "20260301T1-1"),
        ("20260201T1-1", "20260201T1-1"),
    ],
)
def test_by_id_by_its_beginning_and_by_word(name, run_id):
    assert find_run(NEWEST_FIRST, name).run_id == run_id


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("202602", "Several runs begin with '202602': 20260201T12-1, 20260201T1-1"),
        ("20260301T1-2", r"no run '20260301T1-2' \(did you mean '20260301T1-1'\?\)"),
        ("", "There is no run ''"),
    ],
)
def test_what_names_no_run_or_several(name, message):
    with pytest.raises(TransferlineError, match=message):
        find_run(NEWEST_FIRST, name)


def test_there_may_be_no_previous_run():
    with pytest.raises(TransferlineError, match="no run before the last one"):
        find_run(NEWEST_FIRST[:1], "previous")


def test_there_may_be_no_run_at_all():
    with pytest.raises(TransferlineError, match="hasn't run yet"):
        find_run([], "latest")
