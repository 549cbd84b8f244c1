"""Archives that are damaged or made up: refused as a whole, or each member is taken or quarantined."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from random import Random
from warnings import catch_warnings, simplefilter

from photo_ingest import taken

from torture.data import EXTREMES, photos, spoiled_photo, with_extreme
from torture.mutation import HOSTILE_TEXTS, spoiled_bytes
from torture.part import Part

NAMES = (
    "cat/{}.jpg",
    "dog/{}.png",
    "train/cat/{}.jpg",
    "test/cat/{}.jpg",
    "./cat/{}",
    "cat\\{}.jpg",
    "../{}",
    "{}",
    "a/",
)
KINDS = (tarfile.REGTYPE, *(bytes([kind]) for kind in b"0123456789LKSxgXVDMN\0\xff"))


def run(random: Random, folder: Path) -> str:
    """Makes an archive, spoils it, and takes it in."""
    members = [
        (_name(random, number), _content(random))
        for number in range(random.choices(range(7), (1, 4, 4, 4, 4, 4, 4))[0])
    ]
    if random.random() < 0.5:
        path, content = folder / "photos.zip", _zip(random, members)
        if random.random() < 0.4:
            content = random.choice((spoiled_bytes, with_extreme))(random, content)
    else:
        path, content = folder / "photos.tar.gz", _tar(random, members)
        if random.random() < 0.3:
            content = random.choice((spoiled_bytes, with_extreme))(random, content)
        content = gzip.compress(content, compresslevel=1)
        if random.random() < 0.2:
            content = spoiled_bytes(random, content)
    path.write_bytes(content)
    found = taken(path)
    return "quarantined" if found.quarantined else "taken"


def _name(random: Random, number: int) -> str:
    if random.random() < 0.1:
        return random.choice(HOSTILE_TEXTS).encode("utf-8", "replace").decode()[:60_000] or "0"
    return random.choice(NAMES).format(number)


def _content(random: Random) -> bytes:
    match random.randrange(8):
        case 0:
            return b"".join(bytes([random.randrange(256)]) * 2**18 for _ in range(random.randrange(6)))
        case 1:
            return _zip(random, [("cat/inner.jpg", photos()[0])])
        case 2:
            return spoiled_photo(random)
        case _:
            return random.choice(photos())


def _zip(random: Random, members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with catch_warnings():
        simplefilter("ignore")  # of names that come twice
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members:
                archive.writestr(name.replace("\0", "") or "0", content, random.choices(kinds, (4, 4, 1, 1))[0])
    return buffer.getvalue()


def _tar(random: Random, members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    form = random.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    for name, content in members:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        if random.random() < 0.1:
            info.type = random.choice(KINDS)
        if random.random() < 0.05:
            info.size = random.choice((*EXTREMES, -512, -1, 2**60))
        if random.random() < 0.05:
            info.pax_headers = {random.choice(("size", "path", "hdrcharset", "GNU.sparse.major", "mtime")): "9" * 400}
        try:
            header = info.tobuf(form, "utf-8", "surrogateescape")
        except ValueError:  # what this format can't say
            header = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "replace")
        buffer.write(header * random.choices((1, 1500), (200, 1))[0])
        buffer.write(content + bytes(-len(content) % tarfile.BLOCKSIZE))
    return buffer.getvalue() + bytes(random.choice((0, 512, 1024, 10_240)))


PART = Part(name="archives", cases=20_000, run=run)
