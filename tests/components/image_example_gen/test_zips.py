import stat
import struct
import zipfile
import zlib

import pytest
from bounded import in_a_child

from components.errors import TransferlineError
from components.image_example_gen import archives, zips
from components.image_example_gen.config import ArchiveBounds, ImageData
from components.image_example_gen.listing import list_photos
from pipeline.profile.photos import look_at_photos


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


def clear_utf8_flag(path):
    """As the `zip` of Linux and macOS's Finder leave it, whose names are UTF-8 all the same."""
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flags + 1] &= ~8
            at = content.find(signature, at + 1)
    path.write_bytes(content)


def test_names_in_utf8_that_are_not_flagged_as_such(archive, encode, take):
    members = [(f"obst/{name}/größe.jpg", encode(color)) for color, name in enumerate(["Äpfel", "A\u0308pfel", "桃"])]
    path = archive([*members, ("obst/Käse/", b""), ("obst/桃/../../ß.jpg", encode())])
    clear_utf8_flag(path)
    with zipfile.ZipFile(path) as file:
        assert "obst/├äpfel/gr├╢├ƒe.jpg" in file.namelist()
    taken = take(path)
    assert taken.labels() == {"Äpfel": 2, "桃": 1}
    assert taken.quarantined == {
        "obst/Käse/": "the class folder is empty",
        "obst/桃/../../ß.jpg": "its name leads out of the archive (../)",
    }


def test_names_of_dos_stay_as_they_are(archive, encode, take):
    path = archive([("Xpfel/a.jpg", encode(1)), ("cat/b.jpg", encode(2))])
    path.write_bytes(path.read_bytes().replace(b"Xpfel", "Äpfel".encode("cp437")))
    assert take(path).labels() == {"Äpfel": 1, "cat": 1}


def test_wrapped_splits(archive, encode, take):
    names = [f"filtered/{split}/cats/{index}.jpg" for split in ("train", "validation") for index in range(2)]
    members = [(name, encode(index)) for index, name in enumerate(names)]
    taken = take(archive([("filtered/", b""), *members, ("filtered/vectorize.py", b"import")]))
    assert sum(count for (split, _), count in taken.counts().items() if split == "train") == 2
    assert list(taken.quarantined) == ["filtered/vectorize.py"]


def test_many_members_are_read_in_several_sources(archive, encode, take, monkeypatch):
    monkeypatch.setattr(zips, "MEMBERS_PER_SOURCE", 3)
    path = archive([(f"cat/{index}.jpg", encode(index)) for index in range(8)])
    assert len(zips.list_zip(str(path), {}, ArchiveBounds()).sources) == 3
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


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_of_each_packer(archive, encode, take, kind):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2))], kind)
    whole = path.read_bytes()
    end = whole.index(b"cat/b.jpg") - 30
    for at in range(50, end, 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        taken = take(path)
        assert taken.labels()["cat"] + len(taken.quarantined) == 2
        assert all("damaged in the archive" in reason for reason in taken.quarantined.values())


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


def on_one_kernel(content, members):
    """A .zip whose members are all the same bytes (CVE-2024-0450), of which each is as large as `content`."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    crc, packed = zlib.crc32(content), packer.compress(content) + packer.flush()
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), len(content), 9, 0)
    names = [f"cat/{number:05d}".encode() for number in range(members)]
    kernel = b"PK\3\4" + fields + names[0] + packed
    table = b"".join(
        b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name for name in names
    )
    end = struct.pack("<HHHHIIH", 0, 0, members, members, len(table), len(kernel), 0)
    return kernel + table + b"PK\5\6" + end


def test_members_that_are_the_same_bytes_are_quarantined(encode, take, tmp_path):
    path = tmp_path / "photos.zip"
    path.write_bytes(on_one_kernel(encode(1), 50))
    taken = take(path)
    assert not taken.written
    assert set(taken.quarantined.values()) == {"its bytes are those of another member too (an archive bomb?)"}
    path.write_bytes(on_one_kernel(encode(1), 1))
    assert take(path).labels() == {"cat": 1}


def test_a_member_that_is_packed_too_densely_is_quarantined(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2) + bytes(2 * 2**20))])
    ((place, reason),) = take(path).quarantined.items()
    assert place == "cat/b.jpg"
    assert reason.endswith("more than data.archive.max_ratio = 200 times as many (an archive bomb?)")
    assert take(path, archive=ArchiveBounds(max_ratio=2000)).labels() == {"cat": 2}


def test_an_archive_beyond_its_bounds_is_refused(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2))])
    with pytest.raises(TransferlineError, match="unpacks to more than 1,000 bytes"):
        take(path, archive=ArchiveBounds(max_unpacked=1000))
    with pytest.raises(TransferlineError, match=r"more than data\.archive\.max_members = 1 files"):
        take(path, archive=ArchiveBounds(max_members=1))


def test_members_that_are_no_photos_take_little_memory(tmp_path):
    """Each of 100 MiB here, and not packed more densely than may be."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name in "abcd":
            with file.open(f"cat/{name}.jpg", "w") as member:
                for _ in range(100):
                    member.write((b"text" + b" " * 92) * (2**20 // 96))
    ((found, mebibytes),) = in_a_child(look_at_photos, [path])
    assert found.count("not a photo but text") == 4
    assert mebibytes < 64


def test_names_that_no_folder_takes(archive, encode, take):
    taken = take(archive([("cat/a.jpg", encode(1)), ("b/" * 4000 + "b.jpg", encode(2))]))
    assert taken.labels() == {"cat": 1}
    assert list(taken.quarantined.values()) == [
        "its name has 8,005 characters and 4,001 parts, more than any folder takes"
    ]


@pytest.mark.parametrize(
    "after",
    [
        [("dog/0.jpg", 1), ("cat/1.jpg", 2)],
        [("cat/0.jpg", 1)],
        [("cat/1.jpg", 1), ("cat/0.jpg", 2)],
        [("cat/0.jpg", 1), ("cat/1.jpg", 3)],
    ],
)
def test_an_archive_that_was_replaced_after_it_was_listed_is_refused(archive, encode, after):
    """Else the photos of the new one have the labels of the old one."""
    path = archive([("cat/0.jpg", encode(1)), ("cat/1.jpg", encode(2))])
    sources = list_photos(ImageData(path=str(path))).sources
    archive([(name, encode(color)) for name, color in after])
    with pytest.raises(TransferlineError, match="changed or replaced while it was read"):
        [list(source.read()) for source in sources]


def test_an_archive_that_is_gone_after_it_was_listed_is_told(archive, encode):
    path = archive([("cat/0.jpg", encode(1))])
    sources = list_photos(ImageData(path=str(path))).sources
    path.unlink()
    with pytest.raises(TransferlineError, match="changed or replaced while it was read"):
        [list(source.read()) for source in sources]


def test_the_table_of_contents_of_a_large_archive_is_read_a_few_times(archive, monkeypatch):
    monkeypatch.setattr(zips, "SOURCES", 4)
    path = archive([(f"cat/{index}.jpg", b"") for index in range(2000)], zipfile.ZIP_STORED)
    assert len(zips.list_zip(str(path), {}, ArchiveBounds()).sources) == 4
