"""ImageExampleGen beside TensorFlow Datasets, which write TFRecords of the same folder, each in a process of its own.

    .venv/bin/python benchmarks/image_ingest.py FOLDER                    # class folders of JPEGs, once over
    .venv/bin/python benchmarks/image_ingest.py FOLDER --photos 10000     # repeated under other names, with other bytes
    .venv/bin/python benchmarks/image_ingest.py FOLDER --plot cost.html   # cost against size, up to --photos

TensorFlow Datasets are no need of the project. `--tfds COMMAND` is a Python that has them, beside the same TensorFlow:

    VIRTUAL_ENV=$PWD/.venv .tools/bin/uv run --active --no-project --with tensorflow-datasets python     # the default

Their builder runs twice: as it comes, which copies bytes and looks at none, and with one line more, which decodes each
photo as whoever wants it checked would have to. Ours decodes each, and checks format, size, orientation, bounds and
copies, besides. Imports aren't timed. Prints photos a second, processor seconds, peak memory, and the records.
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TFDS = f"{ROOT}/.tools/bin/uv run --active --no-project --with tensorflow-datasets python"
NAMES = {
    "checked": "TensorFlow Datasets, each photo decoded",
    "bare": "TensorFlow Datasets, no photo looked at",
    "ours": "ImageExampleGen",
}
SIZES = 4
"""Of a plot, each half of the next."""


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=3, help="the quickest of so many is shown")
    parser.add_argument("--plot", type=Path, help="an .html")
    parser.add_argument("--tfds", default=TFDS, metavar="COMMAND")
    parser.add_argument("--measure", nargs=2, metavar=("WHICH", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure[0], arguments.folder, arguments.measure[1])
        return
    sizes = [arguments.photos >> step for step in reversed(range(SIZES if arguments.plot else 1))]
    found = {size: compare(arguments.folder, size, arguments.repeat, arguments.tfds) for size in sizes}
    if arguments.plot:
        plot(found, arguments.plot)


def compare(source: Path, photos: int, repeat: int, tfds: str) -> dict[str, dict[str, float]]:
    """Measures all on one folder, in turns, and prints the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "photos")
        fill(folder, source, photos)
        runs: dict[str, list[dict[str, float]]] = {which: [] for which in NAMES}
        for number in range(repeat):
            for which, each in runs.items():
                each.append(run(which, folder, f"{scratch}/{which}-{number}", tfds))
    best = {which: min(each, key=lambda used: used["seconds"]) for which, each in runs.items()}
    print(
        f"{photos:,} photos{'':<30} {'photos/s':>9} {'seconds':>8} {'of processor':>13} {'peak MB':>8} {'records':>8}"
    )
    for which, name in NAMES.items():
        used = best[which]
        print(
            f"{name:<40} {photos / used['seconds']:>9,.0f} {used['seconds']:>8.2f} {used['processor']:>13.2f} "
            f"{used['mb']:>8,.0f} {used['records']:>8,}"
        )
    for which in ("checked", "bare"):
        ratio = best[which]["seconds"] / best["ours"]["seconds"]
        print(f"ImageExampleGen takes in {ratio:.2f} times the photos a second of: {NAMES[which]}")
    return best


def fill(folder: Path, source: Path, photos: int) -> None:
    """Copies photos, as often as it takes; a byte behind the end, which no decoder reads, makes others of them."""
    files = sorted(source.glob("*/*.jpg"))
    for number in range(photos):
        file = files[number % len(files)]
        (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
        behind = b"" if number < len(files) else number.to_bytes(4, "big")
        (folder / file.parent.name / f"{number:07d}.jpg").write_bytes(file.read_bytes() + behind)


def run(which: str, folder: Path, out: str, tfds: str) -> dict[str, float]:
    """Measures in a new process."""
    python = [sys.executable] if which == "ours" else shlex.split(tfds)
    command = [*python, __file__, str(folder), "--measure", which, out]
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(which: str, folder: Path, out: str) -> None:
    """Runs one of them; prints what it took."""
    work = ours(folder, out) if which == "ours" else theirs(folder, out, decoded=which == "checked")
    start, processor = time.monotonic(), time.process_time()
    records = work()
    used = {
        "seconds": time.monotonic() - start,
        "processor": time.process_time() - processor,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "records": records(),
    }
    print(json.dumps(used))


def ours(folder: Path, out: str) -> Callable[[], Callable[[], int]]:
    """What runs our executor; then, what counts the records."""
    from tfx.types import standard_artifacts  # noqa: PLC0415 (in the measured process only)

    from components.image_example_gen.config import ImageData  # noqa: PLC0415
    from components.image_example_gen.executor import Executor  # noqa: PLC0415
    from components.ingest.artifact import IngestReportArtifact  # noqa: PLC0415
    from components.ingest.record_counts import count_records  # noqa: PLC0415
    from pipeline.config.beam import Beam  # noqa: PLC0415

    outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
    for key, (artifact,) in outputs.items():
        artifact.uri = f"{out}/{key}"
    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))

    def work() -> Callable[[], int]:
        executor.Do({}, outputs, {"data": ImageData(path=str(folder)).model_dump_json()})
        return lambda: sum(count_records(str(split)) for split in Path(out, "examples").glob("Split-*"))

    return work


def theirs(folder: Path, out: str, *, decoded: bool) -> Callable[[], Callable[[], int]]:
    """What runs a builder of TensorFlow Datasets; then, what counts the records."""
    import tensorflow as tf  # noqa: PLC0415
    import tensorflow_datasets as tfds  # noqa: PLC0415

    labels = sorted(child.name for child in folder.iterdir())

    class Photos(tfds.core.GeneratorBasedBuilder):
        """The few lines that its guide shows for a folder of photos."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=labels)}
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, _: Any) -> dict[str, Any]:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            for file in folder.glob("*/*.jpg"):
                if decoded:
                    tf.io.decode_image(file.read_bytes(), channels=3, expand_animations=False)
                yield f"{file.parent.name}/{file.name}", {"image": str(file), "label": file.parent.name}

    builder = Photos(data_dir=out)

    def work() -> Callable[[], int]:
        builder.download_and_prepare()
        files = list(map(str, Path(out).glob("**/*.tfrecord*")))
        return lambda: sum(1 for _ in tf.data.TFRecordDataset(files))

    return work


def plot(found: dict[int, dict[str, dict[str, float]]], file: Path) -> None:
    """Draws seconds and memory against the number of photos."""
    from plots import plot_costs  # noqa: PLC0415

    seconds, megabytes = (
        {name: {photos: used[which][key] for photos, used in found.items()} for which, name in NAMES.items()}
        for key in ("seconds", "mb")
    )
    plot_costs(seconds, megabytes, title="Photos from a folder into TFRecords", size="photos", file=file)


if __name__ == "__main__":
    main()
