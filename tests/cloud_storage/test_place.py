"""What `submit` puts into a bucket for the steps of a cluster."""

import pytest
from cloud_storage import emulator

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import list_photos
from components.ingest import storage
from pipeline import catalog
from pipeline.cluster.data import data_version, place, placed_name
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import materialise

DIGITS = catalog.load("digits").source
PHOTOS = 1797


def asked(counts):
    """How many requests there were, without those for a token and without what else is counted."""
    return sum(
        number for kind, number in counts.items() if kind in ("list", "stat", "read", "start", "write", "delete")
    )


def counted(section, work):
    """Returns what work returns, and how many requests of each kind it took."""
    emulator.section(section)
    done = work()
    return done, emulator.counts()[section]


def test_digits_are_placed_and_read_by_a_few_requests(folder):
    path = f"{folder}/{placed_name(DIGITS)}"
    copied, counts = counted("place", lambda: place(DIGITS, path))
    assert copied
    assert asked(counts) == 2  # whether it is there, and the archive
    config = apply_overrides(catalog.load("digits"), [f"data.path={path}"])
    version, counts = counted("data_version", lambda: data_version(config))
    assert asked(counts) < 10
    assert not version.endswith("Z")

    def read():
        return [photo for source in list_photos(ImageData(path=path)).sources for photo in source.read()]

    photos, counts = counted("photos of the archive", read)
    assert len({photo.target.name for photo in photos}) == PHOTOS
    assert asked(counts) < 60
    copied, _ = counted("place again", lambda: place(DIGITS, path))
    assert not copied
    assert data_version(config) == version


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "503", "times": 2},
        {"action": "429"},
        {"action": "lost"},
        {"action": "cut"},
        {"action": "503", "kind": "write", "skip": 1, "times": 2},
    ],
    ids=["unavailable", "too many", "no answer", "half an answer", "in the middle"],
)
def test_what_goes_wrong_for_a_moment_is_tried_again(folder, fault):
    source, path = HiggsToy(rows=40_000), f"{folder}/rows.csv"  # more than goes in one piece
    with emulator.faults({"kind": "start|write", "path": ".*rows.csv"} | fault):
        assert place(source, path)
        assert emulator.met() > 0
    assert storage.read_file(path, 2**26) == materialise(source).read_bytes()


def test_who_may_not_write_is_told_so(folder):
    with (
        emulator.faults({"action": "403", "kind": "start|write", "times": -1}),
        pytest.raises(TransferlineError, match="may not write this in Google Cloud Storage") as caught,
    ):
        place(HiggsToy(rows=20), f"{folder}/rows.csv")
    assert "Storage Object User" in caught.value.cure


def test_a_bucket_that_is_not_there(folder):
    with pytest.raises(TransferlineError, match="There is no bucket 'nowhere'") as caught:
        place(HiggsToy(rows=20), "gs://nowhere/rows.csv")
    assert caught.value.place == "gs://nowhere/rows.csv"
