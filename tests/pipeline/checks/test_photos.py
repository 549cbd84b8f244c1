import zipfile

import pytest

from components.data_gate.config import GateRules
from components.image_example_gen.config import ImageData
from pipeline.checks.photos import look_at_photos


@pytest.fixture
def data(tmp_path, photo):
    """A function that lays out photos, {folder: count}, and looks at them."""

    def look(folders, others=(), **settings):
        for place, (folder, count) in enumerate(folders.items()):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (tmp_path / folder / f"{number}.jpg").write_bytes(photo(1000 * place + number, (9, 8)))
        for name in others:
            (tmp_path / name).write_bytes(b"")
        return look_at_photos(ImageData(path=str(tmp_path), **settings), GateRules())

    return look


def texts(look, subject, level="ok"):
    return [finding.text for finding in look.findings if (finding.subject, finding.level) == (subject, level)]


def test_class_folders_are_counted(data):
    look = data({"cat": 20, "dog": 30})
    assert {finding.level for finding in look.findings} == {"ok"}
    assert texts(look, "classes") == ["2 classes (cat: 20, dog: 30)"]
    assert texts(look, "splits") == ["By hash: train 80%, eval 10%, test 10%"]
    assert look.classes == {"cat", "dog"}
    assert look.findings[0].text.endswith("50 photos, laid out as folders")


def test_aliases_count_as_their_class(data):
    assert data({"cats": 20, "dog": 30}, class_aliases={"cats": "cat"}).classes == {"cat", "dog"}


def test_photos_outside_of_the_folder_are_a_warning(data, tmp_path, tmp_path_factory, photo):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.jpg"
    elsewhere.write_bytes(photo(1, (9, 8)))
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "linked.jpg").symlink_to(elsewhere)
    (told,) = texts(data({"cat": 20, "dog": 30}), "data", "warning")
    assert told == "1 photo lies outside of the data's folder, where a link or the manifest leads: cat/linked.jpg."
    assert not texts(data({"cat": 20, "dog": 30}, outside="refuse"), "data", "warning")


def test_one_class_alone_is_a_fault(data):
    assert texts(data({"cat": 20}), "classes", "fault") == ["There is one class alone (cat: 20)."]


def test_unbalanced_classes_small_classes_and_empty_ones_are_warnings(data):
    look = data({"cat": 101, "dog": 20, "fox": 9, "elk": 0})
    assert texts(look, "classes", "warning") == [
        "The classes are unbalanced: 11 times as many photos of 'cat' as of 'fox'.",
        "Few photos of a class: fox: 9.",
    ]
    assert texts(look, "files", "warning") == [
        "1 of 131 files and folders can't be used (0.8%): elk/: the folder is empty."
    ]
    assert not texts(look, "classes", "fault")


def test_files_that_arent_named_like_photos_are_told(data):
    look = data({"cat": 20, "dog": 20}, others=["cat/notes.txt", "cat/.DS_Store"])
    assert texts(look, "data")[0].endswith("40 photos, laid out as folders")
    assert texts(look, "classes") == ["2 classes (cat: 20, dog: 20)"]
    assert texts(look, "files", "warning") == ["1 of 41 files can't be used (2.4%): cat/notes.txt: the file is empty."]


def test_more_quarantine_than_the_gate_allows_is_a_fault(data):
    look = data({"cat": 20, "dog": 20}, others=[f"{number}.jpg" for number in range(4)])
    (text,) = texts(look, "files", "fault")
    assert text.startswith("4 of 44 files can't be used (9.1%): 0.jpg: outside of every class folder; 1.jpg: outside")
    assert text.endswith(" and 1 more; more than gate.max_quarantined = 5.0% stops the run.")
    assert "Fix them, or leave them out with --set gate.max_quarantined=0.1." in [each.cure for each in look.findings]


def test_a_layout_by_split_is_told_and_a_class_that_isnt_trained_is_a_fault(data):
    look = data({"train/cat": 20, "train/dog": 20, "test/cat": 5, "test/dog": 5, "test/fox": 5})
    assert texts(look, "splits") == ["As laid out: test 15, train 40"]
    assert texts(look, "splits", "fault") == ["Not in the training split, but in another: the class fox."]


def test_the_same_photo_in_two_splits_or_classes_is_told(data, tmp_path):
    folders = {"train/cat": 20, "train/dog": 20, "test/cat": 5, "test/dog": 5}
    data(folders)
    (tmp_path / "train/dog/1.jpg").write_bytes((tmp_path / "test/cat/2.jpg").read_bytes())
    look = look_at_photos(ImageData(path=str(tmp_path)), GateRules())
    assert texts(look, "files", "warning") == [
        "2 of 50 files can't be used (4.0%): test/cat/2.jpg: its bytes are in another class, too; "
        "train/dog/1.jpg: its bytes are in another class, too.",
        "Photos are identical in different classes, and a run sets them aside: test/cat/2.jpg = train/dog/1.jpg.",
    ]
    (fault,) = texts(look_at_photos(ImageData(path=str(tmp_path)), GateRules(max_quarantined=0.03)), "files", "fault")
    assert "more than gate.max_quarantined = 3.0% stops the run" in fault
    assert texts(look, "splits", "fault") == [
        "Photos are identical in train and test: test/cat/2.jpg = train/dog/1.jpg, so the test would be too optimistic."
    ]
    look = look_at_photos(ImageData(path=str(tmp_path), split={"by": "hash"}), GateRules())
    assert not texts(look, "splits", "warning")  # the hash puts both into one


def test_a_split_by_folder_without_such_folders_is_a_fault(data):
    look = data({"cat": 20, "dog": 20}, split={"by": "folder"})
    assert "the layout names no splits" in texts(look, "splits", "fault")[0]


def test_no_data_is_a_fault(tmp_path):
    look = look_at_photos(ImageData(path=str(tmp_path / "absent")), GateRules())
    assert "There is no such file or folder (" in texts(look, "data", "fault")[0]
    assert look.classes is None


def test_an_archive_is_looked_into(tmp_path, photo):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for place, name in enumerate(("cat", "dog")):
            for number in range(12):
                archive.writestr(f"{name}/{number}.png", photo(100 * place + number, (9, 8), "PNG"))
    look = look_at_photos(ImageData(path=str(tmp_path / "a.zip")), GateRules())
    assert texts(look, "classes") == ["2 classes (cat: 12, dog: 12)"]


def test_tfrecords_are_named_and_not_read(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}-00000-of-00001.tfrecord").write_bytes(b"nothing that could be read")
    look = look_at_photos(ImageData(path=str(tmp_path)), GateRules())
    assert "2 TFRecord files, named test, train;" in texts(look, "data")[0]
    assert look.classes is None
