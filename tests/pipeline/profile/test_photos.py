import io
import shutil

import pytest
from hostile_photos import many_scans
from PIL import Image

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from pipeline.profile.photos import look_at_photos, profile_photos

LONG = 60


@pytest.fixture
def look(lay_out):
    """Returns a function that lays out files and looks at them, for as long as it takes."""
    return lambda files: look_at_photos(str(lay_out(files)), LONG)


def places(faults):
    return {fault.place: fault.reason for fault in faults}


def test_other_files_are_no_photos(look, photo):
    files = {f"{name}/{n}.JPG": photo(n + 9 * ord(name[0])) for name in ("cat", "dog") for n in range(3)}
    files |= {"cat/readme.txt": b"hello", "dog/scan.tiff": b"II*\0", "dog/new.HEIC": b"\0\0\0\x18ftypheic"}
    found = look(files | {"notes.txt": b"x", ".DS_Store": b"x", "cat/cut.jpg": photo(9)[:300], "dog/none.png": b""})
    assert found.counts == {"cat": 4, "dog": 4}
    assert (found.photos, found.read, found.all_read) == (8, 8, True)
    assert places(found.rejected).keys() == {"cat/cut.jpg", "dog/none.png"}
    assert places(found.others) == {
        "cat/readme.txt": "not a photo but text",
        "dog/scan.tiff": "not a photo but a TIFF image",
        "dog/new.HEIC": "not a photo but a file of the kind heic (HEIC, AVIF or video)",
        "notes.txt": "outside of every class folder",
    }
    assert found.quarantine.text == "6 of 12 files can't be used (50.0%)"


def test_a_photo_that_is_not_named_like_one_is_one(look, photo):
    found = look({f"{name}/{n}": photo(n + 9 * ord(name[0])) for name in ("cat", "dog") for n in range(3)})
    assert (found.counts, found.others) == ({"cat": 3, "dog": 3}, ())


def test_files_that_were_not_read_go_by_their_names(lay_out, photo):
    folder = lay_out({f"{name}/{n}.jpg": photo(n) for name in ("cat", "dog") for n in range(3)})
    for name in ("cat/a.txt", "dog/b.txt"):
        (folder / name).write_bytes(b"text")
    found = look_at_photos(str(folder), seconds=0)
    assert (found.photos, {fault.place for fault in found.others}) == (6, {"cat/a.txt", "dog/b.txt"})
    assert found.quarantine.about


def test_files_that_were_not_read_are_like_one_that_was(lay_out, photo):
    folder = lay_out({f"{name}/{n}": photo(n) for name in ("cat", "dog") for n in range(3)})
    found = look_at_photos(str(folder), seconds=0)
    assert (found.read, found.photos, found.others) == (1, 6, ())


def test_empty_folders_are_no_files(look, photo, tmp_path):
    (tmp_path / "data" / "fox").mkdir(parents=True)
    found = look({f"{name}/{n}.jpg": photo(n + 9 * ord(name[0])) for name in ("cat", "dog") for n in range(3)})
    assert (found.empty_folders, found.others, found.photos) == (("fox/",), (), 6)
    assert found.quarantine.text == "1 of 7 files and folders can't be used (14.3%)"


def test_classes_by_split(look, photo):
    files = {f"{split}/{name}/{n}.jpg": photo(n) for split, name, count in
             (("train", "cat", 3), ("train", "dog", 2), ("test", "cat", 1), ("test", "fox", 4))
             for n in range(count)}  # fmt: skip
    found = look(files)
    assert found.splits == {"train": {"cat": 3, "dog": 2}, "test": {"cat": 1, "fox": 4}}
    assert (found.by_split, found.counts) == ({"train": 5, "test": 5}, {"cat": 4, "dog": 2, "fox": 4})
    assert (found.untrained, found.laid_out) == (["fox"], {"train", "test"})
    assert len(found.leaks) == 3


def test_settings_decide_on_classes_and_sizes(lay_out, photo):
    folder = lay_out({f"{name}/{n}.jpg": photo(n + 9 * ord(name[0])) for name in ("cats", "dog") for n in range(3)})
    data = ImageData(path=str(folder), class_aliases={"cats": "cat"}, max_pixels=2999)
    found = profile_photos(data, LONG)
    assert found.counts == {"cat": 3, "dog": 3}
    assert set(places(found.rejected).values()) == {"more pixels than data.max_pixels = 2,999"}


def test_a_photo_made_to_take_time_isnt_decoded(look, photo):
    content = io.BytesIO()
    Image.open(io.BytesIO(photo(1))).save(content, "JPEG", progressive=True)
    found = look({"cat/0.jpg": many_scans(content.getvalue(), 3000), "cat/1.jpg": photo(2), "dog/0.jpg": photo(3)})
    assert places(found.rejected) == {"cat/0.jpg": "a JPEG of more than 200 scans (made to take time?)"}


def test_an_archive_has_the_same_in_it(look, lay_out, photo, tmp_path):
    files = {f"{name}/{n}.jpg": photo(n + 9 * ord(name[0])) for name in ("cat", "dog") for n in range(3)}
    found = look(files | {"cat/readme.txt": b"hello", "dog/none.png": b""})
    for kind in ("zip", "gztar"):
        archive = shutil.make_archive(str(tmp_path / f"photos_{kind}"), kind, tmp_path / "data")
        same = look_at_photos(archive, LONG)
        assert (same.counts, same.read, same.quarantine) == (found.counts, found.read, found.quarantine)


def test_no_photos_at_all(tmp_path):
    with pytest.raises(TransferlineError, match="no such file"):
        look_at_photos(str(tmp_path / "absent"))
