"""Test accuracy of `cats_vs_dogs` after each phase, over several seeds, and the time a whole run takes.

    .venv/bin/python benchmarks/cats_vs_dogs_accuracy.py --data-dir FOLDER --seeds 0 1 2

Phase 1 is measured by a run with no epochs of fine tuning: with the same seed it trains the same head, and the
Evaluator measures it on the test split as it does every model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PIPELINE = "cats_vs_dogs"


def main() -> None:
    """Runs the pipeline twice a seed and prints a line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    print(f"{'seed':>4}  {'phase':<16} {'status':<12} {'test accuracy':>13} {'seconds':>8} {'Trainer s':>9}")
    for seed in arguments.seeds:
        for phase, epochs in (("1 (frozen)", 0), ("2 (fine tuned)", 10)):
            record = _run(arguments.data_dir, seed, epochs)
            trainer = next((step["seconds"] for step in record["steps"] if step["name"] == "Trainer"), float("nan"))
            accuracy = record["metrics"].get("accuracy", float("nan"))
            times = f"{record['seconds']:>8.0f} {trainer:>9.0f}"
            print(f"{seed:>4}  {phase:<16} {record['status']:<12} {accuracy:>13.4f} {times}", flush=True)


def _run(data_dir: Path, seed: int, epochs: int) -> dict:
    with tempfile.TemporaryDirectory() as output_dir:
        command = [sys.executable, "-m", "pipeline"]
        settings = ["data.split.by=hash", f"trainer.seed={seed}", f"trainer.fine_tuning.epochs={epochs}"]
        subprocess.run(
            [*command, "run", PIPELINE, "--data-dir", data_dir.absolute(), "--output-dir", output_dir]
            + [f"--set={setting}" for setting in settings],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        shown = subprocess.run(
            [*command, "runs", PIPELINE, "--json", "--output-dir", output_dir], check=True, capture_output=True
        )
        return json.loads(shown.stdout)[0]


if __name__ == "__main__":
    main()
