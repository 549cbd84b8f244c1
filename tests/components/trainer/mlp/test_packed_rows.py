import os
from itertools import chain

import numpy as np
import pytest

from components.errors import TransferlineError
from components.trainer.mlp import packed_rows
from components.trainer.mlp.packed_rows import PackedRows, Windows

ROWS = 1000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(packed_rows, "BLOCK_ROWS", 16)


@pytest.fixture
def packed():
    """Row n is (n, -n, n % 2)."""
    numbers = np.arange(ROWS, dtype=np.float32)
    rows = PackedRows(2)
    for part in np.array_split(np.column_stack([numbers, -numbers, numbers % 2]), 7):
        rows.add(part)
    return rows


def numbers_in(windows, counts=None):
    """What each window has, at the time that it is there."""
    return [windows.rows.numpy()[:count, 0].astype(int).tolist() for count in counts or windows]


@pytest.mark.parametrize(("memory_rows", "sizes"), [(None, [1000]), (900, [300, 300, 300, 100]), (1, [1] * 1000)])
def test_windows_have_all_rows_in_order_and_memory_has_few(packed, memory_rows, sizes):
    windows = Windows(packed, memory_rows and memory_rows * packed.row_bytes)
    found = numbers_in(windows)
    assert [len(window) for window in found] == sizes
    assert list(chain(*found)) == list(range(ROWS))
    others = np.concatenate([windows.rows.numpy()[:count, 1:] for count in windows])
    np.testing.assert_array_equal(others, [[-n, n % 2] for n in range(ROWS)])


def test_blocks_are_shuffled_by_the_seed_and_windows_have_whole_batches(packed):
    windows = Windows(packed, 900 * packed.row_bytes, multiple=70)
    first, again, other = (numbers_in(windows, windows.shuffled(seed)) for seed in ((0, 1), (0, 1), (0, 2)))
    assert [len(window) for window in first] == [280, 280, 280, 160]
    assert first == again != other
    assert sorted(chain(*first)) == sorted(chain(*other)) == list(range(ROWS))
    assert max(first[0]) - min(first[0]) > ROWS // 2


def test_a_window_has_a_batch_at_least(packed):
    assert {len(window) for window in numbers_in(Windows(packed, 0, multiple=100))} == {100}


def test_the_file_has_no_name_and_goes_with_the_rows(tmp_path):
    rows = PackedRows(2, str(tmp_path))
    rows.add(np.zeros([5, 3]))
    assert rows.nbytes == 60
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(TransferlineError, match="packed rows can't be written: No such file") as error:
        PackedRows(2, str(tmp_path / "missing"))
    assert error.value.place == str(tmp_path / "missing")


def test_a_full_disk_is_named():
    rows = PackedRows(2)
    rows._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    with pytest.raises(TransferlineError, match="No space left"):
        rows.add(np.zeros([5, 3]))


def test_a_failure_to_read_ahead_is_raised(packed):
    os.ftruncate(packed._file.fileno(), 500 * packed.row_bytes)
    with pytest.raises(EOFError, match="there are 1000 rows"):
        list(Windows(packed, 900 * packed.row_bytes))
