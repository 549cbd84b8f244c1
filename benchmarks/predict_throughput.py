"""Many photos through `transferline predict --out`, beside the network alone on photos that are decoded already.

    .venv/bin/python benchmarks/predict_throughput.py --data-dir FOLDER           # 500 photos
    .venv/bin/python benchmarks/predict_throughput.py --data-dir FOLDER --full    # 10,000 photos

FOLDER has the class folders cat and dog; its photos are linked to under as many names as are asked for. A run of
`cats_vs_dogs` on a few photos makes the model first, where no `--model` is given. `predict` reads, checks, decodes and
classifies each photo and writes a line of CSV. The peers, in batches of 64, with the same Keras network and weights as
a tf.function: one decodes in tf.data and classifies, as a script does; one has nothing to decode. All take turns, a
few hundred photos each, in one process with the same threads.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from served_photos import IMAGE_SIZE, network, plain_tensor, pushed_model, some_jpegs

from components.image_example_gen.config import ImageData
from pipeline.prediction.output import writer
from pipeline.prediction.predict import predictions
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction

SMALL, FULL = 500, 10_000
A_TURN = 500
BATCH = 64


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="class folders of photos")
    parser.add_argument("--model", help="a pushed version of cats_vs_dogs")
    parser.add_argument("--full", action="store_true", help="ten thousand photos")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or pushed_model(arguments.data_dir, Path(folder, "run"))
        turns = lay_out(arguments.data_dir, Path(folder, "many"), FULL if arguments.full else SMALL)
        compare(model, turns, Path(folder, "out.csv"))


def lay_out(photos: Path, folder: Path, count: int) -> list[Path]:
    """Links to photos, over and over; returns folders of a turn each."""
    source = itertools.cycle(some_jpegs(photos, count))
    turns = []
    for start in range(0, count, A_TURN):
        turns.append(folder / f"{start:06d}")
        turns[-1].mkdir(parents=True)
        for number in range(start, min(start + A_TURN, count)):
            (turns[-1] / f"{number:06d}.jpg").symlink_to(next(source).absolute())
    return turns


def compare(folder: str, turns: list[Path], out: Path) -> None:
    """Lets the ways take turns, and prints photos a second."""
    model, net = PushedModel(folder), network(tf.saved_model.load(folder))
    shape = tf.TensorSpec([None, IMAGE_SIZE, IMAGE_SIZE, 3])
    forward = tf.function(
        lambda photos: tf.sigmoid(net(photos, training=False)), input_signature=[shape], autograph=False
    )
    decoded = tf.random.uniform([BATCH, IMAGE_SIZE, IMAGE_SIZE, 3], -1, 1)

    def bare(turn: Path) -> None:
        left = len(list(turn.iterdir()))
        while left > 0:
            forward(decoded[:left]).numpy()
            left -= BATCH

    def script(turn: Path) -> None:
        files = tf.data.Dataset.from_tensor_slices(sorted(map(str, turn.iterdir())))
        read = files.map(lambda file: plain_tensor(tf.io.read_file(file))[0], num_parallel_calls=tf.data.AUTOTUNE)
        for batch in read.batch(BATCH).prefetch(tf.data.AUTOTUNE):
            forward(batch).numpy()

    def predict(turn: Path) -> None:
        with out.open("w", encoding="utf-8") as stream:
            write = writer(stream, out.suffix, model.class_names, rows=False)
            for batch in predictions(ImageData(), [str(turn)], model):
                write([each for each in batch if isinstance(each, Prediction)])

    ways: dict[str, Callable[[Path], None]] = {
        "predict": predict,
        "tf.data, then the network": script,
        "the network alone": bare,
    }
    taken: dict[str, list[float]] = {name: [0.0, 0.0] for name in ways}
    for way in ways.values():
        way(turns[0])  # not counted
    count = 0
    for turn in turns:
        count += len(list(turn.iterdir()))
        for name, way in ways.items():
            began, used = time.perf_counter(), time.process_time()
            way(turn)
            taken[name][0] += time.perf_counter() - began
            taken[name][1] += time.process_time() - used
    print(f"{count:,} photos, {IMAGE_SIZE} px; loading the model isn't counted")
    print(f"{'':<28} {'photos/s':>9} {'processor ms a photo':>21}")
    for name, (wall, processor) in taken.items():
        print(f"{name:<28} {count / wall:>9.0f} {processor / count * 1000:>21.2f}")
    wall, processor = (taken["predict"][at] / taken["the network alone"][at] for at in (0, 1))
    print(f"predict takes {wall:.2f} of the time of the network alone, {processor:.2f} of its processor time")


if __name__ == "__main__":
    main()
