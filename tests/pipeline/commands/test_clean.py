import sys
from pathlib import Path

import pytest
from small_disk import small_disk
from typer.testing import CliRunner

from components.errors import TransferlineError
from pipeline.cli import app
from pipeline.runs.lock import LOCK_FILE, held, holder_in
from pipeline.runs.record import RunRecord, RunStore


@pytest.fixture
def runs(transferline):
    for day in (1, 2):
        transferline.save("digits", f"2026010{day}T000000-00001")

    def left():
        return sorted(path.name for path in (transferline.home("digits") / "runs").iterdir())

    return left


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--dry-run", "--yes"]])
def test_without_yes_it_only_shows(transferline, runs, options):
    shown = transferline("clean", "digits", "--keep", 1, *options)
    assert "would go: " in shown
    assert "20260101T000000-00001.json" in shown
    assert "add --yes" in shown
    assert len(runs()) == 2


def test_with_yes_it_removes(transferline, runs):
    done = transferline.json("clean", "digits", "--keep", 1, "--yes")
    assert done["done"]
    assert done["freed"] == sum(size["bytes"] for size in done["removed"]) > 0
    assert runs() == ["20260102T000000-00001.json"]


def test_where_nothing_may_be_removed_nothing_is_forgotten_either(transferline, runs, monkeypatch, tmp_path):
    forgotten = []
    monkeypatch.setattr("pipeline.commands.clean.forget_artifacts", forgotten.append)
    (tmp_path / "elsewhere").mkdir()
    (transferline.home("digits") / "artifacts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransferlineError, match="leads out"):
        transferline("clean", "digits", "--cache", "--yes")
    assert forgotten == []


def test_the_whole_folder(transferline, runs):
    transferline("clean", "digits", "--everything", "--yes")
    assert not transferline.home("digits").exists()


@pytest.mark.parametrize("options", [[], ["--yes"], ["--everything", "--yes"]])
def test_a_run_at_work_forbids_it(transferline, runs, options):
    with held(str(transferline.home("digits")), "run") as lock:
        lock.of_run("20260109T000000-00001")
        with pytest.raises(TransferlineError, match="The run 20260109T000000-00001 is at work since"):
            transferline("clean", "digits", "--keep", 1, *options)
    assert len(runs()) == 2


@pytest.mark.parametrize("options", [[], ["--yes"], ["--dry-run", "--yes"]])
def test_nothing_is_looked_at_while_a_run_changes_it(transferline, runs, options):
    (transferline.home("digits") / "metadata.sqlite").write_text("what can't be read")
    with held(str(transferline.home("digits")), "run"), pytest.raises(TransferlineError, match="A run is at work"):
        transferline("clean", "digits", *options)
    with pytest.raises(TransferlineError, match="ML Metadata can't be opened"):
        transferline("clean", "digits", *options)


def test_it_makes_room_on_a_disk_that_is_full_to_the_last_byte(tmp_path):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk") as disk:
        home = disk.path / "digits"
        for day in (1, 2):
            run_id = f"2026010{day}T000000-00001"
            RunStore(str(home)).save(RunRecord(run_id=run_id, status="failed"))
            (home / "logs").mkdir(exist_ok=True)
            (home / "logs" / f"{run_id}.log").write_bytes(bytes(32 * 1024))
        (home / LOCK_FILE).touch()
        disk.fill()
        done = CliRunner().invoke(app, ["clean", "digits", "--keep", "1", "--yes", f"--output-dir={disk.path}"])
        assert done.exit_code == 0, done.output
        assert [path.name for path in (home / "logs").iterdir()] == ["20260102T000000-00001.log"]
        assert holder_in(str(home)) is None


MAKE = """
import sys
from pathlib import Path
from ml_metadata.proto import metadata_store_pb2 as mlmd
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.connection import mark_deleted, opened
from pipeline.runs.record import RunRecord, RunStore
output_dir, forgotten, *run_ids = sys.argv[1:]
config = apply_overrides(catalog.load("digits"), [f"output_dir={output_dir}"])
RunStore(config.home).save(RunRecord(run_id=run_ids[-1], status="failed"))
with opened(config) as store:
    kinds = {kind: store.put_context_type(mlmd.ContextType(name=kind)) for kind in ("pipeline", "pipeline_run", "node")}
    trainer = store.put_execution_type(mlmd.ExecutionType(name="Trainer"))
    model = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    for run_id in run_ids:
        folder = Path(config.artifacts_dir, "Trainer", "model", run_id)
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(bytes(64 * 1024))
        names = {"pipeline": "digits", "pipeline_run": run_id, "node": "digits.Trainer"}
        event = mlmd.Event(type=mlmd.Event.OUTPUT)
        event.path.steps.add().key = "model"
        store.put_execution(
            mlmd.Execution(type_id=trainer, last_known_state=mlmd.Execution.COMPLETE),
            [(mlmd.Artifact(type_id=model, uri=str(folder), state=mlmd.Artifact.LIVE), event)],
            [mlmd.Context(type_id=kinds[kind], name=name) for kind, name in names.items()],
            reuse_context_if_already_exist=True,
        )
mark_deleted(config, range(1, 1 + int(forgotten)))
"""
RUNS = [f"2026010{day}T000000-00001" for day in (1, 2, 3)]


@pytest.fixture
def full(tmp_path):
    """Returns a function that fills a disk on which three runs have made a model each.

    It takes how many of the models a `clean` marked as deleted before it was killed, and returns another one, which
    cleans, and returns what came of it with the runs whose models are left.
    """
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=2m") as disk:

        def cleaned(*options):
            command = [sys.executable, "-m", "pipeline", "clean", "digits", "--keep=1", "--yes", *options]
            done = disk.run(*command, f"--output-dir={disk.folder}")
            return done, sorted(path.name for path in Path(disk.path, "digits").glob("artifacts/Trainer/model/*"))

        def fill(forgotten):
            made = disk.run(sys.executable, "-c", MAKE, disk.folder, forgotten, *RUNS)
            assert made.returncode == 0, made.stderr
            disk.fill()
            return cleaned

        yield fill


def test_on_a_full_disk_on_which_no_artifact_can_be_forgotten_it_says_what_helps(full):
    clean = full(forgotten=0)
    done, left = clean()
    assert done.returncode == 1
    assert done.stderr.startswith("transferline: The disk is full: ")
    assert "cure:  Make room there by hand, or with --cache, which needs none" in done.stderr
    assert left == RUNS  # the cache still answers with them
    done, left = clean("--cache")
    assert (done.returncode, left) == (0, []), done.stderr


def test_on_a_full_disk_artifacts_that_are_forgotten_already_make_room_for_the_others(full):
    done, left = full(forgotten=1)()
    assert (done.returncode, left) == (0, RUNS[2:]), done.stderr
