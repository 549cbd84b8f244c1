import gzip
import io
import tarfile

import pytest
from bounded import at_most, in_a_child

from components.errors import TransferlineError
from components.image_example_gen import archives
from components.image_example_gen.config import ArchiveBounds, ImageData
from components.image_example_gen.listing import list_photos
from pipeline.profile.photos import look_at_photos


def tar_of(members):
    """The bytes of a .tar: names and bytes, or TarInfo and bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            if info.name.endswith("/"):
                info.type = tarfile.DIRTYPE
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def archive(tmp_path):
    def write(members, name="photos.tar.gz"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(tar_of(members)))
        return path

    return write


@pytest.mark.parametrize("name", ["photos.tar.gz", "flower_photos.tgz"])
def test_wrapped_classes(archive, encode, take, name):
    path = archive(
        [
            ("./flowers/", b""),
            ("./flowers/LICENSE.txt", b"CC"),
            ("./flowers/daisy/", b""),
            ("./flowers/daisy/a.jpg", encode(1)),
            ("./flowers/roses/größe\n.jpg", encode(2)),
            ("./flowers/roses/caf\udce9.jpg", encode(3)),
            ("./flowers/tulips/", b""),
        ],
        name,
    )
    taken = take(path)
    assert taken.labels() == {"daisy": 1, "roses": 2}
    assert taken.quarantined == {
        "flowers/LICENSE.txt": "outside of every class folder",
        "flowers/tulips/": "the class folder is empty",
    }


def test_members_that_cant_be_used(archive, encode, take, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 10_000)
    link = tarfile.TarInfo("cat/link.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "a.jpg"
    device = tarfile.TarInfo("cat/device.jpg")
    device.type = tarfile.CHRTYPE
    path = archive(
        [
            ("cat/a.jpg", encode()),
            ("../evil.jpg", encode()),
            ("/etc/evil.jpg", encode()),
            ("cat/bomb.jpg", bytes(10_001)),
            (link, b""),
            (device, b""),
            ("cat/empty.jpg", b""),
            ("dog/b.jpg", encode(2)),
        ]
    )
    taken = take(path)
    assert taken.labels() == {"cat": 1, "dog": 1}
    assert taken.quarantined == {
        "../evil.jpg": "its name leads out of the archive (../)",
        "/etc/evil.jpg": "the archive gives it an absolute path",
        "cat/bomb.jpg": "it unpacks to 10,001 bytes, more than 0 MiB (an archive bomb?)",
        "cat/link.jpg": "it is a link or a device, not a file",
        "cat/device.jpg": "it is a link or a device, not a file",
        "cat/empty.jpg": "the file is empty (0 bytes)",
    }


def refused(take, path):
    with pytest.raises(TransferlineError, match=r"\.tar\.gz archive is truncated or damaged.*Nothing of it") as caught:
        take(path)
    assert caught.value.place == str(path)


def test_an_archive_cut_anywhere_is_refused(archive, encode, take):
    path = archive([(f"cat/{index}.jpg", encode(index, size=(64, 64))) for index in range(20)])
    content = path.read_bytes()
    for end in (0, 5, 30, len(content) // 3, len(content) // 2, len(content) - 9, len(content) - 1):
        path.write_bytes(content[:end])
        refused(take, path)


def test_a_tar_that_was_cut_before_it_was_packed_is_refused(encode, take, tmp_path):
    content = tar_of([("cat/a.jpg", encode(1, size=(99, 99))), ("cat/b.jpg", encode(2, size=(99, 99)))])
    second = content.index(b"cat/b.jpg")
    path = tmp_path / "photos.tar.gz"
    path.write_bytes(gzip.compress(content[: second + 600]))
    refused(take, path)


def test_a_damaged_header_isnt_taken_for_the_end(encode, take, tmp_path):
    content = bytearray(tar_of([(f"cat/{index}.jpg", encode(index)) for index in range(3)]))
    content[content.index(b"cat/1.jpg") + 150] ^= 0xFF  # within the header's checksum.
    path = tmp_path / "photos.tar.gz"
    path.write_bytes(gzip.compress(bytes(content)))
    refused(take, path)


def test_something_else_named_tar_gz_is_refused(take, tmp_path):
    path = tmp_path / "photos.tar.gz"
    path.write_bytes(b"<html>404</html>")
    refused(take, path)
    path.write_bytes(gzip.compress(b"text" * 1000))
    refused(take, path)


def raw_header(name="cat/a.jpg", kind=tarfile.REGTYPE, size=0, **fields):
    """A header as a hostile program writes it, which tarfile doesn't."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def padded(content):
    return content + bytes(-len(content) % tarfile.BLOCKSIZE)


HOSTILE_HEADERS = {
    "a negative size": raw_header() + raw_header(size=-tarfile.BLOCKSIZE),
    "a negative size of a long name": raw_header(kind=tarfile.GNUTYPE_LONGNAME, size=-512) + bytes(4096),
    "long names in a row": raw_header(kind=tarfile.GNUTYPE_LONGNAME) * 1500,
    "notes of digits": (raw_header(kind=tarfile.XHDTYPE, size=65024) + padded(b"1" * 65024) + raw_header()) * 200,
    "a number of many digits": raw_header(kind=tarfile.XHDTYPE, size=5632) + padded(b"9" * 5600 + b" path=a\n"),
    "many notes on all members": b"".join(
        raw_header(kind=tarfile.XGLTYPE, size=512) + padded(f"{len(str(key)) + 5} {key}=\n".encode())
        for key in range(100, 999)
    ),
}


@pytest.mark.parametrize("content", HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS)
def test_headers_that_are_made_up_end_an_archive_at_once(content, take, tmp_path):
    path = tmp_path / "photos.tar.gz"
    path.write_bytes(gzip.compress(content + bytes(1024)))
    with at_most(), pytest.raises(TransferlineError, match=r"\.tar\.gz archive (is truncated or damaged|has a header)"):
        take(path)


def test_what_a_system_notes_of_a_file_is_read_over_and_too_much_of_it_is_told(encode, take, tmp_path):
    def noted(size):
        path = tmp_path / f"{size}.tar.gz"
        with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            for index in range(3):
                info, photo = tarfile.TarInfo(f"cat/{index}.jpg"), encode(index)
                info.size, info.pax_headers = len(photo), {"SCHILY.xattr.user.note": "n" * size}
                tar.addfile(info, io.BytesIO(photo))
        return path

    assert len(take(noted(70_000)).written) == 3
    with pytest.raises(TransferlineError, match=r"has a header of more than 262,144 bytes") as caught:
        take(noted(300_000))
    assert "--no-xattrs" in caught.value.cure


def test_headers_of_any_length_take_little_memory(tmp_path):
    """Of 100 MiB here: a long name, a note, and a map of what a sparse file has where."""
    length = 100 * 2**20
    sparse = bytearray(raw_header(kind=tarfile.GNUTYPE_SPARSE))
    sparse[482] = 1  # the map goes on in the next block, whose byte 504 says the same.
    sparse[148:156] = b"%06o\0 " % (sum(sparse[:148]) + sum(sparse[156:]) + 8 * ord(" "))
    block = bytes.fromhex("3030303030303030303031") + bytes(493) + b"\1" + bytes(7)
    beginnings = {
        "name.tar.gz": (raw_header(kind=tarfile.GNUTYPE_LONGNAME, size=length), bytes(2**20)),
        "note.tar.gz": (raw_header(kind=tarfile.XHDTYPE, size=length), bytes(2**20)),
        "sparse.tar.gz": (bytes(sparse), block * (2**20 // 512)),
    }
    for name, (header, rest) in beginnings.items():
        with gzip.open(tmp_path / name, "wb", compresslevel=1) as file:
            file.write(header)
            for _ in range(length // len(rest)):
                file.write(rest)
    for found, mebibytes in in_a_child(look_at_photos, [tmp_path / name for name in beginnings]):
        assert "a header of more than 262,144 bytes" in found
        assert mebibytes < 64


def test_what_unpacks_to_too_much_is_refused(archive, encode, take, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_ARCHIVE_BYTES", 2**20)
    dense = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", encode(2) + bytes(2**20))])
    for bounds in (ArchiveBounds(), ArchiveBounds(max_unpacked=10_000, max_ratio=10_000)):
        with pytest.raises(TransferlineError, match="unpacks to more than"):
            take(dense, archive=bounds)
    assert take(dense, archive=ArchiveBounds(max_ratio=2_000)).labels() == {"cat": 2}


def test_zeros_without_an_end_behind_an_archive_are_refused(archive, encode, take, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_ARCHIVE_BYTES", 2**20)
    path = archive([("cat/a.jpg", encode(1))])
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(4 * 2**20)))
    with pytest.raises(TransferlineError, match="unpacks to more than"):
        take(path)


def test_an_archive_of_more_files_than_it_may_have_is_refused(archive, encode, take):
    path = archive([(f"cat/{index}.jpg", encode(index)) for index in range(4)])
    with pytest.raises(TransferlineError, match=r"more than data\.archive\.max_members = 3 files"):
        take(path, archive=ArchiveBounds(max_members=3))
    assert take(path, archive=ArchiveBounds(max_members=4)).labels() == {"cat": 4}


def test_names_that_no_folder_takes(archive, encode, take):
    path = archive([("cat/a.jpg", encode(1)), ("cat/" + "a/" * 5000, b""), ("b/" * 4000 + "b.jpg", encode(2))])
    taken = take(path)
    assert taken.labels() == {"cat": 1}
    ((place, reason),) = taken.quarantined.items()
    assert place.startswith("b/b/")
    assert len(place) < 5000
    assert reason == "its name has 8,005 characters and 4,001 parts, more than any folder takes"


def test_what_is_no_photo_is_only_read_at_its_beginning(archive, encode, take, monkeypatch):
    monkeypatch.setattr(archives, "NO_PHOTO_BYTES", 100)
    path = archive([("cat/a.jpg", encode(1)), ("cat/b.jpg", b"text" * 100)])
    (source,) = list_photos(ImageData(path=str(path))).sources
    assert [len(raw.content) for raw in source.read()] == [len(encode(1)), 100]
    assert take(path).quarantined == {"cat/b.jpg": "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read"}


@pytest.mark.parametrize(
    "after", [["dog/0.jpg", "cat/1.jpg"], ["cat/0.jpg"], ["cat/1.jpg", "cat/0.jpg"], ["cat/0.jpg", "cat/1.jpg/"]]
)
def test_an_archive_that_was_replaced_after_it_was_listed_is_refused(archive, encode, after):
    """Else the photos of the new one have the labels of the old one."""
    path = archive([("cat/0.jpg", encode(1)), ("cat/1.jpg", encode(1))])
    sources = list_photos(ImageData(path=str(path))).sources
    archive([(name, encode(1) if name[-1] != "/" else b"") for name in after])
    with pytest.raises(TransferlineError, match="changed or replaced while it was read"):
        [list(source.read()) for source in sources]
