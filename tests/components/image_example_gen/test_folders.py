import os

import nobody
import pytest
from nobody import as_nobody

from components.errors import TransferlineError
from components.image_example_gen import folders
from components.image_example_gen.config import ImageData, Split
from components.image_example_gen.listing import list_photos


def test_classes(fill, take, tmp_path):
    fill(tmp_path / "cat", 3)
    fill(tmp_path / "dog" / "deeper", 2, salt=1)
    taken = take(tmp_path)
    assert taken.labels() == {"cat": 3, "dog": 2}
    assert not taken.quarantined


def test_splits_of_classes(fill, take, tmp_path):
    for salt, split in enumerate(["train", "valid", "test"]):
        fill(tmp_path / split / "cat", 2, salt)
    fill(tmp_path / "test" / "bird", 1, salt=9)
    taken = take(tmp_path)
    assert taken.counts() == {("train", "cat"): 2, ("eval", "cat"): 2, ("test", "cat"): 2, ("test", "bird"): 1}


def test_a_class_only_in_test_and_one_class_only_are_taken(fill, take, tmp_path):
    fill(tmp_path / "cat", 4)
    assert take(tmp_path).labels() == {"cat": 4}


def test_no_test_folder(fill, take, tmp_path):
    fill(tmp_path / "train" / "cat", 3)
    fill(tmp_path / "validation" / "cat", 40, salt=1)
    counts = take(tmp_path, split=Split(test_from_eval=0.5)).counts()
    assert counts["train", "cat"] == 3
    assert 10 < counts["test", "cat"] < 30


def test_the_split_follows_the_content_and_not_the_name(fill, take, tmp_path):
    fill(tmp_path / "a" / "cat", 30)
    before = {item.sha256: item.split for item in take(tmp_path / "a").written}
    fill(tmp_path / "b" / "kitten", 30)
    for path in (tmp_path / "b" / "kitten").iterdir():
        path.rename(path.with_name("renamed " + path.name))
    fill(tmp_path / "b" / "dog", 10, salt=2)
    after = {item.sha256: item.split for item in take(tmp_path / "b").written}
    assert before.items() <= after.items()
    assert len(set(before.values())) > 1


@pytest.mark.parametrize(
    "name",
    ["a b.jpg", "größe 猫.jpg", "new\nline.jpg", "-rf.jpg", "'\"$(x).jpg", b"caf\xe9.jpg", "no_extension", "wrong.txt"],
)
def test_names_of_every_kind(encode, take, tmp_path, name):
    name = os.fsencode(name)
    folder = os.fsencode(tmp_path / "cat")
    os.mkdir(folder)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(encode())
    taken = take(tmp_path)
    assert taken.found == 1
    assert taken.examples()[0].features.feature["image/path"].bytes_list.value[0] == b"cat/" + name
    assert "\n" not in taken.written[0].place
    assert taken.written[0].place.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "label"), [(b"caf\xe9", "caf\\xe9"), ("new\nline", "new\\nline"), ("u\u0308", "\u00fc")]
)
def test_class_names_of_every_kind(encode, take, tmp_path, name, label):
    folder = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    os.mkdir(folder)
    with open(os.path.join(folder, b"a.jpg"), "wb") as file:
        file.write(encode())
    (example,) = take(tmp_path).examples()
    assert example.features.feature["label"].bytes_list.value[0].decode("utf-8") == label


def test_bad_files_are_quarantined(encode, fill, take, tmp_path):
    fill(tmp_path / "cat", 2)
    cat = tmp_path / "cat"
    (cat / "empty.jpg").write_bytes(b"")
    (cat / "text.jpg").write_text("I am no photo")
    (cat / "cut.jpg").write_bytes(encode(size=(90, 90))[:-40])
    (cat / ".hidden.jpg").write_bytes(encode())
    (tmp_path / "LICENSE.txt").write_text("CC0")
    (tmp_path / "stray.jpg").write_bytes(encode())
    os.mkfifo(cat / "pipe.jpg")
    (tmp_path / "dog").mkdir()
    taken = take(tmp_path)
    assert taken.labels() == {"cat": 2}
    assert taken.quarantined.pop("cat/cut.jpg").startswith("truncated or damaged JPEG")
    assert taken.quarantined == {
        "cat/empty.jpg": "the file is empty (0 bytes)",
        "cat/text.jpg": "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read",
        "cat/.hidden.jpg": "hidden file: it is no photo of a class",
        "LICENSE.txt": "outside of every class folder",
        "stray.jpg": "outside of every class folder",
        "cat/pipe.jpg": "not a regular file",
        "dog/": "the class folder is empty",
    }


def test_links(encode, fill, take, tmp_path):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    fill(data / "cat", 2)
    fill(elsewhere, 3, salt=1)
    (data / "dog").symlink_to(elsewhere)
    (data / "cat" / "linked.jpg").symlink_to(elsewhere / "000.jpg")
    (data / "cat" / "up").symlink_to(data)
    (data / "cat" / "self.jpg").symlink_to(data / "cat" / "self.jpg")
    (data / "cat" / "broken.jpg").symlink_to(data / "nowhere.jpg")
    (data / "kitten").symlink_to(data / "cat")
    taken = take(data)
    assert taken.labels() == {"cat": 3, "dog": 3}
    assert taken.quarantined == {
        "cat/up": "symlink loop: it leads to the data itself, which is read already",
        "cat/self.jpg": "symlink loop",
        "cat/broken.jpg": "broken symlink",
        "kitten": "symlink loop: it leads to cat/, which is read already",
    }


def test_links_from_each_folder_to_each_end(fill, take, tmp_path):
    names = [f"class{index}" for index in range(8)]
    for index, name in enumerate(names):
        fill(tmp_path / name, 1, salt=index)
        for other in names:
            (tmp_path / name / f"to_{other}").symlink_to(tmp_path / other)
    taken = take(tmp_path)
    assert len(taken.written) == 8
    assert len(taken.quarantined) == 64


def test_a_file_that_is_too_large_is_never_read_whole(encode, take, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILE_BYTES", 2**20)
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg").write_bytes(encode())
    with open(tmp_path / "cat" / "huge.jpg", "wb") as file:
        file.truncate(2**20 + 1)
    assert take(tmp_path).quarantined == {"cat/huge.jpg": "the file is larger than 1 MiB"}


def test_a_file_that_vanishes_is_quarantined(encode, tmp_path):
    photo = folders.PhotoFile(str(tmp_path / "gone.jpg"), folders.PhotoRecord("cat/gone.jpg", "cat"))
    (item,) = photo.read()
    assert (item.place, item.reason) == ("cat/gone.jpg", "the file is missing")


def test_aliases_join_folders(fill, take, tmp_path):
    fill(tmp_path / "cats", 2)
    fill(tmp_path / "kittens", 1, salt=1)
    assert take(tmp_path, class_aliases={"cats": "cat", "kittens": "cat"}).labels() == {"cat": 3}


@pytest.fixture
def open_folder():
    with nobody.open_folder() as folder:
        yield folder


def test_a_folder_that_may_not_be_read(fill, take, open_folder):
    fill(open_folder / "cat", 2)
    (open_folder / "cat").chmod(0)
    with as_nobody(), pytest.raises(TransferlineError) as caught:
        take(open_folder)
    (open_folder / "cat").chmod(0o755)
    assert caught.value.cause == "A folder can't be read: Permission denied."
    assert caught.value.place == f"{open_folder}/cat"
    assert caught.value.cure


def test_a_file_that_may_not_be_read(fill, take, open_folder):
    fill(open_folder / "cat", 2)
    (open_folder / "cat" / "000.jpg").chmod(0)
    with as_nobody():
        taken = take(open_folder)
    assert taken.labels() == {"cat": 1}
    assert taken.quarantined == {"cat/000.jpg": "the file can't be read: Permission denied"}


def test_nothing_but_strays(encode, take, tmp_path):
    (tmp_path / "cat.0.jpg").write_bytes(encode())
    taken = take(tmp_path)
    assert taken.labels() == {}
    assert taken.quarantined["cat.0.jpg"].startswith("outside")


def test_links_out_of_the_data_are_told_or_refused(fill, take, tmp_path):
    data, elsewhere = tmp_path / "data", tmp_path / "data_of_another"
    fill(data / "cat", 2)
    fill(data / "dog", 1, salt=1)
    fill(elsewhere / "more", 2, salt=2)
    (data / "cat" / "linked.jpg").symlink_to(elsewhere / "more" / "000.jpg")
    (data / "dog" / "same.jpg").symlink_to(data / "dog" / "000.jpg")
    (data / "dog" / "linked").symlink_to(elsewhere)
    listing = list_photos(ImageData(path=str(data)))
    assert sorted(listing.outside) == ["cat/linked.jpg", "dog/linked/more/000.jpg", "dog/linked/more/001.jpg"]
    assert take(data).labels() == {"cat": 3, "dog": 4}
    taken = take(data, outside="refuse")
    assert taken.labels() == {"cat": 2, "dog": 2}
    assert set(taken.quarantined) == set(listing.outside)
    assert set(taken.quarantined.values()) == {'it leads out of the data\'s folder, and data.outside is "refuse"'}
