import pytest
from PIL import Image

from pipeline.config.sources import EmbeddedDigits
from pipeline.data.sources import materialise


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))


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
