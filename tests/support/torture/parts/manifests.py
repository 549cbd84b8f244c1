"""Manifests that name what they shouldn't: each row is a photo or is quarantined, or the manifest is refused."""

import os
from pathlib import Path
from random import Random

from photo_ingest import taken

from torture.data import photos, spoiled_photo
from torture.mutation import HOSTILE_TEXTS, spoiled_bytes
from torture.part import Part

PATHS = (
    "0.jpg",
    "1.jpg",
    "./1.jpg",
    "sub/2.jpg",
    "pipe",
    "sub",
    "link.jpg",
    "loop",
    "../0.jpg",
    "/dev/zero",
    "/",
    "none",
)
LABELS = ("cat", "dog", "Cat", " cat ", "e\u0301", "é", "")
SPLITS = ("train", "test", "validation", "", "holdout")


def run(random: Random, folder: Path) -> str:
    """Writes a manifest of some rows, spoils it, and takes in what it names."""
    (folder / "sub").mkdir()
    for number, name in enumerate(("0.jpg", "1.jpg", "sub/2.jpg")):
        (folder / name).write_bytes(spoiled_photo(random) if number == 2 else photos()[number])
    os.mkfifo(folder / "pipe")
    (folder / "link.jpg").symlink_to("0.jpg")
    (folder / "loop").symlink_to("loop")
    header = random.choice(("path,label", "path,label,split", "label,path", " Path , LABEL ", "path;label", "path"))
    rows = [
        ",".join(_cell(random, cells) for cells in (PATHS, LABELS, SPLITS)[: header.count(",") + 1]) for _ in range(8)
    ]
    content = "\n".join([header, *rows]).encode("utf-8", "surrogatepass")
    if random.random() < 0.5:
        content = spoiled_bytes(random, content)
    path = folder / "photos.csv"
    path.write_bytes(content)
    found = taken(path, split={"by": random.choice(("auto", "hash"))})
    return "quarantined" if found.quarantined else "taken"


def _cell(random: Random, usual: tuple[str, ...]) -> str:
    text = random.choice(HOSTILE_TEXTS) if random.random() < 0.05 else random.choice(usual)
    return f'"{text}"' if random.random() < 0.1 else text


PART = Part(name="manifests", cases=20_000, run=run)
