import json
from pathlib import Path

import pytest

from components.errors import TransferlineError
from components.report.run_view import Origin
from pipeline import catalog
from pipeline.config.file import load_file
from pipeline.config.overrides import apply_overrides
from pipeline.runs.home import catalog_files, claim, owner_in, refuse_another
from pipeline.runs.record import RunRecord

DIGITS = (catalog.FOLDER / "digits.py").read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    """Writes a copy of digits into a folder, and returns its settings."""

    def make(folder):
        path = tmp_path / folder / "digits.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DIGITS)
        return apply_overrides(load_file(path), [f"output_dir={tmp_path}/out"])

    return make


@pytest.fixture
def built_in(tmp_path):
    return apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}/out"])


def test_a_folder_of_before_is_taken_without_a_word(write):
    mine = write("mine")
    (Path(mine.home) / "runs").mkdir(parents=True)
    assert refuse_another(mine) == ""
    claim(mine)
    assert owner_in(mine.home).file == mine.file


def test_another_projects_pipeline_of_the_name_is_refused(write):
    claim(write("mine"))
    other = write("other")
    for refused in (refuse_another, claim):
        with pytest.raises(TransferlineError, match="another pipeline of the name 'digits'") as raised:
            refused(other)
        assert "--output-dir" in raised.value.cure
    assert "mine" in str(raised.value)
    claim(apply_overrides(other, [f"output_dir={other.output_dir}-other"]))
    claim(write("mine"))


def test_the_folder_of_a_file_that_is_gone_is_taken_over_and_said(write):
    mine = write("mine")
    claim(mine)
    Path(mine.file).unlink()
    moved = write("moved")
    assert "isn't there any more: it is taken as that of" in refuse_another(moved)
    assert owner_in(moved.home).file == mine.file
    claim(moved)
    assert owner_in(moved.home).file == moved.file
    assert refuse_another(moved) == ""


def test_a_built_in_pipeline_is_the_same_in_any_installation(built_in, write):
    claim(built_in)
    marker = Path(built_in.home) / "pipeline.json"
    assert json.loads(marker.read_text()) == {"file": built_in.file, "built_in": "digits"}
    marker.write_text(json.dumps({"file": "/another/pipeline/catalog/digits.py", "built_in": "digits"}))
    assert refuse_another(built_in) == ""
    with pytest.raises(TransferlineError, match="the built-in pipeline 'digits'"):
        refuse_another(write("mine"))


def test_a_user_s_folder_is_not_the_built_in_pipelines(built_in, write):
    claim(write("mine"))
    with pytest.raises(TransferlineError, match=r"mine/digits\.py"):
        claim(built_in)


def test_a_file_by_two_paths_is_one(write, tmp_path):
    mine = write("mine")
    claim(mine)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    claim(mine.read_from(tmp_path / "link" / "digits.py"))


def test_a_marker_that_cannot_be_read(write):
    mine = write("mine")
    claim(mine)
    (Path(mine.home) / "pipeline.json").write_text("{")
    with pytest.raises(TransferlineError, match="can't be read") as raised:
        claim(mine)
    assert raised.value.cure == "Remove the file."


def test_settings_that_come_from_no_file_are_refused_nothing_and_claim_nothing(write):
    config = write("mine").read_from("")
    claim(config)
    assert owner_in(config.home) is None
    claim(write("other"))
    claim(config)


def test_a_remote_folder_is_not_looked_at(write):
    config = apply_overrides(write("mine"), ["output_dir=gs://bucket/out"])
    assert refuse_another(config) == ""
    claim(config)


def test_lineage_names_the_catalog_files_of_the_runs_that_made_it():
    def record(day, sha):
        return RunRecord(run_id=f"2026010{day}T000000-1", status="pushed", file="/p/pets.py", file_sha256=sha * 64)

    origins = [Origin(name=f"step {day}", uri=f"/{day}", run_id=f"2026010{day}T000000-1") for day in (1, 2, 4, 5)]
    records = [record(5, "b"), record(4, "a"), record(3, "c"), record(1, "a")]
    found = catalog_files(origins, [*records, RunRecord(run_id="20260102T000000-1", status="pushed")])
    assert [(each.uri, each.run_id[:8], each.details) for each in found] == [
        ("/p/pets.py", "20260101", f"sha256 {'a' * 16}"),
        ("/p/pets.py", "20260105", f"sha256 {'b' * 16}"),
    ]
