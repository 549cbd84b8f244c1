import pytest
import tensorflow as tf
from row_ingest import as_dict, taken
from tfx.types import standard_artifacts

from components import contract
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.executor import Executor
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


@pytest.fixture
def decode():
    return as_dict


@pytest.fixture
def take(tmp_path, decode):
    """Takes a file through everything but Beam; returns the stored rows, the number found, and the faults."""

    def run(path, range_bytes=10**6, **settings):
        records, found, faults = taken(path, tmp_path / "records.gz", range_bytes, **settings)
        return list(map(decode, records)), found, faults

    return run
