"""An epoch on rows that are read from a file, a window at a time, beside one on the same rows in memory.

    .venv/bin/python benchmarks/rows_beyond_memory.py                        # 3,000,000 rows, bound of 256 MiB
    .venv/bin/python benchmarks/rows_beyond_memory.py --rows 10000000

The rows are simulated HIGGS, the network is `medium`, in batches of 10,000. The two take turns, an epoch each, so that
a machine that slows down slows both. Prints seconds and processor seconds an epoch, the least of each, and the ratios.
"""

import argparse
import resource
import time

import numpy as np

from components.trainer.mlp.config import PRESETS, MLPTraining
from components.trainer.mlp.model import build_model
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.training import EpochRunner, TrainingRows
from pipeline.data.higgs import FEATURES
from pipeline.data.higgs_toy import CHUNK_ROWS, batches

BATCH, VALIDATION_ROWS = 10_000, 50_000


def main() -> None:
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--bound", type=int, default=256, help="trainer.cache_bytes, in MiB")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--model", choices=list(PRESETS), default="medium")
    arguments = parser.parse_args()
    rows = TrainingRows(simulated(arguments.rows), simulated(VALIDATION_ROWS))
    if rows.train.nbytes <= arguments.bound * 2**20:
        parser.error(f"{arguments.rows:,} rows have {rows.train.nbytes:,} bytes, which fit within the bound")
    runners = {
        name: EpochRunner(
            build_model(PRESETS[arguments.model], len(FEATURES), 2, 0),
            rows,
            MLPTraining(batch_size=BATCH, cache_bytes=cache_bytes),
        )
        for name, cache_bytes in (("in memory", 2**40), ("streamed", arguments.bound * 2**20))
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in runners}
    for turn in range(arguments.turns + 1):
        for name, runner in runners.items():
            began, before = time.monotonic(), processor_seconds()
            values = runner.run(turn)
            if turn:  # the first builds the graph
                taken[name].append((time.monotonic() - began, processor_seconds() - before))
            loss = values["val_binary_crossentropy"]
            print(f"epoch {turn}, {name}: {time.monotonic() - began:.2f} s, val {loss:.4f}", flush=True)
    least = {name: np.min(each, axis=0) for name, each in taken.items()}
    for name, (wall, processor) in least.items():
        print(f"{name}: {wall:.2f} s an epoch, {processor:.2f} s of the processor")
    wall, processor = least["streamed"] / least["in memory"]
    print(f"ratio: {wall:.2f}, of the processor {processor:.2f}")


def simulated(rows: int) -> PackedRows:
    """Rows of HIGGS as the Trainer packs them; after some, the same again with a little noise."""
    packed, noise = PackedRows(len(FEATURES)), np.random.default_rng(0)
    (events,) = batches(CHUNK_ROWS)
    while packed.rows < rows:
        some = events[: rows - packed.rows]
        features = (some[:, 1:] - events[:, 1:].mean(axis=0)) / events[:, 1:].std(axis=0)
        packed.add(np.column_stack([features + noise.normal(0, 0.01, features.shape), some[:, 0]]))
    return packed


def processor_seconds() -> float:
    """Of this process, so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
