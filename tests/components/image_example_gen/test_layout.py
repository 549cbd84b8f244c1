import pytest

from components.image_example_gen.layout import arrange
from components.image_example_gen.records import PhotoRecord


def arranged(files, folders=(), aliases=None):
    items, empty = arrange(files, folders, aliases or {})
    told = {
        name: (item.laid_out, item.label) if isinstance(item, PhotoRecord) else item.reason
        for name, item in zip(files, items, strict=True)
    }
    return told, {item.place: item.reason for item in empty}


def test_folders_of_classes():
    told, empty = arranged(["cat/a.jpg", "dog/b.jpg", "dog/more/c.jpg"])
    assert told == {"cat/a.jpg": ("", "cat"), "dog/b.jpg": ("", "dog"), "dog/more/c.jpg": ("", "dog")}
    assert not empty


@pytest.mark.parametrize("wrapper", ["", "cats_and_dogs_filtered/", "a/b/c/"])
def test_folders_of_splits_may_be_wrapped(wrapper):
    files = [f"{wrapper}train/cats/a.jpg", f"{wrapper}validation/cats/b.jpg", f"{wrapper}vectorize.py"]
    told, _ = arranged(files, aliases={"cats": "cat"})
    assert list(told.values()) == [
        ("train", "cat"),
        ("eval", "cat"),
        "outside of the folders train, validation and test",
    ]


def test_folders_of_classes_may_be_wrapped():
    files = ["flower_photos/LICENSE.txt", "flower_photos/daisy/a.jpg", "flower_photos/roses/b.jpg", "README"]
    told, _ = arranged(files)
    assert told["flower_photos/daisy/a.jpg"] == ("", "daisy")
    assert told["flower_photos/LICENSE.txt"] == told["README"] == "outside of every class folder"


def test_one_class_folder_is_a_class():
    assert arranged(["cat/a.jpg"])[0] == {"cat/a.jpg": ("", "cat")}
    assert arranged(["cat/a.jpg", "cat/more/b.jpg"])[0]["cat/more/b.jpg"] == ("", "cat")


def test_one_class_in_train_and_test():
    told, _ = arranged(["train/cat/a.jpg", "test/cat/b.jpg"])
    assert told == {"train/cat/a.jpg": ("train", "cat"), "test/cat/b.jpg": ("test", "cat")}


def test_a_class_named_train_is_a_class():
    told, _ = arranged(["train/a.jpg", "plane/b.jpg"])
    assert told == {"train/a.jpg": ("", "train"), "plane/b.jpg": ("", "plane")}


def test_photos_right_in_a_split_folder_have_no_class():
    told, _ = arranged(["train/cat/a.jpg", "test/b.jpg"])
    assert told["test/b.jpg"] == "outside of every class folder"


def test_hidden_files_and_folders():
    files = ["cat/a.jpg", "cat/.DS_Store", ".git/config", "__MACOSX/cat/._a.jpg", "dog/.thumbs/a.jpg", "dog/b.jpg"]
    told, _ = arranged(files)
    hidden = {name for name, item in told.items() if item == "hidden file: it is no photo of a class"}
    assert hidden == {"cat/.DS_Store", ".git/config", "__MACOSX/cat/._a.jpg", "dog/.thumbs/a.jpg"}


def test_a_hidden_folder_beside_a_wrapper_changes_nothing():
    told, _ = arranged(["photos/cat/a.jpg", "photos/dog/b.jpg", "__MACOSX/photos/._cat"])
    assert told["photos/cat/a.jpg"] == ("", "cat")


def test_empty_class_folders():
    _, empty = arranged(["cat/a.jpg"], folders=["cat", "dog", "cat/empty", "bird", "bird/none"])
    assert empty == {"dog/": "the class folder is empty", "bird/": "the class folder is empty"}


def test_empty_folders_of_splits():
    folders = ["train", "train/cat", "train/dog", "validation", "test", "other"]
    _, empty = arranged(["train/cat/a.jpg"], folders=folders)
    assert empty == {
        "train/dog/": "the class folder is empty",
        "validation/": "the split folder is empty",
        "test/": "the split folder is empty",
    }


def test_a_class_folder_without_a_name():
    assert arranged([" /a.jpg", "cat/b.jpg"])[0][" /a.jpg"] == "the name of its class folder is blank"


def test_a_folder_below_the_class_is_a_group():
    files = ["all/cat/anna/1.jpg", "all/cat/anna/may/2.jpg", "all/dog/anna/3.jpg", "all/dog/4.jpg"]
    items, _ = arrange(files, (), {}, group_level=1)
    assert [item.group for item in items[:3]] == ["anna", "anna", "anna"]
    assert items[3].reason == "it lies in no folder of level 1 below its class's, which data.split.group names"
    deeper, _ = arrange(files, (), {}, group_level=2)
    assert [getattr(item, "group", None) for item in deeper] == [None, "may", None, None]
