"""Catalog files with values that nobody meant, or that aren't Python any more: each command that loads one answers."""

import io
import json
import os
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from in_process import transferline
from PIL import Image

from pipeline import catalog
from pipeline.config import RowPipeline
from torture.mutation import hostile_value, spoiled_bytes, spoiled_tree
from torture.part import Part

HEAD = "from math import inf, nan\n\nfrom pipeline.config import ImagePipeline, RowPipeline\n\n"
COMMANDS = (
    ("settings",),
    ("settings", "--json"),
    ("check",),
    ("runs",),
    ("list",),
    ("settings", "--set", "trainer.seed=1"),
)


def run(random: Random, folder: Path) -> str:
    """Writes one file, and gives one command; no word but the command's own is the last."""
    kind, values = _pipeline(random.choice(("digits", "higgs_toy", "cats_vs_dogs", "higgs")))
    if random.random() < 0.9:
        values = spoiled_tree(random, values)
    text = f"{HEAD}CONFIG = {kind}.model_validate({values!r})\n"
    data = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.3:
        data = spoiled_bytes(random, data)
    if random.random() < 0.05:
        data = f"CONFIG = {hostile_value(random)!r}\n".encode("utf-8", "surrogatepass")
    file = folder / "pipelines" / "mine.py"
    file.parent.mkdir()
    file.write_bytes(data)
    _write_data(folder)
    command, *options = random.choice(COMMANDS)
    name = () if command == "list" else ("mine",)
    variables = {"HOME": str(folder), "PATH": os.environ["PATH"], "TRANSFERLINE_OUTPUT_DIR": str(folder / "out")}
    ended = transferline(command, *name, *options, env=variables, cwd=folder)
    if "Traceback" in ended.stderr or (ended.returncode and not (ended.stderr + ended.stdout).strip()):
        raise AssertionError(f"{command} ended with {ended.returncode} and said: {ended.stderr[-2000:]!r}")
    return f"{command}: {'refused' if ended.returncode else 'answered'}"


@cache
def _pipeline(name: str) -> tuple[str, Any]:
    """The class of one of the catalog's pipelines, and its settings, of another name and on a little data."""
    config = catalog.load(name)
    values = json.loads(config.model_dump_json())
    data = {**values["data"], "path": "rows.csv" if isinstance(config, RowPipeline) else "photos"}
    data["split"] = {**data["split"], "by": "hash"}
    return type(config).__name__, {**values, "name": "mine", "data": data, "output_dir": "out"}


def _write_data(folder: Path) -> None:
    (folder / "rows.csv").write_text("".join(f"{n % 2}" + f",{n}.5" * 28 + "\n" for n in range(20)))
    for number, content in enumerate(_photos()):
        file = folder / "photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@cache
def _photos() -> tuple[bytes, ...]:
    photos = []
    for shade in range(6):
        file = io.BytesIO()
        Image.new("L", (8, 8), shade * 40).save(file, "PNG")
        photos.append(file.getvalue())
    return tuple(photos)


PART = Part(name="configs", cases=20_000, run=run, sample=20, seconds=30)
