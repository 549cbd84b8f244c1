"""One photo after the other through a pushed model's signature `image_bytes`, beside the network alone.

    .venv/bin/python benchmarks/serving_latency.py --data-dir FOLDER           # 100 photos, 3 times each
    .venv/bin/python benchmarks/serving_latency.py --data-dir FOLDER --full    # 500 photos, 10 times each

FOLDER has the class folders cat and dog. A run of `cats_vs_dogs` on a few photos makes the model first, where no
`--model` is given. The peer decodes and resizes as plain scripts do (`tf.io.decode_jpeg`, `tf.image.resize`), and then
calls the same Keras network, with the same weights, as a tf.function. Both take turns, photo by photo, in one process
with the same threads; the first time around isn't counted. The signature's own decoding (to the same bits as ingest's,
resized with anti-aliasing, EXIF orientation, answers with names) is dearer, and is part of what is measured.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from served_photos import IMAGE_SIZE, network, plain_tensor, pushed_model, some_jpegs

SMALL, FULL = (100, 3), (500, 10)


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="class folders of photos")
    parser.add_argument("--model", help="a pushed version of cats_vs_dogs")
    parser.add_argument("--full", action="store_true", help="more photos, more often")
    arguments = parser.parse_args()
    count, times = FULL if arguments.full else SMALL
    with tempfile.TemporaryDirectory() as folder:
        model = tf.saved_model.load(arguments.model or pushed_model(arguments.data_dir, Path(folder)))
    compare(model, [photo.read_bytes() for photo in some_jpegs(arguments.data_dir, count)], times)


def compare(model: tf.Module, photos: list[bytes], times: int) -> None:
    """Lets the ways take turns, photo by photo, and prints milliseconds."""
    net = network(model)
    decode = tf.function(plain_tensor, input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
    shape = tf.TensorSpec([1, IMAGE_SIZE, IMAGE_SIZE, 3])
    forward = tf.function(
        lambda photo: tf.sigmoid(net(photo, training=False)), input_signature=[shape], autograph=False
    )
    signature = model.signatures["image_bytes"]
    ways: dict[str, Callable[[bytes], np.ndarray]] = {
        "image_bytes": lambda photo: signature(image_bytes=tf.constant([photo]))["probability"].numpy(),
        "decode, then the network": lambda photo: forward(decode(tf.constant(photo))).numpy(),
        "decode alone": lambda photo: decode(tf.constant(photo)).numpy(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    processor = dict.fromkeys(ways, 0.0)
    for turn in range(times + 1):
        for photo in photos:
            for name, way in ways.items():
                began, used = time.perf_counter(), time.process_time()
                way(photo)
                if turn:
                    seconds[name].append(time.perf_counter() - began)
                    processor[name] += time.process_time() - used
    print(f"{len(photos)} photos, {times} times, {IMAGE_SIZE} px; milliseconds a photo")
    print(f"{'':<26} {'p50':>7} {'p99':>7} {'processor':>10}")
    for name, taken in seconds.items():
        p50, p99 = np.percentile(taken, [50, 99]) * 1000
        print(f"{name:<26} {p50:>7.2f} {p99:>7.2f} {processor[name] / len(taken) * 1000:>10.2f}")
    ours, peer = (np.percentile(seconds[name], [50, 99]) for name in list(ways)[:2])
    used = processor["image_bytes"] / processor["decode, then the network"]
    print(f"ratio: p50 {ours[0] / peer[0]:.2f}, p99 {ours[1] / peer[1]:.2f}, processor {used:.2f}")


if __name__ == "__main__":
    main()
