import json
import logging

import pytest
import tensorflow as tf
from tfx.components.util import examples_utils
from tfx.types import standard_artifacts

from components import contract
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData, Split
from components.image_example_gen.executor import Executor
from components.ingest import results
from components.ingest.artifact import IngestReportArtifact
from components.ingest.findings import findings_of, outside_text
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

    assert (report.found, report.quarantined, report.hidden) == (115, 5, 1)
    assert {split: len(examples) for split, examples in splits.items()} == {
        split: report.written(split) for split in contract.SPLITS
    }
    assert report.labels("train") == {"cat", "dog"}
    places = ["bird/", "cat/copy.jpg", "cat/text.jpg", "dog/000.jpg", "cat/.DS_Store"]
    assert [item.place for item in report.first_quarantined] == places
    lines = [json.loads(line) for line in (tmp_path / "out" / "ingest_report" / "quarantine.jsonl").open()]
    assert [line["place"] for line in lines] == [
        "bird/",
        "cat/.DS_Store",
        "cat/copy.jpg",
        "cat/text.jpg",
        "dog/000.jpg",
    ]
    assert lines[2]["reason"] == "labelled 'cat', and the same bytes are 'dog' ('dog/000.jpg')"
    assert report.duplicates == ()
    paths = {bytes_of(example, contract.PATH) for examples in splits.values() for example in examples}
    assert not paths & {b"cat/copy.jpg", b"dog/000.jpg"}
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


def test_photos_from_elsewhere_are_counted(fill, execute, tmp_path):
    fill(tmp_path / "data" / "cat", 2)
    fill(tmp_path / "elsewhere", 7, salt=1)
    (tmp_path / "data" / "dog").symlink_to(tmp_path / "elsewhere")
    report, _, _ = execute(tmp_path / "data")
    assert report.outside == 7
    assert report.first_outside == tuple(f"dog/{number:03d}.jpg" for number in range(5))
    assert "7 from outside of the data's folder" in findings_of(report)
    assert outside_text(report.first_outside, report.outside) == (
        "7 photos lie outside of the data's folder, where a link or the manifest leads: dog/000.jpg, dog/001.jpg, "
        "dog/002.jpg, dog/003.jpg, dog/004.jpg and 2 more"
    )


def test_no_readable_photo(execute, tmp_path):
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.jpg").write_bytes(b"")
    report, splits, _ = execute(tmp_path / "data")
    assert (report.found, report.quarantined) == (1, 1)
    assert [item.place for item in report.first_quarantined] == ["cat/a.jpg"]
    assert splits == {"train": [], "eval": [], "test": []}


def test_files_have_the_size_that_is_asked_for_and_no_compression(fill, execute, tmp_path):
    fill(tmp_path / "data" / "cat", 60)
    _, splits, _ = execute(tmp_path / "data", shard_bytes=20_000)
    files = sorted((tmp_path / "out" / "examples" / "Split-train").iterdir())
    names = [f"data_tfrecord-{number:05d}-of-{len(files):05d}.gz" for number in range(len(files))]
    assert [file.name for file in files] == names
    sizes = [file.stat().st_size for file in files]
    assert min(sizes[:-1]) > 18_000
    assert max(sizes) < 20_500  # gzip's own bytes
    records = sum(example.ByteSize() + 16 for example in splits["train"])
    assert records < sum(sizes) < 1.03 * records


def test_a_photo_larger_than_a_file_has_one_of_its_own(fill, execute, tmp_path):
    fill(tmp_path / "data" / "cat", 5)
    _, splits, _ = execute(tmp_path / "data", shard_bytes=1)
    assert len(list((tmp_path / "out" / "examples" / "Split-train").iterdir())) == len(splits["train"]) > 1


def test_what_an_attempt_before_has_left_is_removed(fill, execute, tmp_path):
    left = tmp_path / "out" / "examples" / "Split-train" / "unfinished-of-another-00000.gz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    left.with_name("data_tfrecord-00000-of-00002.gz").write_bytes(b"of another attempt")
    fill(tmp_path / "data" / "cat", 5)
    report, splits, _ = execute(tmp_path / "data")
    assert [file.name for file in left.parent.iterdir()] == ["data_tfrecord-00000-of-00001.gz"]
    assert len(splits["train"]) == report.written("train")


def forget(lines):
    return [line for line in lines if '"shards"' not in line or '"train"' not in line]


def count_more(lines):
    return [line.replace('"records": 5', '"records": 4') for line in lines]


def grow(lines):
    return [line.replace('"size": ', '"size": 1') for line in lines]


@pytest.mark.parametrize(
    ("befalls", "told"),
    [(forget, "5 written for train, 0 stored"), (count_more, "5 written for train, 4 stored"), (grow, "are stored")],
)
def test_lost_records_are_noticed(befalls, told, fill, execute, tmp_path, monkeypatch):
    fill(tmp_path / "data" / "cat", 5)
    write = results._write_lines
    monkeypatch.setattr(results, "_write_lines", lambda lines, path: write(befalls(lines), path))
    with pytest.raises(TransferlineError, match=f"lost or doubled on the way: .*{told}"):
        execute(tmp_path / "data")


def test_a_stratified_split_by_groups_and_the_conflicts(fill, execute, tmp_path):
    data = tmp_path / "data"
    for number in range(12):
        fill(data / "cat" / f"scene {number}", 3, salt=number)
    for number in range(3):
        fill(data / "dog" / f"yard {number}", 2, salt=20 + number)
    (data / "cat" / "scene 0" / "copy.jpg").write_bytes((data / "dog" / "yard 0" / "000.jpg").read_bytes())
    report, splits, _ = execute(data, split=Split(by="hash", group=1, stratify=True))
    groups = [(split, bytes_of(each, contract.PATH).split(b"/")[1]) for split in splits for each in splits[split]]
    assert len(set(groups)) == len({group for _, group in groups}) == 15
    assert all("dog" in report.counts[split] and "cat" in report.counts[split] for split in splits)
    assert report.quarantined == 2
    conflicts = report.conflicts
    assert (conflicts.groups, conflicts.records, conflicts.outvoted, conflicts.quarantined) == (1, 2, 1, True)
    assert conflicts.first[0].labels == ("cat", "dog")


def test_photos_under_two_labels_are_taken_out_of_the_files_that_have_them(fill, execute, tmp_path):
    """In whatever split: neither trained on nor tested with; a class that has no others is none."""
    data = tmp_path / "data"
    for folder, count in (("train/cat", 40), ("validation/cat", 5), ("test/cat", 5)):
        fill(data / folder, count, salt=len(folder))
    fill(data / "train" / "dog", 3, salt=50)
    fill(data / "test" / "eel", 1, salt=70)
    for copy, of in (
        *(("train/dog/a.jpg", "train/cat/003.jpg"), ("train/dog/b.jpg", "train/cat/003.jpg")),
        *(("test/dog/a.jpg", "train/cat/004.jpg"), ("validation/cat/copy.jpg", "test/eel/000.jpg")),
    ):
        (data / copy).parent.mkdir(exist_ok=True)
        (data / copy).write_bytes((data / of).read_bytes())
    report, splits, _ = execute(data, split=Split(by="folder"), shard_bytes=20_000)
    assert (report.found, report.quarantined, report.conflicts.groups, report.conflicts.outvoted) == (58, 7, 3, 3)
    assert report.counts == {"train": {"cat": 38, "dog": 3}, "eval": {"cat": 5}, "test": {"cat": 5}}
    assert {split: len(examples) for split, examples in splits.items()} == {"train": 41, "eval": 5, "test": 5}
    assert report.duplicates == ()
    digests = [bytes_of(example, contract.SHA256) for examples in splits.values() for example in examples]
    assert len(set(digests)) == len(digests)
    files = sorted((tmp_path / "out" / "examples" / "Split-train").iterdir())
    assert len(files) > 2
    assert [file.name[-18:] for file in files] == [f"-{at:05d}-of-{len(files):05d}.gz" for at in range(len(files))]


def bytes_of(example, name):
    return example.features.feature[name].bytes_list.value[0]
