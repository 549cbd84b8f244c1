import json
import logging

import pytest
import tensorflow as tf
from tfx.components.util import examples_utils
from tfx.types import standard_artifacts

from components import contract
from components.errors import TransferlineError
from components.image_example_gen import executor
from components.image_example_gen.config import ImageData, Split
from components.image_example_gen.executor import Executor
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import read_report

BEAM = [
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--sdk_container_image=none",  # keeps TFX from building a package of itself, which takes seconds.
]


@pytest.fixture
def execute(tmp_path):
    """Runs the executor; returns the report, the examples of each split and the artifacts."""

    def run(path, **settings):
        outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
        for key, (artifact,) in outputs.items():
            artifact.uri = str(tmp_path / "out" / key)
            tf.io.gfile.makedirs(artifact.uri)
        data = ImageData(path=str(path), **settings)
        Executor(Executor.Context(beam_pipeline_args=list(BEAM))).Do({}, outputs, {"data": data.model_dump_json()})
        splits = {split: stored(tmp_path / "out" / "examples" / f"Split-{split}") for split in contract.SPLITS}
        return read_report(outputs["ingest_report"][0].uri), splits, outputs

    return run


def stored(folder):
    files = sorted(str(path) for path in folder.iterdir())
    assert files
    assert all("data_tfrecord-" in path and path.endswith(".gz") for path in files)
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [tf.train.Example.FromString(record.numpy()) for record in records]


def test_a_folder_with_good_and_bad_photos(fill, encode, execute, tmp_path, caplog):
    data = tmp_path / "data"
    fill(data / "cat", 60)
    fill(data / "dog", 50, salt=3)
    (data / "cat" / "copy.jpg").write_bytes((data / "dog" / "000.jpg").read_bytes())
    (data / "cat" / "new\nline \udce9.jpg").write_bytes(encode(5))
    (data / "cat" / "text.jpg").write_text("text")
    (data / "cat" / ".DS_Store").write_bytes(b"a system's own")
    (data / "bird").mkdir()
    with caplog.at_level(logging.INFO, "transferline.progress"):
        report, splits, outputs = execute(data)

    assert (report.found, report.quarantined, report.hidden) == (115, 3, 1)
    assert {split: len(examples) for split, examples in splits.items()} == {
        split: report.written(split) for split in contract.SPLITS
    }
    assert report.labels("train") == {"cat", "dog"}
    assert [item.place for item in report.first_quarantined] == ["bird/", "cat/text.jpg", "cat/.DS_Store"]
    lines = (tmp_path / "out" / "ingest_report" / "quarantine.jsonl").read_text().splitlines()
    assert [json.loads(line)["place"] for line in lines] == ["bird/", "cat/.DS_Store", "cat/text.jpg"]
    (group,) = report.duplicates
    assert group.labels == ("cat", "dog")
    assert len(group.splits) == 1
    (example, *_) = splits["train"]
    assert set(example.features.feature) == {
        contract.IMAGE,
        contract.LABEL,
        contract.WIDTH,
        contract.HEIGHT,
        contract.FORMAT,
        contract.PATH,
        contract.SHA256,
        contract.SIZE_BUCKET,
        contract.BRIGHTNESS_BUCKET,
    }
    (examples,) = outputs["examples"]
    assert json.loads(examples.split_names) == ["train", "eval", "test"]
    assert examples_utils.get_payload_format_string(examples) == "FORMAT_TF_EXAMPLE"
    assert examples_utils.get_file_format(examples) == "tfrecords_gzip"
    told = [record.progress for record in caplog.records if hasattr(record, "progress")]
    assert [(progress.done, progress.total) for progress in told] == [(100, 113), (113, 113)]
    assert sorted(path.name for path in (tmp_path / "out" / "ingest_report").iterdir()) == [
        "quarantine.jsonl",
        "report.json",
    ]


def test_a_leak_is_reported_and_a_split_without_photos_has_a_file(fill, execute, tmp_path):
    data = tmp_path / "data"
    fill(data / "train" / "cat", 3)
    fill(data / "test" / "cat", 1)
    (data / "validation").mkdir()
    (data / "test" / "cat" / "unreadable.jpg").write_bytes(b"")
    report, splits, _ = execute(data, split=Split(train=0.98, eval=0.01, test=0.01))
    assert (report.found, report.quarantined) == (6, 2)
    assert {split: len(examples) for split, examples in splits.items()} == {"train": 3, "eval": 0, "test": 1}
    (group,) = report.duplicates
    assert group.splits == ("test", "train")
    assert group.places == ("test/cat: test/cat/000.jpg", "train/cat: train/cat/000.jpg")


def test_no_readable_photo(execute, tmp_path):
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.jpg").write_bytes(b"")
    report, splits, _ = execute(tmp_path / "data")
    assert (report.found, report.quarantined) == (1, 1)
    assert [item.place for item in report.first_quarantined] == ["cat/a.jpg"]
    assert splits == {"train": [], "eval": [], "test": []}


def test_lost_records_are_noticed(fill, execute, tmp_path, monkeypatch):
    fill(tmp_path / "data" / "cat", 5)
    count = executor.count_records
    monkeypatch.setattr(executor, "count_records", lambda folder: max(0, count(folder) - 1))
    with pytest.raises(TransferlineError, match="lost or doubled on the way: 5 written for train, 4 stored"):
        execute(tmp_path / "data")
