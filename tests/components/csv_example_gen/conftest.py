import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components import contract
from components.csv_example_gen.beam_pipeline import Plan, finish, number_rows
from components.csv_example_gen.blocks import ranges_of
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.executor import Executor
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.splits import make_rule
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import read_report

BEAM = [
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--sdk_container_image=none",  # keeps TFX from building a package of itself, which takes seconds.
]


@pytest.fixture
def execute(tmp_path):
    """Runs the executor; returns the report, the examples of each split as dictionaries, and the quarantine."""

    def run(path, schema_text="", task=None, **settings):
        outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
        for key, (artifact,) in outputs.items():
            artifact.uri = str(tmp_path / "out" / key)
            tf.io.gfile.makedirs(artifact.uri)
        data = CsvData(path=str(path), **settings)
        properties = {"data": data.model_dump_json(), "schema_text": schema_text, **({"task": task} if task else {})}
        Executor(Executor.Context(beam_pipeline_args=list(BEAM))).Do({}, outputs, properties)
        report = read_report(outputs["ingest_report"][0].uri)
        splits = {split: stored(tmp_path / "out" / "examples" / f"Split-{split}") for split in contract.SPLITS}
        assert {split: len(rows) for split, rows in splits.items()} == {s: report.written(s) for s in contract.SPLITS}
        assert report.found == sum(map(len, splits.values())) + report.quarantined + report.unused
        return report, splits

    return run


def stored(folder):
    files = sorted(str(path) for path in folder.glob("*")) if folder.exists() else []
    assert all("data_tfrecord-" in path and path.endswith(".gz") for path in files)
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [as_dict(record.numpy()) for record in records]


def as_dict(record):
    """A serialized example as {name: value}; a feature without a value isn't there."""
    values = {}
    for name, feature in tf.train.Example.FromString(record).features.feature.items():
        if feature.WhichOneof("kind"):
            (values[name],) = getattr(feature, feature.WhichOneof("kind")).value
    return values


@pytest.fixture
def decode():
    return as_dict


@pytest.fixture
def take(tmp_path, decode):
    """Takes a file through everything but Beam; returns the stored rows, the number found, and the faults."""

    def run(path, range_bytes=10**6, **settings):
        data = CsvData(path=str(path), **settings)
        layout = find_layout(list_files(data.path), data, {})
        plan = Plan(layout, data, make_rule(data.split, layout, data.label))
        (file,) = layout.files
        newlines = data.newlines_in_values
        parts = ranges_of(0, file, whole=newlines, range_bytes=range_bytes)
        numbering = number_rows([(part, plan.reader.count(part)) for part in parts])
        pieces = ((part, piece) for part in parts for piece in plan.reader.pieces(part))
        finished = [finish(piece, part, plan, numbering) for part, piece in pieces]
        found = sum(done.found for done in finished)
        assert found == numbering.total
        target = tmp_path / "records.gz"
        target.write_bytes(b"".join(each for done in finished for each in done.records.values()))
        records = tf.data.TFRecordDataset(str(target), compression_type="GZIP")
        stored = [decode(record.numpy()) for record in records]
        return stored, found, [fault for done in finished for fault in done.faults]

    return run
