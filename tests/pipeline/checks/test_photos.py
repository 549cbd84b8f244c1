import zipfile

import pytest

from components.data_gate.config import GateRules
from components.image_example_gen.config import ImageData
from pipeline.checks.photos import look_at_photos


@pytest.fixture
def data(tmp_path):
    """A function that lays out files, {folder: count}, and looks at them."""

    def look(folders, others=(), **settings):
        for folder, count in folders.items():
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (tmp_path / folder / f"{number}.jpg").write_bytes(b"")
        for name in others:
            (tmp_path / name).write_bytes(b"")
        return look_at_photos(ImageData(path=str(tmp_path), **settings), GateRules())

    return look


def texts(look, subject, level="ok"):
    return [finding.text for finding in look.findings if (finding.subject, finding.level) == (subject, level)]


def test_class_folders_are_counted(data):
    look = data({"cat": 20, "dog": 30})
    assert {finding.level for finding in look.findings} == {"ok"}
    assert texts(look, "classes") == ["2: dog 30, cat 20"]
    assert texts(look, "splits") == ["by hash: train 80%, eval 10%, test 10%"]
    assert look.classes == {"cat", "dog"}
    assert look.findings[0].text.endswith("50 photos, laid out as folders")


def test_aliases_count_as_their_class(data):
    assert data({"cats": 20, "dog": 30}, class_aliases={"cats": "cat"}).classes == {"cat", "dog"}


def test_one_class_alone_is_a_fault(data):
    assert texts(data({"cat": 20}), "classes", "fault") == ["there is one class alone: cat 20"]


def test_unbalanced_classes_small_classes_and_empty_ones_are_warnings(data):
    look = data({"cat": 101, "dog": 10, "fox": 9, "elk": 0})
    assert texts(look, "classes", "warning") == [
        "very unbalanced: 11 times as many photos of cat as of fox",
        "fewer than 10 photos of fox",
    ]
    assert texts(look, "files", "warning") == ["1 of 121 go to quarantine: elk/ (the class folder is empty)"]
    assert not texts(look, "classes", "fault")


def test_files_that_arent_named_like_photos_are_told(data):
    look = data({"cat": 20, "dog": 20}, others=["cat/notes.txt", "cat/.DS_Store"])
    assert texts(look, "files", "warning") == ["1 aren't named like photos: cat/notes.txt"]


def test_more_quarantine_than_the_gate_allows_is_a_fault(data):
    look = data({"cat": 20, "dog": 20}, others=[f"{number}.jpg" for number in range(4)])
    (text,) = texts(look, "files", "fault")
    assert text.startswith("4 of 44 go to quarantine: 0.jpg (outside of every class folder)")


def test_a_layout_by_split_is_told_and_a_class_that_isnt_trained_is_a_fault(data):
    look = data({"train/cat": 20, "train/dog": 20, "test/cat": 5, "test/dog": 5, "test/fox": 5})
    assert texts(look, "splits") == ["as laid out: test 15, train 40"]
    assert texts(look, "splits", "fault") == ["not in the training split, but in another: the class fox"]


def test_a_split_by_folder_without_such_folders_is_a_fault(data):
    look = data({"cat": 20, "dog": 20}, split={"by": "folder"})
    assert "the layout names no splits" in texts(look, "splits", "fault")[0]


def test_no_data_is_a_fault(tmp_path):
    look = look_at_photos(ImageData(path=str(tmp_path / "absent")), GateRules())
    assert "There is no such file or folder." in texts(look, "data", "fault")[0]
    assert look.classes is None


def test_an_archive_is_looked_into(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("cat", "dog"):
            for number in range(12):
                archive.writestr(f"{name}/{number}.png", b"")
    look = look_at_photos(ImageData(path=str(tmp_path / "a.zip")), GateRules())
    assert texts(look, "classes") == ["2: cat 12, dog 12"]


def test_tfrecords_are_named_and_not_read(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}-00000-of-00001.tfrecord").write_bytes(b"nothing that could be read")
    look = look_at_photos(ImageData(path=str(tmp_path)), GateRules())
    assert "2 TFRecord files, named test, train;" in texts(look, "data")[0]
    assert look.classes is None
