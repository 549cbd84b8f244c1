"""An engine that loses or doubles one element on its way between two stages of an ingestion: is it caught?

Either the step fails and says that records were lost or doubled, or what it wrote is what a faithful engine writes.
"""

import logging
import tempfile
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import tensorflow as tf
import unfaithful_runner
from PIL import Image
from tfx.types import standard_artifacts

from components.contract import SPLITS
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.executor import Executor as RowIngest
from components.errors import error_in_chain
from components.image_example_gen.config import ImageData
from components.image_example_gen.executor import Executor as PhotoIngest
from components.ingest.artifact import IngestReportArtifact
from torture.part import Part

ROWS, PHOTOS = 20, 8
INGESTS = {"rows": RowIngest, "photos": PhotoIngest}


def run(random: Random, folder: Path) -> str:
    """Takes in rows or photos, with one fault of the engine."""
    logging.disable(logging.WARNING)
    data = random.choice(sorted(INGESTS))
    expected, elements = faithful(data)
    kind, number = random.choice(("loses", "doubles")), random.randrange(elements)
    with unfaithful_runner.unfaithful(kind, number):
        try:
            found = taken(data, folder)
        except Exception as error:
            known = error_in_chain(error)
            return f"{data}, {kind}: {'caught' if known else f'failed: {type(error).__name__}'}"
    if found != expected:
        differing = [name for name in expected if found.get(name) != expected[name]]
        raise AssertionError(f"an engine that {kind} the element {number} of {data} changes {differing} unnoticed")
    return f"{data}, {kind}: no difference"


@cache
def faithful(data: str) -> tuple[dict[str, object], int]:
    """What a faithful engine writes, and how many elements it sends from stage to stage."""
    with tempfile.TemporaryDirectory() as folder, unfaithful_runner.unfaithful("faithful") as seen:
        return taken(data, Path(folder)), seen.seen


def taken(data: str, folder: Path) -> dict[str, object]:
    """Takes the data in; returns what was written: the records of each split, and each file of the report."""
    settings = {"rows": rows, "photos": photos}[data](folder / "data")
    outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
    for key, (artifact,) in outputs.items():
        artifact.uri = str(folder / key)
        Path(artifact.uri).mkdir()
    executor = INGESTS[data](INGESTS[data].Context(beam_pipeline_args=list(unfaithful_runner.ARGUMENTS)))
    executor.Do({}, outputs, {"data": settings.model_dump_json(), "schema_text": ""})
    written: dict[str, object] = {split: records(folder / "examples" / f"Split-{split}") for split in SPLITS}
    reports = {path.name: path.read_text() for path in (folder / "ingest_report").iterdir()}
    return written | {name: text.replace(str(folder), "") for name, text in reports.items()}


def records(folder: Path) -> list[bytes]:
    """The records of a split, sorted."""
    files = sorted(map(str, folder.glob("*")))
    return sorted(record.numpy() for record in tf.data.TFRecordDataset(files, compression_type="GZIP"))


def rows(folder: Path) -> CsvData:
    """Three files, of which each has a bad row, and two rows that differ in the label alone."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for number in range(3):
        lines = [f"{generator.random():.3f},{number},{('yes', 'no')[row % 2]}" for row in range(ROWS)]
        text = "\n".join(["a,b,label", *lines, "x,1,2,3", "0.5,1,yes", "0.5,1,no"])
        (folder / f"{number}.csv").write_text(f"{text}\n")
    return CsvData(path=str(folder), label="label")


def photos(folder: Path) -> ImageData:
    """Two classes, each with a file that is no photo; one photo twice in its class, one in both classes."""
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(PHOTOS):
            pixels = generator.integers(0, 255, (20, 20, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
        (folder / name / "bad.png").write_bytes(b"nothing")
    for number, copy in ((1, "cat/copy.png"), (2, "dog/copy.png")):
        (folder / copy).write_bytes((folder / "cat" / f"{number}.png").read_bytes())
    return ImageData(path=str(folder))


PART = Part(name="unfaithful", cases=600, run=run, sample=4, seconds=120)
