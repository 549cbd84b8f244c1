"""What is known of versions after rollbacks: which models are held back, and that a model is what its run pushed."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.errors import TransferlineError
from components.outcome import Step
from components.pusher.model_files import SEAL_FILE
from components.pusher.publish import publish
from components.pusher.seal import make_seal, read_seal, write_seal
from components.pusher.versions import SERVED_MODEL
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.data.sources import with_data
from pipeline.runs import launch
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollback import roll_back
from pipeline.runs.rollbacks import rollbacks
from pipeline.runs.served import Versions, load_pushed, pushed_model
from pipeline.runs.state import state_of


class Pushed:
    """A pipeline whose runs do nothing but push a model of a name."""

    def __init__(self, folder):
        (folder / "data" / "cat").mkdir(parents=True)
        self.folder = folder
        settings = [f"data.path={folder}/data", f"output_dir={folder}/out", "trainer.weights=None"]
        self.config = apply_overrides(catalog.load("photos"), settings)
        Path(self.config.home).mkdir(parents=True)
        Path(self.config.metadata_path).touch()

    def model(self, name):
        folder = self.folder / "models" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("saved_model.pb", "fingerprint.pb"):
            (folder / file).write_text(name)
        return str(folder)

    def run(self, name, version, state=""):
        number = publish(self.model(name), self.config.pushed_dir, str(version))
        folder = f"{self.config.pushed_dir}/{number}"
        record = RunRecord(
            run_id=f"20260101T{len(RunStore(self.config.home).runs()):06d}-00001",
            status="pushed",
            model_uri=folder,
            model_files=read_seal(folder).files,
            state=state,
        )
        RunStore(self.config.home).save(record)
        return folder

    def held_back(self):
        found = Versions(self.config).rolled_back(RunStore(self.config.home).runs())
        names = {make_seal(self.model(name)).digest: name for name in "abc"}
        return {names[digest] for digest in found}

    def marks(self):
        """What became of each run's version, the newest run first."""
        versions = Versions(self.config)
        return [versions.mark(run) for run in RunStore(self.config.home).runs()]

    def before(self, number):
        """What is told to have been served before a run, by its number."""
        runs = RunStore(self.config.home).runs()
        found = Versions(self.config).before(runs[::-1][number], runs, "")
        return found and (found.in_words, found.run_id)

    def state(self):
        return state_of(with_data(self.config)).digest


@pytest.fixture
def pushed(tmp_path):
    return Pushed(tmp_path)


def test_a_model_is_held_back_from_a_rollback_until_it_is_pushed_again(pushed):
    pushed.run("a", 1)
    pushed.run("b", 2)
    assert pushed.held_back() == set()
    number = roll_back(pushed.config, "1").pushed_as
    assert pushed.held_back() == {"b"}
    pushed.run("c", number + 1)
    assert pushed.held_back() == {"b"}
    pushed.run("b", number + 2)
    assert pushed.held_back() == set()


def test_going_back_and_forth(pushed):
    pushed.run("a", 1)
    pushed.run("b", 2)
    roll_back(pushed.config, "1")
    roll_back(pushed.config, "2")
    assert pushed.held_back() == {"a"}
    roll_back(pushed.config, "1")
    assert pushed.held_back() == {"b"}


def test_a_run_that_makes_the_model_of_a_rollback_again_is_the_one_that_is_served(pushed):
    pushed.run("a", 1)
    pushed.run("b", 2)
    copy = roll_back(pushed.config, "1").pushed_as
    assert pushed.marks() == ["rolled back", "served"]
    pushed.run("a", copy)  # the model came from the cache, and is what is served: no other version is made of it
    assert pushed.marks() == ["served", "rolled back", "replaced"]
    roll_back(pushed.config, "2")
    assert pushed.marks() == ["rolled back", "served", "rolled back"]


def test_of_runs_that_have_one_version_the_first_made_it_and_the_others_found_it_served(pushed):
    pushed.run("a", 1)
    pushed.run("a", 1)
    assert pushed.marks() == ["", "served"]
    first = "20260101T000000-00001"
    assert f"of run {first}, is served" in Versions(pushed.config).in_words(RunStore(pushed.config.home).runs())
    assert (pushed.before(0), pushed.before(1)) == (None, ("version 1, made 2026-01-01 00:00 UTC", first))
    pushed.run("b", 2)
    copy = roll_back(pushed.config, "1").pushed_as
    pushed.run("a", copy)
    assert pushed.before(3) == (f"version {copy}, made 2026-01-01 00:00 UTC, rolled back to", first)


def test_a_run_whose_push_was_cached_found_its_own_version_though_no_record_tells_of_the_first(pushed):
    pushed.run("a", 1)
    store = RunStore(pushed.config.home)
    step = Step(name="Pusher", seconds=0.0, cached=True)
    store.save(store.runs()[0].model_copy(update={"steps": (step,)}))
    assert pushed.before(0) == ("version 1", "")


def test_a_run_that_was_killed_in_its_push_is_served_before_the_next_run_closes_its_record(pushed):
    model = pushed.model(f"a/{SERVED_MODEL}")
    publish(model, pushed.config.pushed_dir, "1")
    step = Step(name="Trainer", seconds=1.0, cached=False, artifacts=(str(Path(model).parent),))
    killed = RunRecord(run_id="20260101T000000-00001", status="running", at_work="Pusher", steps=(step,))
    RunStore(pushed.config.home).save(killed)
    assert pushed.marks() == ["served"]


def test_what_was_served_before_is_told_though_clean_removed_it(pushed):
    first = pushed.run("a", 1)
    pushed.run("b", 2)
    shutil.rmtree(first)
    assert pushed.before(1) == ("version 1, made 2026-01-01 00:00 UTC, no longer kept", "20260101T000000-00001")
    assert pushed.before(0) is None


def test_it_is_held_back_though_clean_removed_all_that_was_left_of_it(pushed):
    pushed.run("a", 1)
    folder = pushed.run("b", 2, "a state")
    roll_back(pushed.config, "1")
    Path(folder).rename(pushed.folder / "elsewhere")
    (Path(pushed.config.home) / "runs" / "20260101T000001-00001.json").unlink()
    assert pushed.held_back() == {"b"}
    assert rollbacks(pushed.config.home)[0].from_state == "a state"


def test_a_run_with_nothing_changed_after_a_rollback_is_refused_until_it_is_asked_for(pushed):
    pushed.run("a", 1, "another state")
    pushed.run("b", 2, pushed.state())
    assert launch.unchanged_run(pushed.config)[0].model_uri.endswith("/2")
    number = roll_back(pushed.config, "1").pushed_as
    with pytest.raises(TransferlineError, match="Nothing changed since the run that pushed version 2, and on ") as told:
        launch.unchanged_run(pushed.config)
    assert "--push-again" in told.value.cure
    pushed.run("b", number + 1, pushed.state())
    assert launch.unchanged_run(pushed.config)[0].model_uri.endswith(f"/{number + 1}")


def test_with_something_changed_after_a_rollback_a_run_may_begin(pushed):
    pushed.run("a", 1)
    pushed.run("b", 2, "another state")
    roll_back(pushed.config, "1")
    assert launch.unchanged_run(pushed.config) == (None, state_of(with_data(pushed.config)))


def test_a_model_that_is_served_is_what_its_run_pushed(pushed):
    first, second = pushed.run("a", 1), pushed.run("b", 2)
    assert pushed_model(pushed.config) == second
    # Whoever replaces a model can replace its seal, too.
    (Path(second) / "saved_model.pb").write_text("another program")
    (Path(second) / SEAL_FILE).write_text(make_seal(second).model_dump_json())
    with pytest.raises(TransferlineError, match=r"isn't the one that was pushed: saved_model\.pb is another"):
        pushed_model(pushed.config)
    assert pushed_model(pushed.config, 1) == first
    copy = roll_back(pushed.config, "1").model_uri
    assert pushed_model(pushed.config) == copy
    (Path(copy) / "saved_model.pb").unlink()
    with pytest.raises(TransferlineError, match=r"saved_model\.pb is missing"):
        pushed_model(pushed.config)


def test_nobody_goes_back_to_a_model_that_was_tampered_with(pushed):
    first = pushed.run("a", 1)
    pushed.run("b", 2)
    (Path(first) / "more").write_text("")
    with pytest.raises(TransferlineError, match="more wasn't there"):
        roll_back(pushed.config, "1")
    assert rollbacks(pushed.config.home) == []
    assert Versions(pushed.config).served == 2


def test_a_version_without_a_run_and_without_a_seal_is_taken_as_it_is(pushed):
    folder = pushed.run("a", 1)
    (Path(folder) / SEAL_FILE).unlink()
    (Path(pushed.config.home) / "runs" / "20260101T000000-00001.json").unlink()
    assert pushed_model(pushed.config) == folder


def test_a_rollback_that_was_killed_before_it_pushed_holds_no_model_back(pushed):
    pushed.run("a", 1)
    pushed.run("b", 2)
    done = roll_back(pushed.config, "1")
    assert pushed.held_back() == {"b"}
    shutil.rmtree(done.model_uri)
    assert pushed.held_back() == set()
    assert pushed.marks() == ["served", "replaced"]


def test_a_later_record_without_its_files_takes_no_protection_from_a_model(pushed):
    folder = pushed.run("a", 1)
    RunStore(pushed.config.home).save(RunRecord(run_id="20260102T000000-00001", status="failed", model_uri=folder))
    other = Path(pushed.model("b"))
    for file in other.iterdir():
        (Path(folder) / file.name).write_bytes(file.read_bytes())
    write_seal(make_seal(folder), folder)
    with pytest.raises(TransferlineError, match="isn't the one that was pushed"):
        pushed_model(pushed.config)


def test_a_model_that_goes_while_it_is_loaded_gives_way_to_the_last_one(pushed):
    pushed.run("a", 1)
    used = []

    def loaded(folder):
        used.append(folder)
        if len(used) == 1:  # a run pushes another one, and `clean` removes this one
            pushed.run("b", 2)
            shutil.rmtree(folder)
        return Path(folder, "saved_model.pb").read_text()

    assert load_pushed(pushed.config, None, pushed_model(pushed.config), loaded) == "b"
    assert [Path(folder).name for folder in used] == ["1", "2"]
    with pytest.raises(ZeroDivisionError):  # the model is there: it isn't tried again
        load_pushed(pushed.config, None, pushed_model(pushed.config), lambda _: 1 // 0)
    folder = pushed.run("c", 3)
    shutil.rmtree(folder)
    with pytest.raises(TransferlineError, match="There is no pushed model 3"):
        load_pushed(pushed.config, 3, folder, loaded)


def test_a_model_that_goes_while_it_is_checked_gives_way_to_the_last_one(pushed):
    pushed.run("a", 1)
    record = Path(pushed.config.home) / "runs" / "20260101T000000-00001.json"
    kept = record.read_text()
    record.unlink()
    os.mkfifo(record)

    def replace():
        with record.open("w") as reader:  # it opens once the version was found, and what its run kept is read
            record.unlink()
            record.write_text(kept)
            pushed.run("b", 2)
            shutil.rmtree(f"{pushed.config.pushed_dir}/1")
            reader.write(kept)

    with ThreadPoolExecutor(1) as thread:
        replaced = thread.submit(replace)
        assert Path(pushed_model(pushed.config)).name == "2"
        replaced.result()
    with pytest.raises(TransferlineError, match="There is no pushed model 1"):
        pushed_model(pushed.config, 1)
