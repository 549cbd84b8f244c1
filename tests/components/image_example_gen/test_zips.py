import stat
import zipfile

import pytest

from components.errors import TransferlineError
from components.image_example_gen import archives, zips


@pytest.fixture
def archive(tmp_path):
    """Writes a .zip of the members given: names and bytes."""

    def write(members, compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / "photos.zip"
        with zipfile.ZipFile(path, "w", compression) as file:
            for name, content in members:
                file.writestr(name, content)
        return path

    return write


def test_classes(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("dog/größe.jpg", encode(2)), ("cat/", b""), ("bird/", b"")])
    taken = take(path)
    assert taken.labels() == {"cat": 1, "dog": 1}
    assert taken.quarantined == {"bird/": "the class folder is empty"}


def test_wrapped_splits(archive, encode, take):
    names = [f"filtered/{split}/cats/{index}.jpg" for split in ("train", "validation") for index in range(2)]
    members = [(name, encode(index)) for index, name in enumerate(names)]
    taken = take(archive([("filtered/", b""), *members, ("filtered/vectorize.py", b"import")]))
    assert sum(count for (split, _), count in taken.counts().items() if split == "train") == 2
    assert list(taken.quarantined) == ["filtered/vectorize.py"]


def test_many_members_are_read_in_several_sources(archive, encode, take, monkeypatch):
    monkeypatch.setattr(zips, "MEMBERS_PER_SOURCE", 3)
    path = archive([(f"cat/{index}.jpg", encode(index)) for index in range(8)])
    assert len(zips.list_zip(str(path), {}).sources) == 3
    assert take(path).labels() == {"cat": 8}


def test_members_with_the_same_name_are_both_taken(archive, encode, take):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive([("cat/a.jpg", encode(1)), ("cat/a.jpg", encode(2))])
    assert len({item.sha256 for item in take(path).written}) == 2


def test_members_that_cant_be_used(archive, encode, take, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 10_000)
    link = zipfile.ZipInfo("cat/link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = archive(
        [
            ("cat/a.jpg", encode()),
            ("../evil.jpg", encode()),
            ("cat/../../evil.jpg", encode()),
            ("/etc/evil.jpg", encode()),
            ("..\\windows.jpg", encode()),
            ("cat\\b.jpg", encode()),
            ("cat/text.jpg", "text"),
            ("cat/empty.jpg", b""),
            ("cat/bomb.jpg", bytes(10_001)),
            ("__MACOSX/cat/._a.jpg", b"x"),
            (link, "a.jpg"),
        ]
    )
    taken = take(path)
    assert taken.labels() == {"cat": 2}
    assert taken.quarantined == {
        "../evil.jpg": "its name leads out of the archive (../)",
        "cat/../../evil.jpg": "its name leads out of the archive (../)",
        "/etc/evil.jpg": "the archive gives it an absolute path",
        "../windows.jpg": "its name leads out of the archive (../)",
        "cat/text.jpg": "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read",
        "cat/empty.jpg": "the file is empty (0 bytes)",
        "cat/bomb.jpg": "it unpacks to 10,001 bytes, more than 0 MiB (an archive bomb?)",
        "__MACOSX/cat/._a.jpg": "hidden file: it is no photo of a class",
        "cat/link.jpg": "it is a link, not a file",
    }


def test_an_encrypted_member(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2))])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the table of contents.
    path.write_bytes(content)
    taken = take(path)
    assert taken.quarantined == {"cat/a.jpg": "it is encrypted"}


def test_a_damaged_member(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2))], zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    taken = take(path)
    assert taken.quarantined == {"cat/a.jpg": "damaged in the archive: Bad CRC-32 for file 'cat/a.jpg'"}
    assert taken.labels() == {"cat": 1}


def test_a_header_that_lies_about_its_size(archive, encode, take, monkeypatch):
    path = archive([("cat/a.jpg", encode(1)), ("cat/bomb.jpg", bytes(100_000))])
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 24
    assert int.from_bytes(content[at : at + 4], "little") == 100_000
    content[at : at + 4] = (9_000).to_bytes(4, "little")
    path.write_bytes(content)
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 10_000)
    taken = take(path)
    assert list(taken.quarantined) == ["cat/bomb.jpg"]


def test_an_archive_cut_anywhere_is_refused(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2))])
    content = path.read_bytes()
    for end in (0, 10, len(content) // 2, len(content) - 30, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(TransferlineError, match=r"\.zip archive is truncated or damaged.*Nothing of it") as caught:
            take(path)
        assert caught.value.place == str(path)
