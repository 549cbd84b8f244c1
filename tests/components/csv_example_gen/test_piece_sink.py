"""The files of records that a job names in the end, where an attempt before has named some already."""

from components.csv_example_gen.beam_pipeline import PieceSink
from components.ingest.record_files import RECORDS_PREFIX, shard_name


def test_a_job_begun_anew_removes_what_was_named_however_many_there_were(tmp_path):
    """Their number is that of the bundles, which an engine chooses anew."""
    for name in (shard_name(0, 1), shard_name(0, 2), shard_name(1, 2), "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    PieceSink(str(tmp_path / RECORDS_PREFIX), "train").pre_finalize("", ["a", "b"])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
