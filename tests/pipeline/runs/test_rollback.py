import json
import shutil
from pathlib import Path

import pytest
from small_disk import small_disk

from components.errors import TransferlineError
from components.pusher.versions import newest_version
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.lock import held
from pipeline.runs.rollback import roll_back
from pipeline.runs.rollbacks import rollbacks


@pytest.fixture
def config(tmp_path):
    """A pipeline with two versions pushed, and a third that isn't whole."""
    config = apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}"])
    for version in ("3", "20"):
        push(config, version)
    (Path(config.pushed_dir) / "10").mkdir()
    return config


def push(config, version):
    folder = Path(config.pushed_dir) / version
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"model {version}")
    (folder / "fingerprint.pb").write_text(version)
    (folder / "variables" / "variables.index").write_text("weights")


def test_the_earlier_model_gets_the_highest_number(config):
    done = roll_back(config, "3")
    newest = Path(newest_version(config.pushed_dir))
    assert (newest / "saved_model.pb").read_text() == "model 3"
    assert (newest / "variables" / "variables.index").read_text() == "weights"
    assert (str(newest), int(newest.name)) == (done.model_uri, done.pushed_as)
    assert done.pushed_as > 20
    assert sorted(folder.name for folder in newest.parent.iterdir()) == sorted(["10", "20", "3", newest.name])


def test_every_rollback_is_recorded(config):
    roll_back(config, "3")
    roll_back(config, "20")
    lines = (Path(config.home) / "rollbacks.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["from_version"], first["to_version"]) == (20, 3)
    assert (second["from_version"], second["to_version"]) == (first["pushed_as"], 20)
    assert second["pushed_as"] > first["pushed_as"]


@pytest.mark.parametrize(
    ("version", "message", "cure"),
    [
        ("4", "There is no version '4'", "Use one of 3."),
        ("../3", "There is no version", "Use one of 3."),
        ("20", "what is served already", "Use one of 3."),
        ("10", "isn't whole", "Use one of 3."),
    ],
)
def test_what_is_refused(config, version, message, cure):
    with pytest.raises(TransferlineError, match=message) as caught:
        roll_back(config, version)
    assert caught.value.cure == cure
    assert not (Path(config.home) / "rollbacks.jsonl").exists()


def test_a_copy_of_what_is_served_is_refused(config):
    roll_back(config, "3")
    with pytest.raises(TransferlineError, match="what is served already") as caught:
        roll_back(config, "3")
    assert caught.value.cure == "Use one of 20."


def test_where_there_is_only_one_version_no_other_is_named(tmp_path):
    config = apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}"])
    push(config, "5")
    with pytest.raises(TransferlineError, match="what is served already") as caught:
        roll_back(config, "5")
    assert caught.value.cure == "There is no other to go back to."


def test_nothing_was_pushed_yet(tmp_path):
    config = apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}"])
    with pytest.raises(TransferlineError, match="Nothing was pushed yet"):
        roll_back(config, "1")


def test_a_remote_push_is_refused(config):
    with pytest.raises(TransferlineError, match="Only pushes to a local folder"):
        roll_back(apply_overrides(config, ["output_dir=gs://bucket"]), "3")


@pytest.mark.parametrize("room", [0, 16 * 1024])
def test_a_disk_without_room_for_the_record_or_the_copy_keeps_neither(tmp_path, room):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk") as disk:
        config = apply_overrides(catalog.load("digits"), [f"output_dir={disk.path}"])
        for version in ("3", "20"):
            push(config, version)
        (Path(config.pushed_dir) / "3" / "variables" / "variables.data").write_bytes(bytes(64 * 1024))
        disk.fill(but=room)
        with pytest.raises(TransferlineError, match="The disk is full: ") as raised:
            roll_back(config, "3")
        assert raised.value.cure.startswith("Make room there with `transferline clean`")
        assert sorted(path.name for path in Path(config.pushed_dir).iterdir()) == ["20", "3"]
        assert rollbacks(config.home) == []
        (disk.path / "filler").unlink()
        done = roll_back(config, "3")
        assert rollbacks(config.home) == [done]


def test_a_rollback_that_was_killed_before_it_pushed_is_forgotten_by_the_next(config):
    killed = roll_back(config, "3")
    shutil.rmtree(killed.model_uri)
    done = roll_back(config, "3")
    assert rollbacks(config.home) == [done]
    shutil.rmtree(done.model_uri)
    with pytest.raises(TransferlineError, match="There is no version '4'"):
        roll_back(config, "4")
    assert roll_back(config, "3").from_version == 20


def test_while_a_run_is_at_work_nothing_is_rolled_back(config):
    with held(config.home, "run"), pytest.raises(TransferlineError, match="A run is at work since"):
        roll_back(config, "3")
    assert newest_version(config.pushed_dir).endswith("/20")


@pytest.mark.parametrize("version", ["²", "٣", "03", "0x3", "", "3" * 5000])
def test_what_is_no_number_is_no_version(config, version):
    if len(version) < 255:
        (Path(config.pushed_dir) / version).mkdir(exist_ok=True)
    with pytest.raises(TransferlineError, match="There is no version") as raised:
        roll_back(config, version)
    assert raised.value.cure == "Use one of 3."
