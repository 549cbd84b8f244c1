"""StatisticsGen beside TFX's own, on the same TFRecords, each in a process of its own.

    .venv/bin/python benchmarks/statistics_gen.py                      # 100,000 rows of simulated HIGGS
    .venv/bin/python benchmarks/statistics_gen.py --rows 1000000
    .venv/bin/python benchmarks/statistics_gen.py --rows 11000000 --alone   # without TFX's, which takes 8 minutes
    .venv/bin/python benchmarks/statistics_gen.py --photos FOLDER      # class folders

Imports aren't timed; memory is told with and without theirs. Counts, texts, minima and maxima have to be equal.
Medians, histograms and their bounds come of TFDV's sketches, which allow a hundredth of the examples (`epsilon`): both
are compared with the exact values, as a share of the examples.
"""

import argparse
import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]

MEASURED = {"ours": "StatisticsGen of Transferline", "stock": "StatisticsGen of TFX"}
FLOATS = {"mean", "std_dev", "avg_length", "avg_num_bytes", "avg_num_values"}
ESTIMATES = re.compile(r"num_stats/(median|histograms)")


def main() -> None:
    """Runs both, or one in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--photos", type=Path, help="class folders; instead of rows")
    parser.add_argument("--alone", action="store_true", help="ours alone")
    parser.add_argument("--measure", nargs=3, metavar=("WHICH", "FOLDER", "CONTRACT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "examples", "Split-train", "data_tfrecord-00000-of-00001.gz")
        path.parent.mkdir(parents=True)
        columns = write_photos(arguments.photos, path) if arguments.photos else write_rows(arguments.rows, path)
        unit = "photos" if arguments.photos else "rows"
        compare(folder, columns, unit, list(MEASURED)[: 1 if arguments.alone else 2])


def write_rows(rows: int, path: Path) -> Columns:
    """Writes simulated rows, and returns their numbers."""
    from components.arrow import pa  # noqa: PLC0415
    from components.csv_example_gen.encode import gzipped_records  # noqa: PLC0415
    from pipeline.data.higgs import FEATURES  # noqa: PLC0415
    from pipeline.data.higgs_toy import batches  # noqa: PLC0415

    parts = []
    with path.open("wb") as file:
        for batch in batches(rows):
            columns = {name: np.ascontiguousarray(column) for name, column in zip(FEATURES, batch.T[1:], strict=True)}
            labels = pa.array(batch[:, 0].astype(np.int64)).cast(pa.string())
            file.write(gzipped_records(pa.table(columns | {"label": labels})))
            parts.append(columns)
    return {name: np.concatenate([part[name] for part in parts]) for name in FEATURES}


def write_photos(folder: Path, path: Path) -> Columns:
    """Writes photos as ImageExampleGen does, and returns their numbers."""
    import tensorflow as tf  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    from components.contract import FORMAT, HEIGHT, IMAGE, LABEL, PATH, SHA256, WIDTH  # noqa: PLC0415

    numbers: dict[str, list[int]] = {WIDTH: [], HEIGHT: []}
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions("GZIP", compression_level=1)) as writer:
        for photo in sorted(folder.glob("*/*.jpg")):
            with Image.open(photo) as opened:
                size = dict(zip((WIDTH, HEIGHT), opened.size, strict=True))
            content = photo.read_bytes()
            texts = {
                IMAGE: content,
                LABEL: photo.parent.name.encode(),
                FORMAT: b"JPEG",
                PATH: str(photo.relative_to(folder)).encode(),
                SHA256: hashlib.sha256(content).hexdigest().encode(),
            }
            example = tf.train.Example()
            for name, text in texts.items():
                example.features.feature[name].bytes_list.value.append(text)
            for name, number in size.items():
                example.features.feature[name].int64_list.value.append(number)
                numbers[name].append(number)
            writer.write(example.SerializeToString())
    return {name: np.array(found) for name, found in numbers.items()}


def compare(folder: str, columns: Columns, unit: str, measured: list[str]) -> None:
    """Measures one after the other, and prints the tables."""
    examples = len(next(iter(columns.values())))
    used = {which: run(which, folder, contract=unit == "photos") for which in measured}
    print(
        f"{examples:,} {unit:<24} {unit + '/s':>10} {'seconds':>9} {'of processor':>13} {'peak MB':>9} {'imports':>9}"
    )
    for which, each in used.items():
        print(
            f"{MEASURED[which]:<32} {examples / each['seconds']:>10,.0f} {each['seconds']:>9.1f} "
            f"{each['processor']:>13.1f} {each['mb']:>9,.0f} {each['imports_mb']:>9,.0f}"
        )
    figures = {which: dict(figures_of(f"{folder}/{which}")) for which in measured}
    for which in measured:
        for kind, error in errors(figures[which], columns).items():
            print(f"{MEASURED[which]}: {kind} {error:.2g} of the {unit} away from the exact ones, at most")
    if len(measured) > 1:
        for of in ("seconds", "processor"):
            print(f"{of}: TFX's takes {used['stock'][of] / used['ours'][of]:.1f} times as long as ours")
        print_differences(figures["ours"], figures["stock"])


def run(which: str, folder: str, *, contract: bool) -> dict[str, float]:
    """Measures in a new process."""
    command = [sys.executable, __file__, "--measure", which, folder, "photos" if contract else ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(which: str, folder: str, contract: str) -> None:
    """Runs one executor; prints what it took."""
    work = {"ours": ours, "stock": stock}[which](folder, contract)
    imports = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, processor = time.monotonic(), time.process_time()
    work()
    used = {
        "seconds": time.monotonic() - start,
        "processor": time.process_time() - processor,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "imports_mb": imports / 1024,
    }
    print(json.dumps(used))


def ours(folder: str, contract: str) -> Callable[[], None]:
    """The executor of this project."""
    from components.statistics_gen.executor import Executor  # noqa: PLC0415

    return of_executor(Executor, folder, f"{folder}/ours", contract)


def stock(folder: str, contract: str) -> Callable[[], None]:
    """TFX's executor."""
    from tfx.components.statistics_gen.executor import Executor  # noqa: PLC0415

    return of_executor(Executor, folder, f"{folder}/stock", contract)


def of_executor(executor: Any, folder: str, out: str, contract: str) -> Callable[[], None]:
    """One executor's work, with the options that a pipeline gives it."""
    import tensorflow_data_validation as tfdv  # noqa: PLC0415
    from google.protobuf import text_format  # noqa: PLC0415
    from tensorflow_metadata.proto.v0 import schema_pb2  # noqa: PLC0415
    from tfx.components.util import examples_utils  # noqa: PLC0415
    from tfx.proto import example_gen_pb2  # noqa: PLC0415
    from tfx.types import standard_artifacts  # noqa: PLC0415

    from pipeline.config import SCHEMAS  # noqa: PLC0415
    from pipeline.config.beam import Beam  # noqa: PLC0415

    examples, statistics = standard_artifacts.Examples(), standard_artifacts.ExampleStatistics()
    examples.uri, statistics.uri = f"{folder}/examples", out
    examples.split_names = '["train"]'
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    properties = {}
    if contract:
        schema = text_format.Parse((SCHEMAS / f"{contract}.pbtxt").read_text(), schema_pb2.Schema())
        properties["stats_options_json"] = tfdv.StatsOptions(schema=schema).to_json()
    made = executor(executor.Context(beam_pipeline_args=list(Beam().arguments)))
    return lambda: made.Do({"examples": [examples]}, {"statistics": [statistics]}, properties)


def figures_of(folder: str) -> Iterator[tuple[str, Any]]:
    """Each value that was written, with its place."""
    import tensorflow_data_validation as tfdv  # noqa: PLC0415

    (found,) = tfdv.load_stats_binary(f"{folder}/Split-train/FeatureStats.pb").datasets
    yield "num_examples", found.num_examples
    for feature in found.features:
        yield from fields_of(feature, feature.path.step[0])


def fields_of(message: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Each value of a message, with its place."""
    for field, content in message.ListFields():
        repeated = list(content) if hasattr(content, "append") or hasattr(content, "add") else [content]
        for at, each in enumerate(repeated):
            inner = f"{place}/{field.name}" + (f"/{at}" if each is not content else "")
            if hasattr(each, "ListFields"):
                yield from fields_of(each, inner)
            else:
                yield inner, each


def errors(figures: Mapping[str, Any], columns: Columns) -> dict[str, float]:
    """How far medians and histograms are from the exact ones, at most, as a share of the examples."""
    found: dict[str, float] = defaultdict(float)
    for name, column in columns.items():
        ordered = np.sort(column)
        median = figures.get(f"{name}/num_stats/median", 0.0)
        found["medians"] = max(found["medians"], rank_error(ordered, median, 0.5))
        for at in range(1, 10):
            bound = figures.get(f"{name}/num_stats/histograms/1/buckets/{at}/low_value", 0.0)
            found["quantiles"] = max(found["quantiles"], rank_error(ordered, bound, at / 10))
        exact, _ = np.histogram(ordered, bins=10)
        counts = [figures.get(f"{name}/num_stats/histograms/0/buckets/{at}/sample_count", 0) for at in range(10)]
        found["bars"] = max(found["bars"], float(np.abs(exact - counts).max()) / len(ordered))
    return found


def rank_error(ordered: npt.NDArray[Any], value: float, share: float) -> float:
    """How far the place of a value among all is from what it should be; equal values have all of theirs."""
    low, high = (np.searchsorted(ordered, ordered.dtype.type(value), side) / len(ordered) for side in ("left", "right"))
    return float(max(low - share, share - high, 0.0))


def print_differences(ours: Mapping[str, Any], stock: Mapping[str, Any]) -> None:
    """Prints what is equal, and what the rest differ by."""
    # What is zero isn't in a message.
    compared = [place for place in ours.keys() | stock.keys() if not ESTIMATES.search(place)]
    pairs = {place: (ours.get(place, 0), stock.get(place, 0)) for place in compared}
    floats = [pair for place, pair in pairs.items() if place.rpartition("/")[2] in FLOATS]
    worst = max(abs(one - other) / max(1e-300, abs(other)) for one, other in floats)
    differ = [place for place, (one, other) in pairs.items() if one != other and place.rpartition("/")[2] not in FLOATS]
    print(f"{len(floats):,} means and deviations differ by {worst:.1g} of them, at most")
    print(f"{len(pairs) - len(floats):,} other figures: {f'NOT EQUAL: {differ[:5]}' if differ else 'equal'}")


if __name__ == "__main__":
    main()
