"""`new`, `check` and the ingestion itself say the same numbers of the same data."""

from collections import Counter

import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.csv_example_gen.executor import Executor as CsvExecutor
from components.image_example_gen.executor import Executor as ImageExecutor
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import read_report
from pipeline.checks import photos, rows
from pipeline.config.beam import Beam
from pipeline.new.photo_pipeline import draft_for_photos
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.photos import look_at_photos
from pipeline.profile.rows import look_at_rows


@pytest.fixture
def ingest(tmp_path):
    """Runs an ExampleGen; returns what could be used, by class, and how much could not be, of how much."""

    def run(executor, data):
        outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
        for key, (artifact,) in outputs.items():
            artifact.uri = str(tmp_path / "out" / key)
            tf.io.gfile.makedirs(artifact.uri)
        properties = {"data": data.model_dump_json(), "schema_text": ""}
        executor(executor.Context(beam_pipeline_args=list(Beam().arguments))).Do({}, outputs, properties)
        report = read_report(outputs["ingest_report"][0].uri)
        counts = sum(map(Counter, report.counts.values()), Counter())
        return dict(sorted(counts.items())), report.quarantined - report.hidden, report.found - report.hidden

    return run


def said_by(findings, subject):
    return " ".join(finding.text for finding in findings if finding.subject == subject)


def test_a_messy_folder(lay_out, photo, ingest):
    files = {f"{name}/{n}.jpg": photo(100 * seed + n) for seed, name in enumerate(("cat", "dog")) for n in range(25)}
    files |= {f"sun flowers/more/{n}.PNG": photo(200 + n, file_format="PNG") for n in range(3)}
    files |= {"cat/no ending": photo(300), "cat/readme.txt": b"hello", "dog/a.tiff": b"II*\0 and more"}
    files |= {"dog/b.HEIC": b"\0\0\0\x18ftypheic", "dog/cut.jpg": photo(301)[:500], "cat/none.png": b""}
    files |= {"cat/page.jpg": b"<html></html>", "notes.txt": b"x", ".DS_Store": b"x", "cat/._0.jpg": b"x"}
    folder = lay_out(files)
    (folder / "empty class").mkdir()

    draft = draft_for_photos("mine", look_at_photos(str(folder), 60))
    findings = photos.look_at_photos(draft.config.data, draft.config.gate).findings
    usable, unusable, total = ingest(ImageExecutor, draft.config.data)

    assert (usable, unusable, total) == ({"cat": 26, "dog": 25, "sun flowers": 3}, 8, 62)
    counts = "cat: 28, dog: 26, sun flowers: 3"  # three of which are named like photos
    assert draft.data.startswith(f"57 photos in {folder}. Classes: {counts}. All were read")
    assert "57 photos" in said_by(findings, "data")
    assert counts in said_by(findings, "classes")
    for said in (" ".join(draft.warnings), said_by(findings, "files")):
        assert f"{unusable} of {total} files and folders can't be used (12.9%)" in said
    for said in (" ".join(draft.warnings), said_by(findings, "classes")):
        assert "Few photos of a class: sun flowers: 3" in said


def test_a_messy_table(tmp_path, ingest):
    lines = [f"{n / 7:.3f},{n % 90},{'yes' if n % 12 else 'no'}" for n in range(400)]
    lines[50:50] = ["", "1.5,2,", "low,3,yes", "1.5,2", ""]
    lines += ["NA,1,yes", "0.5,inf,no", "7.5,4,yes,1"]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("\n".join(["x,y,answer", *lines]) + "\n")
    (tmp_path / "data" / "b.csv").write_text("")

    draft = draft_for_rows("mine", look_at_rows(str(tmp_path / "data"), "answer"))
    findings = rows.look_at_rows(draft.config).findings
    usable, unusable, total = ingest(CsvExecutor, draft.config.data)

    assert (usable, unusable, total) == ({"no": 34, "yes": 367}, 6, 407)
    counts = "no: 34, yes: 367"
    assert draft.data.startswith(f"406 rows in {tmp_path / 'data'}, all looked at. Classes: {counts}.")
    assert "2 files, 1 of them without rows, 406 rows" in said_by(findings, "data")
    assert f"2 classes ({counts})" in said_by(findings, "classes")
    for said in (" ".join(draft.warnings), said_by(findings, "rows")):
        assert f"{unusable} of {total} rows and empty files can't be used (1.5%)" in said
    for said in (" ".join(draft.warnings), said_by(findings, "classes")):
        assert "The classes are unbalanced: 11 times as many rows of 'yes' as of 'no'" in said
