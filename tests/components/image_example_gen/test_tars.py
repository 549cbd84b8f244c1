import gzip
import io
import tarfile

import pytest

from components.errors import TransferlineError
from components.image_example_gen import archives


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
