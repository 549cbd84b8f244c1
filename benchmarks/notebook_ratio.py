"""`cats_vs_dogs` beside the plain script of a tutorial: the time of both, in the same run, and their test accuracy.

    .venv/bin/python benchmarks/notebook_ratio.py --data-dir FOLDER --seeds 0 1 2 3 4
    .venv/bin/python benchmarks/notebook_ratio.py --data-dir FOLDER --seeds 0 --photos 100 --epochs 2

The script, plain_script.py, reads folders with image_dataset_from_directory and calls `fit` twice, as the notebooks do
from which people learn transfer learning. Both have the same photos, split 80/10/10 by a hash of their names, and the
same weights. For each seed the script runs, then the pipeline in an empty folder, then the pipeline again with another
dropout and another learning rate of its head. CPU time is that of a command and of all that it started.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from components.trainer.transfer_learning.weights import imagenet_weights

PIPELINE, SCRIPT = "cats_vs_dogs", "script"
SPLITS = ("validation", "test", *["train"] * 8)
OTHER_HEAD = ("trainer.dropout=0.3", "trainer.feature_extraction.learning_rate=2e-4")


class Run(NamedTuple):
    """One command: its seconds, the processor's, the accuracy on the test split, and what became of the model."""

    wall: float
    processor: float
    accuracy: float
    status: str


def main() -> None:
    """Prints a line a run, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", required=True, type=Path, help="a folder of class folders")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--epochs", type=int, default=10, help="of each phase")
    parser.add_argument("--image-size", type=int, default=160)
    parser.add_argument("--photos", type=int, help="so many of each class; all where it isn't given")
    parser.add_argument("--set", action="append", default=[], help="a setting of the pipeline, as trainer.views=fresh")
    arguments = parser.parse_args()
    weights = imagenet_weights(arguments.image_size).path
    print(f"{'seed':>4}  {'what':<14} {'wall s':>8} {'CPU s':>8} {'accuracy':>9}  status")
    runs: dict[str, list[Run]] = {SCRIPT: [], "pipeline": [], "another head": []}
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        lay_out(arguments.data_dir, photos, arguments.photos)
        for seed in arguments.seeds:
            home = Path(folder, "home")
            for name, run in (
                (SCRIPT, partial(run_script, photos, weights, arguments, seed)),
                ("pipeline", partial(run_pipeline, photos, home, arguments, seed, ())),
                ("another head", partial(run_pipeline, photos, home, arguments, seed, OTHER_HEAD)),
            ):
                runs[name].append(run())
                wall, processor, accuracy, status = runs[name][-1]
                print(f"{seed:>4}  {name:<14} {wall:>8.1f} {processor:>8.1f} {accuracy:>9.4f}  {status}", flush=True)
            shutil.rmtree(home)
    script = runs.pop(SCRIPT)
    for name, found in runs.items():
        print(f"{name}: {compared(found, script)}")


def compared(runs: list[Run], script: list[Run]) -> str:
    """Says in words how runs were beside those of the script with the same seeds."""
    pairs = list(zip(runs, script, strict=True))
    wall = statistics.mean(run.wall / other.wall for run, other in pairs)
    processor = statistics.mean(run.processor / other.processor for run, other in pairs)
    accuracy = statistics.mean(run.accuracy - other.accuracy for run, other in pairs)
    return f"{wall:.2f} of the script's wall time, {processor:.2f} of its CPU time, test accuracy {accuracy:+.4f}"


def lay_out(source: Path, target: Path, photos: int | None) -> None:
    """Copies photos into folders by split and class, but for those that can't be read, which stop the script."""
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        for photo in sorted(folder.iterdir())[:photos]:
            split = SPLITS[zlib.crc32(photo.name.encode()) % len(SPLITS)]
            if can_be_read(photo):
                copy = target / split / folder.name / photo.name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(photo, copy)


def can_be_read(photo: Path) -> bool:
    """Whether a file is a photo that can be decoded."""
    try:
        with Image.open(photo) as image:
            image.load()
    except OSError:
        return False
    return True


def run_script(photos: Path, weights: str, arguments: argparse.Namespace, seed: int) -> Run:
    """Runs the script in a process of its own."""
    plain = Path(__file__).with_name("plain_script.py")
    numbers = (arguments.image_size, arguments.epochs, seed)
    command = [sys.executable, str(plain), str(photos), weights, *map(str, numbers)]
    wall, processor, said = timed(command)
    return Run(wall, processor, json.loads(said.splitlines()[-1]), "")


def run_pipeline(
    photos: Path, output_dir: Path, arguments: argparse.Namespace, seed: int, settings: tuple[str, ...]
) -> Run:
    """Runs the pipeline, as a person does."""
    own = (
        f"transform.image_size={arguments.image_size}",
        f"trainer.seed={seed}",
        f"trainer.feature_extraction.epochs={arguments.epochs}",
        f"trainer.fine_tuning.epochs={arguments.epochs}",
    )
    command = [sys.executable, "-m", "pipeline", "run", PIPELINE, f"--data-dir={photos}", f"--output-dir={output_dir}"]
    wall, processor, _ = timed(command + [f"--set={setting}" for setting in (*own, *arguments.set, *settings)])
    shown = [sys.executable, "-m", "pipeline", "runs", PIPELINE, "--json", f"--output-dir={output_dir}"]
    record = json.loads(timed(shown)[2])[0]
    return Run(wall, processor, record["metrics"].get("accuracy", float("nan")), record["status"])


def timed(command: list[str]) -> tuple[float, float, str]:
    """Runs a command; returns its seconds, the processor's, and what it wrote to stdout."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        said.seek(0)
        return wall, usage.ru_utime + usage.ru_stime, said.read()


if __name__ == "__main__":
    main()
