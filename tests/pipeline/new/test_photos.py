import shutil

import pytest

from components.data_gate.config import GateRules
from components.errors import TransferlineError
from pipeline.new.photo_pipeline import draft_for_photos
from pipeline.profile.photos import look_at_photos

LONG = 60


def warnings_of(folder):
    return draft_for_photos("mine", look_at_photos(str(folder), LONG)).warnings


def has(warnings, *words):
    return any(all(word in warning for word in words) for warning in warnings)


def test_classes_are_counted_and_sizes_seen(lay_out, photo, written):
    folder = lay_out(
        {f"cat/{n}.jpg": photo(n, (200, 150)) for n in range(40)}
        | {f"dog/{n}.png": photo(100 + n, (200, 150), "PNG") for n in range(30)}
    )
    found = look_at_photos(str(folder), LONG)
    assert found.counts == {"cat": 40, "dog": 30}
    assert (found.photos, found.read, found.rejected, found.shorter_side) == (70, 70, (), 150)
    text, config = written(draft_for_photos("mine", found))
    assert config == draft_for_photos("mine", found).config
    assert config.data.path == str(folder)
    assert (config.data.split.by, config.data.split.test, config.data.split.stratify) == ("hash", 0.2, True)
    assert config.evaluation.better_than_guessing
    assert config.yardstick.enabled
    assert config.gate == GateRules(max_conflicts=0.3, fail_on_missing_class=True)
    accuracy, area = config.evaluation.thresholds
    assert accuracy.at_least > 40 / 70 < area.at_least
    assert config.transform.image_size == 128
    assert {threshold.metric for threshold in config.evaluation.thresholds} == {"accuracy", "auc"}
    assert config.evaluation.slices[0] == "label"
    assert "70 photos" in text


def test_split_folders_are_kept(lay_out, photo, written):
    files = {}
    for seed, split in enumerate(("train", "validation", "test")):
        files |= {f"{split}/{name}/{n}.jpg": photo(seed * 50 + n) for name in ("a b", "c'd\\n") for n in range(10)}
    found = look_at_photos(str(lay_out(files)), LONG)
    assert found.by_split == {"train": 20, "eval": 20, "test": 20}
    _, config = written(draft_for_photos("mine", found))
    assert config.data.split.by == "folder"
    assert not config.data.split.stratify


def test_an_archive(lay_out, photo, tmp_path, written):
    folder = lay_out({f"top/{name}/{n}.jpg": photo(n + ord(name)) for name in "xyz" for n in range(5)})
    for kind in ("zip", "gztar"):
        found = look_at_photos(shutil.make_archive(str(tmp_path / f"photos_{kind}"), kind, folder), LONG)
        assert found.counts == {"x": 5, "y": 5, "z": 5}
        assert found.read == 15
    _, config = written(draft_for_photos("mine", found))
    # x, y and z look like letters.
    assert config.trainer.augmentation.horizontal_flip is False
    assert [threshold.metric for threshold in config.evaluation.thresholds] == ["accuracy"]


def test_what_is_wrong_is_said(lay_out, photo):
    same = photo(999)
    files = {f"cat/{n}.jpg": photo(n) for n in range(200)} | {f"dog/{n}.jpg": photo(300 + n) for n in range(12)}
    files |= {"cat/same.jpg": same, "dog/same.jpg": same}
    files |= {"cat/text.jpg": b"no photo", "dog/cut.jpg": photo(7)[:400], "notes.txt": b"x", ".DS_Store": b"x"}
    warnings = warnings_of(lay_out(files))
    assert has(warnings, "Few photos of a class: dog: 14")
    assert has(warnings, "unbalanced", "'cat'", "'dog'")
    assert has(warnings, "14 times as many photos")
    assert has(warnings, "The test split has about 43 photos")
    assert has(warnings, "1 file is no photo of a class: notes.txt: outside of every class folder")
    assert has(warnings, "5 of 217 files can't be used (2.3%)")
    assert not has(warnings, ".DS_Store")
    assert has(warnings, "2 of 216 photos read can't be used", "cat/text.jpg: not a photo but text", "dog/cut.jpg")
    assert has(
        warnings,
        "1 group of photos is identical in different classes, and a run sets them aside: ",
        "cat/same.jpg",
        "dog/same.jpg",
    )


def test_good_data_has_no_warnings(lay_out, photo):
    files = {f"{name}/{n}.jpg": photo(seed * 1000 + n, (40, 40)) for seed, name in enumerate(("cat", "dog"))
             for n in range(600)}  # fmt: skip
    assert warnings_of(lay_out(files)) == ()


def test_copies_in_different_splits_stop_a_run(lay_out, photo):
    files = {f"{split}/{name}/{n}.jpg": photo(n) for split in ("train", "test") for name in ("cat", "dog")
             for n in range(3)}  # fmt: skip
    assert has(warnings_of(lay_out(files)), "identical in different splits, which stops the run")


def test_too_much_that_cannot_be_used_stops_a_run(lay_out, photo):
    files = {f"{name}/{n}.jpg": photo(n + first) for name, first in (("cat", 0), ("dog", 5)) for n in range(5)}
    folder = lay_out(files | {"cat/a.jpg": b"", "dog/b.jpg": b"%PDF"})
    draft = draft_for_photos("mine", look_at_photos(str(folder), LONG))
    assert has(draft.warnings, "2 of 12 files can't be used (16.7%)", "5% stop the run")
    assert draft.settings == ("gate.max_quarantined=0.2",)


def test_of_many_photos_some_are_read(lay_out, photo):
    folder = lay_out({f"{name}/{n}.jpg": photo(n) for name in ("cat", "dog") for n in range(5)})
    found = look_at_photos(str(folder), seconds=0)
    assert found.photos == 10
    assert found.read == 1
    assert has(draft_for_photos("mine", found).warnings, "Only 1 of 10 photos")


def test_one_class_is_none(lay_out, photo):
    with pytest.raises(TransferlineError, match="two or more: cat"):
        draft_for_photos("mine", look_at_photos(str(lay_out({"cat/1.jpg": photo()}))))


def test_photos_of_which_none_can_be_read(lay_out):
    with pytest.raises(TransferlineError, match="None of the 2 photos that were read can be used"):
        draft_for_photos("mine", look_at_photos(str(lay_out({"cat/1.jpg": b"text", "dog/1.jpg": b"text"}))))


def test_files_of_which_none_is_a_photo(lay_out):
    with pytest.raises(
        TransferlineError, match=r"None of the 2 files .* can be used: cat/1.tiff: not a photo but a TIFF"
    ):
        draft_for_photos("mine", look_at_photos(str(lay_out({"cat/1.tiff": b"II*\0", "dog/1.heic": b"....ftypheic"}))))


def test_a_class_that_misses_a_split_stops_a_run(lay_out, photo):
    files = {f"{name}/{n}.jpg": photo(n + 100 * ord(name)) for name in "ab" for n in range(30)} | {
        "c/1.jpg": photo(500)
    }
    draft = draft_for_photos("mine", look_at_photos(str(lay_out(files)), LONG))
    assert has(draft.warnings, "A class without photos in train, eval or test stops the run")
    assert draft.settings == ("gate.fail_on_missing_class=false",)
    laid_out = {f"{split}/{name}": content for split in ("train", "test") for name, content in files.items()}
    laid_out.pop("test/c/1.jpg")
    draft = draft_for_photos("mine", look_at_photos(str(lay_out(laid_out)), LONG))
    assert has(draft.warnings, "A class without photos")
