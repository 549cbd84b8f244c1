"""The Evaluator beside TFX's own, on the same model and test rows, each in a process of its own; the model alone, too.

    .venv/bin/python benchmarks/evaluator.py                      # 20,000 test rows
    .venv/bin/python benchmarks/evaluator.py --rows 500000        # TFX's takes a quarter of an hour
    .venv/bin/python benchmarks/evaluator.py --photos FOLDER      # class folders cat and dog, 8 of 10 photos to test

A run of `higgs_toy` (or `cats_vs_dogs`) makes the model and the test split first. Imports aren't timed. Prints a table,
the ratios, and the largest difference between the values (metrics, plots, validations) that the two evaluators wrote.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.config import Evaluation
from pipeline.config.beam import Beam

EQUAL = 1e-6
ROWS = {
    "trainer.models": '{"medium": {"widths": [64, 64, 64]}}',
    "trainer.batch_size": "1000",
    "trainer.max_epochs": "3",
}
PHOTOS = {
    "data.split": '{"by": "hash", "train": 0.1, "eval": 0.1, "test": 0.8}',
    "trainer.weights": "None",
    "trainer.feature_extraction.epochs": "1",
    "trainer.fine_tuning.epochs": "0",
}
CLASS_NAMES = ("first", "second")
BATCH = {"higgs_toy": 8192, "cats_vs_dogs": 32}


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="test rows")
    parser.add_argument("--photos", type=Path, help="class folders; instead of rows")
    parser.add_argument("--measure", nargs=4, metavar=("WHICH", "PIPELINE", "ARTIFACTS", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.photos:
            artifacts = make("cats_vs_dogs", folder, PHOTOS, "--data-dir", str(arguments.photos.absolute()))
            compare("cats_vs_dogs", artifacts, folder, "photos")
        else:
            settings = ROWS | {
                "source.rows": str(arguments.rows + 12_000),
                "data.split.test_rows": str(arguments.rows),
            }
            compare("higgs_toy", make("higgs_toy", folder, settings), folder, "rows")


def make(pipeline: str, folder: str, settings: dict[str, str], *more: str) -> Path:
    """Runs a pipeline; returns where its artifacts are."""
    sets = [f"--set={name}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "pipeline", "run", pipeline, "--output-dir", folder, *more, *sets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (record,) = Path(folder).glob("**/artifacts")
    if not list(record.glob("Evaluator/evaluation/*/decision.json")):
        raise RuntimeError(done.stdout + done.stderr[-2000:])
    return record


def compare(pipeline: str, artifacts: Path, folder: str, unit: str) -> None:
    """Measures all, one after the other, and prints the table."""
    found = {which: run(which, pipeline, artifacts, f"{folder}/{which}") for which in MEASURED}
    print(f"{'':<32} {unit + '/s':>10} {'seconds':>9} {'of processor':>13} {'peak MB':>9}")
    for which, name in MEASURED.items():
        each = found[which]
        rate = each["examples"] / each["seconds"]
        print(f"{name:<32} {rate:>10,.0f} {each['seconds']:>9.1f} {each['processor']:>13.1f} {each['mb']:>9,.0f}")
    for measure_of in ("seconds", "processor"):
        ours, stock, model = (found[which][measure_of] for which in ("ours", "stock", "model"))
        print(
            f"{measure_of}: TFX's takes {stock / ours:.1f} times as long as ours; ours {ours / model:.2f} of the model"
        )
    values = {which: dict(written(f"{folder}/{which}/evaluation")) for which in ("ours", "stock")}
    worst = max(difference(values["ours"].get(place), value) for place, value in values["stock"].items())
    same = values["ours"].keys() == values["stock"].keys() and worst <= EQUAL
    print(f"{len(values['stock']):,} values, the largest difference {worst:.1g}: {'equal' if same else 'NOT EQUAL'}")


MEASURED = {"stock": "Evaluator of TFX", "ours": "Evaluator of Transferline", "model": "the model alone"}


def run(which: str, pipeline: str, artifacts: Path, out: str) -> dict[str, float]:
    """Measures in a new process."""
    command = [sys.executable, __file__, "--measure", which, pipeline, str(artifacts), out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(which: str, pipeline: str, artifacts: str, out: str) -> None:
    """Runs one of them; prints what it took."""
    from pipeline import catalog  # noqa: PLC0415 (in the measured process only)

    (model,) = Path(artifacts).glob("Trainer/model/*")
    (examples,) = Path(artifacts).glob("*ExampleGen/examples/*")
    work = {"ours": ours, "stock": stock, "model": alone}[which](
        catalog.load(pipeline).evaluation, str(model), str(examples), out, pipeline
    )
    start, processor = time.monotonic(), time.process_time()
    work()
    used = {
        "seconds": time.monotonic() - start,
        "processor": time.process_time() - processor,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "examples": sum(1 for _ in records(str(examples))),
    }
    print(json.dumps(used))


def ours(evaluation: Evaluation, model: str, examples: str, out: str, _: str) -> Callable[[], None]:
    """The executor of this project."""
    from components.evaluator.executor import EVALUATION_CONFIG_KEY, Executor  # noqa: PLC0415

    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))
    properties = {EVALUATION_CONFIG_KEY: evaluation.model_dump_json()}
    return lambda: executor.Do(*artifacts_of(model, examples, out), properties)


def stock(evaluation: Evaluation, model: str, examples: str, out: str, _: str) -> Callable[[], None]:
    """TFX's executor."""
    from tfx.components.evaluator.executor import Executor  # noqa: PLC0415
    from tfx.utils import json_utils, proto_utils  # noqa: PLC0415

    from components.evaluator.eval_config import eval_config  # noqa: PLC0415
    from components.evaluator.predicted import Classes  # noqa: PLC0415
    from components.evaluator.signatures import SLICE_SIGNATURE  # noqa: PLC0415

    config = eval_config(evaluation, Classes(CLASS_NAMES), makes_slices=SLICE_SIGNATURE in loaded(model).signatures)
    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))
    properties = {
        "eval_config": proto_utils.proto_to_json(config),
        "example_splits": json_utils.dumps(["test"]),
    }
    return lambda: executor.Do(*artifacts_of(model, examples, out), properties)


def alone(_: Evaluation, model: str, examples: str, __: str, pipeline: str) -> Callable[[], None]:
    """Reads the examples and calls what is served, without looking at the answers."""

    def call() -> None:
        classify = loaded(model).signatures["serving_default"]
        for batch in records(examples).batch(BATCH[pipeline]).prefetch(2):
            classify(batch)

    return call


def loaded(model: str) -> Any:
    """The exported model."""
    import tensorflow as tf  # noqa: PLC0415

    return tf.saved_model.load(f"{model}/Format-Serving")


def records(examples: str) -> Any:
    """The serialized examples of the test split, as a tf.data.Dataset."""
    import tensorflow as tf  # noqa: PLC0415

    files = sorted(map(str, Path(examples).glob("Split-test/*.gz")))
    return tf.data.TFRecordDataset(files, compression_type="GZIP")


def artifacts_of(model: str, examples: str, out: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the executors take and give."""
    from tfx.components.util import examples_utils  # noqa: PLC0415
    from tfx.proto import example_gen_pb2  # noqa: PLC0415
    from tfx.types import artifact_utils, standard_artifacts  # noqa: PLC0415

    kinds = {
        "examples": (standard_artifacts.Examples, examples),
        "model": (standard_artifacts.Model, model),
        "evaluation": (standard_artifacts.ModelEvaluation, f"{out}/evaluation"),
        "blessing": (standard_artifacts.ModelBlessing, f"{out}/blessing"),
    }
    artifacts = {name: kind() for name, (kind, _) in kinds.items()}
    for name, (_, uri) in kinds.items():
        artifacts[name].uri = uri
        Path(uri).mkdir(parents=True, exist_ok=True)
    artifacts["examples"].split_names = artifact_utils.encode_split_names(["train", "eval", "test"])
    examples_utils.set_payload_format(artifacts["examples"], example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(artifacts["examples"], "tfrecords_gzip")
    inputs, outputs = ("examples", "model"), ("evaluation", "blessing")
    return {name: [artifacts[name]] for name in inputs}, {name: [artifacts[name]] for name in outputs}


def written(folder: str) -> Iterator[tuple[str, Any]]:
    """Each value that an evaluator wrote, with its place."""
    import tensorflow_model_analysis as tfma  # noqa: PLC0415

    result = tfma.load_eval_result(folder)
    for kind, found in (("metric", result.slicing_metrics), ("plot", result.plots)):
        for key, values in found:
            yield from values_in(values, f"{kind} {key}")
    yield "validation_ok", str(tfma.load_validation_result(folder).validation_ok)


def values_in(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Each value of a nested structure, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values_in(value, f"{place}/{key}")
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from values_in(value, f"{place}/{at}")
    else:
        yield place, node


def difference(ours: Any, theirs: Any) -> float:
    """How far two values are apart, as a share of the second where that is above 1; infinity where one is a text."""
    if ours == theirs:
        return 0.0
    try:
        return abs(float(ours) - float(theirs)) / max(1.0, abs(float(theirs)))
    except (TypeError, ValueError):
        return math.inf


if __name__ == "__main__":
    main()
