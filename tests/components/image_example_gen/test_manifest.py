import os
import signal

import pytest

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData, Split
from components.image_example_gen.listing import list_photos
from components.image_example_gen.manifest import photo_paths, read_rows
from components.ingest import storage


@pytest.fixture
def manifest(fill, tmp_path):
    """Writes a manifest beside five photos, photos/000.jpg to photos/004.jpg."""
    fill(tmp_path / "photos", 5)

    def write(text, encoding="utf-8"):
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding, "surrogateescape"))
        return path

    return write


def test_labels(manifest, take):
    path = manifest("path,label\nphotos/000.jpg,cat\nphotos/001.jpg, dog \n\n")
    assert take(path).labels() == {"cat": 1, "dog": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_byte_order_mark_line_ends_and_capitals(manifest, take, encoding):
    assert take(manifest("Path,Label\r\nphotos/000.jpg,größe\r\n", encoding)).labels() == {"größe": 1}


def test_splits(manifest, take):
    path = manifest(
        "label,split,path\ncat,train,photos/000.jpg\ncat,Validation,photos/001.jpg\ncat,test,photos/002.jpg\n"
    )
    assert take(path).counts() == {("train", "cat"): 1, ("eval", "cat"): 1, ("test", "cat"): 1}
    hashed = take(path, split=Split(by="hash", train=0.98, eval=0.01, test=0.01))
    assert hashed.counts() == {("train", "cat"): 3}


def test_an_empty_split_column_is_none(manifest, take):
    path = manifest("path,label,split\nphotos/000.jpg,cat,\nphotos/001.jpg,cat,\n")
    assert len(take(path).written) == 2


def test_names_with_commas_quotes_and_newlines(manifest, take, encode, tmp_path):
    name = 'photos/a, "b"\nc .jpg'
    (tmp_path / name).write_bytes(encode())
    path = manifest('path,label\n"photos/a, ""b""\nc .jpg","fine\ncat"\nphotos/000.jpg,cat\n')
    taken = take(path)
    assert taken.labels() == {"fine\\ncat": 1, "cat": 1}
    assert name.encode() in [example.features.feature["image/path"].bytes_list.value[0] for example in taken.examples()]


def test_names_that_are_no_utf8(manifest, take, encode, tmp_path):
    (tmp_path / "caf\udce9.jpg").write_bytes(encode())
    assert take(manifest("path,label\ncaf\udce9.jpg,cat\n")).labels() == {"cat": 1}


def test_labels_that_are_no_utf8(manifest, take):
    rows = "photos/000.jpg,Äpfel\nphotos/001.jpg,Birnen\n"
    taken = take(manifest(f"path,label\n{rows}", "cp1252"))
    assert taken.labels() == {"Birnen": 1}
    assert taken.quarantined == {
        "labels.csv, row 2": r"manifest row 2: the label of file photos/000.jpg isn't UTF-8 text (\xc4pfel): save the "
        "manifest as UTF-8"
    }
    assert take(manifest(f"path,label\n{rows}")).labels() == {"Äpfel": 1, "Birnen": 1}


def test_rows_that_cant_be_used(manifest, take, tmp_path):
    (tmp_path / "photos" / "text.jpg").write_text("text")
    taken = take(
        manifest(
            "path,label,split\n"
            "photos/000.jpg,cat,train\n"
            "photos/gone.jpg,cat,train\n"
            "photos/001.jpg,,train\n"
            "photos/001.jpg\n"
            ",cat,train\n"
            "photos/001.jpg,cat,holdout\n"
            "photos/001.jpg,cat,\n"
            "photos/000.jpg,cat,train\n"
            "photos,cat,test\n"
            "photos/a,b.jpg,cat,train\n"
            "photos/text.jpg,cat,train\n"
            "photos/002.jpg,cat,test\n"
            "photos/003.jpg,cat,val\n"
        )
    )
    assert taken.found == 13
    assert taken.counts() == {("train", "cat"): 1, ("eval", "cat"): 1, ("test", "cat"): 1}
    assert taken.quarantined == {
        "photos/gone.jpg": "manifest row 3: file photos/gone.jpg is missing",
        "labels.csv, row 4": "manifest row 4: the label of file photos/001.jpg is blank",
        "labels.csv, row 5": "manifest row 5: the label of file photos/001.jpg is blank",
        "labels.csv, row 6": "manifest row 6: it has no path",
        "labels.csv, row 7": (
            "manifest row 7: file photos/001.jpg has the split 'holdout', which is none of train, eval and test"
        ),
        "labels.csv, row 8": "manifest row 8: file photos/001.jpg has no split, as others have",
        "labels.csv, row 9": "manifest row 9: it repeats row 2",
        "photos": "manifest row 10: file photos can't be read: Is a directory",
        "labels.csv, row 11": "manifest row 11: it has more cells than the header; a cell with a comma needs quotes",
        "photos/text.jpg": "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read",
    }


def test_a_photo_with_two_labels_is_taken_twice(manifest, take):
    assert take(manifest("path,label\nphotos/000.jpg,cat\nphotos/000.jpg,dog\n")).labels() == {"cat": 1, "dog": 1}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("file,class\na.jpg,cat\n", "no column path and no column label; its columns are: file, class"),
        ("path;label\na.jpg;cat\n", "no column path and no column label; its columns are: path;label"),
        ("path,class\na.jpg,cat\n", "no column label; its columns are: path, class"),
        ("", "its columns are: none"),
        ("path,label\na.jpg,c\0at\n", "can't be read as CSV"),
    ],
)
def test_manifests_that_cant_be_read(manifest, text, cause):
    path = manifest(text)
    with pytest.raises(TransferlineError, match=cause) as caught:
        read_rows(str(path))
    assert str(path) in caught.value.place
    assert caught.value.cure


def test_a_manifest_without_rows(manifest, take):
    with pytest.raises(TransferlineError, match="There are no files"):
        take(manifest("path,label\n"))


def test_paths_are_relative_to_the_manifest(manifest, tmp_path):
    path = manifest("path,label\nphotos/000.jpg,cat\n/abs/a.jpg,cat\ngs://bucket/a.jpg,cat\n")
    assert photo_paths(str(path)) == [f"{tmp_path}/photos/000.jpg", "/abs/a.jpg", "gs://bucket/a.jpg"]


def test_a_column_of_groups(manifest, take):
    path = manifest(
        "path,label,Patient\nphotos/000.jpg,cat,p1\nphotos/001.jpg,dog,p1\nphotos/002.jpg,cat, p1 \n"
        "photos/003.jpg,cat,\nphotos/000.jpg,cat,p2\n"
    )
    taken = take(path, split=Split(by="hash", group="patient", train=0.4, eval=0.3, test=0.3))
    assert len({item.split for item in taken.written}) == 1
    assert len(taken.written) == 3
    assert list(taken.quarantined.values()) == [
        "manifest row 5: file photos/003.jpg has no patient, which data.split.group names",
        "manifest row 6: it repeats row 2",
    ]


@pytest.mark.parametrize(("group", "words"), [("visit", "has no column visit"), (1, "is no column of the manifest")])
def test_a_column_of_groups_that_is_not_there(manifest, take, group, words):
    with pytest.raises(TransferlineError, match=words):
        take(manifest("path,label\nphotos/000.jpg,cat\n"), split=Split(by="hash", group=group))


def test_paths_out_of_the_data_are_told_or_refused(fill, take, tmp_path):
    data = tmp_path / "data"
    fill(data / "photos", 2)
    fill(tmp_path / "elsewhere", 3, salt=1)
    (data / "linked.jpg").symlink_to(tmp_path / "elsewhere" / "000.jpg")
    (data / "folder").symlink_to(tmp_path / "elsewhere")
    inside = ["photos/000.jpg", str(data / "photos" / "001.jpg")]
    outside = ["../elsewhere/001.jpg", str(tmp_path / "elsewhere" / "002.jpg"), "linked.jpg", "folder/001.jpg"]
    path = data / "labels.csv"
    path.write_text("path,label\n" + "".join(f"{name},cat\n" for name in [*inside, *outside]))
    assert set(list_photos(ImageData(path=str(path))).outside) == set(outside)
    assert take(path).labels() == {"cat": 6}
    taken = take(path, outside="refuse")
    assert taken.labels() == {"cat": 2}
    assert taken.quarantined["labels.csv, row 4"] == (
        'manifest row 4: file ../elsewhere/001.jpg leads out of the data\'s folder, and data.outside is "refuse"'
    )


def test_a_manifest_on_this_machine_leads_out_to_gs():
    assert storage.leads_out("gs://bucket/a.jpg", "/data")
    assert storage.leads_out("gs://other/a.jpg", "gs://bucket")
    assert not storage.leads_out("gs://bucket/a.jpg", "gs://bucket")


def test_a_pipe_is_no_photo_and_nobody_waits_for_it(manifest, take, tmp_path):
    path = manifest("path,label\nphotos/000.jpg,cat\npipe,cat\n")
    os.mkfifo(tmp_path / "pipe")
    signal.alarm(60)  # to open it waits until somebody writes into it
    taken = take(path)
    signal.alarm(0)
    assert taken.labels() == {"cat": 1}
    assert taken.quarantined == {"pipe": "manifest row 3: file pipe can't be read: It isn't a regular file"}
