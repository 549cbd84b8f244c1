import pytest
from PIL import Image
from small_disk import small_disk

from components.errors import TransferlineError
from pipeline.config.sources import EmbeddedDigits
from pipeline.data.sources import materialise


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))


def test_a_cache_that_is_full_or_may_not_be_written_to_is_named_and_nothing_is_left(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        monkeypatch.setenv("TRANSFERLINE_CACHE", str(disk.path))
        disk.fill(but=16 * 1024)
        with pytest.raises(TransferlineError, match="The disk is full: a file didn't fit into the ") as refused:
            materialise(EmbeddedDigits())
        assert f" free at {disk.path}." in refused.value.cause
        assert refused.value.cure == "Make room there, or name another in the variable TRANSFERLINE_CACHE."
        assert list((disk.path / "data").iterdir()) == []
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(TransferlineError, match="can't be written to: ") as refused:
        materialise(EmbeddedDigits())
    assert "TRANSFERLINE_CACHE" in refused.value.cure


def test_the_digits_are_class_folders_of_8x8_photos():
    folder = materialise(EmbeddedDigits())
    photos = sorted(folder.glob("*/*.png"))
    assert len(photos) == 1797
    assert sorted(child.name for child in folder.iterdir()) == [str(digit) for digit in range(10)]
    with Image.open(photos[0]) as photo:
        assert (photo.size, photo.mode) == ((8, 8), "L")
        assert photo.getpixel((0, 0)) == 255  # paper


def test_a_second_call_writes_nothing_anew():
    before = materialise(EmbeddedDigits()).stat().st_mtime_ns
    assert materialise(EmbeddedDigits()).stat().st_mtime_ns == before
