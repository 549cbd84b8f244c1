"""Tiny photos and a way to take them in without Beam."""

import io

import pytest
from photo_ingest import taken
from PIL import Image


def _encode(color=(200, 30, 30), size=(8, 6), format="JPEG", mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def encode():
    """Returns the bytes of a photo of one color."""
    return _encode


@pytest.fixture(scope="session")
def fill():
    """Writes photos, each of another color, into a folder; another salt gives other photos."""

    def write(folder, count, salt=0):
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            color = (index * 7 % 256, salt * 11 % 256, (index // 36) * 5 % 256)
            (folder / f"{index:03d}.jpg").write_bytes(_encode(color))

    return write


@pytest.fixture(scope="session")
def take():
    """Lists and reads the data at a path, with settings of ImageData, and checks that nothing is lost."""
    return taken
