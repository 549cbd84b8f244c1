"""Test accuracy of `cats_vs_dogs` after each phase, over several seeds, and the time a whole run takes.

    .venv/bin/python benchmarks/cats_vs_dogs_accuracy.py --data-dir FOLDER --seeds 0 1 2
    .venv/bin/python benchmarks/cats_vs_dogs_accuracy.py --data-dir FOLDER --views 1 3 --phases 2 --set SETTING=VALUE

The runs of one seed share a folder: what one has computed of the photos, the next one takes. Phase 1 is measured by a
run with no epochs of fine tuning: with the same seed it trains the same head, and the Evaluator measures it on the test
split as it does every model.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PIPELINE = "cats_vs_dogs"
PHASES = {1: ("1 (frozen)", 0), 2: ("2 (fine tuned)", 10)}


def main() -> None:
    """Runs the pipeline for each seed, number of views and phase, and prints a line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--views", nargs="+", default=["3"], help='values of trainer.views: numbers, or "fresh"')
    parser.add_argument("--phases", nargs="+", type=int, choices=tuple(PHASES), default=list(PHASES))
    parser.add_argument("--set", action="append", default=[], help="a setting of all runs, as transform.image_size=96")
    arguments = parser.parse_args()
    heads = f"{'status':<12} {'test accuracy':>13} {'entropy':>8} {'val. loss':>9} {'seconds':>8} {'Trainer s':>9}"
    print(f"{'seed':>4}  {'views':>5}  {'phase':<16} {heads}")
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as output_dir:
            for views, number in itertools.product(arguments.views, arguments.phases):
                phase, epochs = PHASES[number]
                record = _run(arguments.data_dir, output_dir, seed, views, epochs, arguments.set)
                trainer = next((step for step in record["steps"] if step["name"] == "Trainer"), {})
                accuracy, entropy = (record["metrics"].get(name, float("nan")) for name in ("accuracy", "crossentropy"))
                losses = f"{entropy:>8.4f} {_validation_loss(trainer):>9.4f}"
                times = f"{record['seconds']:>8.0f} {trainer.get('seconds', float('nan')):>9.0f}"
                values = f"{record['status']:<12} {accuracy:>13.4f} {losses} {times}"
                print(f"{seed:>4}  {views:>5}  {phase:<16} {values}", flush=True)


def _run(data_dir: Path, output_dir: str, seed: int, views: str, epochs: int, more: list[str]) -> dict:
    command = [sys.executable, "-m", "pipeline"]
    settings = [
        "data.split.by=hash",
        f"trainer.seed={seed}",
        f"trainer.views={views}",
        f"trainer.fine_tuning.epochs={epochs}",
        *more,
    ]
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


def _validation_loss(trainer: dict) -> float:
    files = [Path(folder, "training.json") for folder in trainer.get("artifacts", ())]
    curves = [json.loads(file.read_text()) for file in files if file.is_file()]
    return curves[0]["metrics"]["val_loss"][(curves[0]["best_epoch"] or 0) - 1] if curves else float("nan")


if __name__ == "__main__":
    main()
