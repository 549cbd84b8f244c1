"""A home that release 0.1.0 wrote goes on with this one: nothing in it is lost, its model is the baseline."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import old_home
import pytest
from side_by_side import faults

from pipeline.runs.lock import holder_in


@pytest.fixture(scope="module")
def upgraded(home):
    """The old home in a new user's output folder; what the commands say of it before anything new runs."""
    cache = home.path / "cache"
    old_home.unpack(home.path / "transferline", cache)
    return home, {"TRANSFERLINE_CACHE": str(cache)}


@pytest.fixture(scope="module")
def said(upgraded):
    home, cache = upgraded
    commands = {
        "runs": ("runs", old_home.NAME, "--json"),
        "list": ("list", "--json"),
        "lineage": ("lineage", old_home.NAME, "--json"),
        "compare": ("compare", old_home.NAME, old_home.RUNS[1], old_home.RUNS[2], "--json"),
        "report": ("report", old_home.NAME),
        "rollback": ("rollback", old_home.NAME, old_home.PUSHED[0], "--json"),
    }
    done = {name: home.here(*words, **cache) for name, words in commands.items()}
    assert {name: each.stderr for name, each in done.items() if each.returncode} == {}
    return {name: each.stdout for name, each in done.items()}


@pytest.fixture(scope="module")
def used(upgraded):
    """What `predict` and `evaluate` say by the old model, which has no seal."""
    home, cache = upgraded
    rows = home.path / "rows.csv"
    home.here("data", old_home.NAME, "--rows", "200", "--out", str(rows), **cache)
    done = {
        command: home.here(command, old_home.NAME, str(rows), "--json", **cache) for command in ("predict", "evaluate")
    }
    assert {name: each.stderr for name, each in done.items() if each.returncode} == {}
    return {name: each.stdout for name, each in done.items()}


@pytest.fixture(scope="module")
def at_once(upgraded, said, used):
    """A run of this release on top, after the rollback, with another seed; and what else is asked for meanwhile."""
    home, cache = upgraded
    settings = [word for setting in (*old_home.SETTINGS, "trainer.seed=2") for word in ("--set", setting)]
    commands = {
        "run": ("run", old_home.NAME, *settings),
        "rollback": ("rollback", old_home.NAME, old_home.PUSHED[1], "--wait"),
        "clean": ("clean", old_home.NAME, "--keep", "3", "--yes", "--wait"),
    }
    with ThreadPoolExecutor(len(commands)) as threads:
        started = {}
        for name, words in commands.items():
            started[name] = threads.submit(home.forked, *words, **cache)
            while not holder_in(str(home.path / "transferline" / old_home.NAME)):
                assert not started["run"].done(), started["run"].result()
                time.sleep(0.1)
        rows = str(home.path / "rows.csv")
        meanwhile = {
            "refused": home.here("clean", old_home.NAME, "--yes", **cache),
            "predict": home.here("predict", old_home.NAME, rows, "--json", **cache),
        }
        return meanwhile, {name: each.result() for name, each in started.items()}


@pytest.fixture(scope="module")
def record(upgraded, at_once):
    home, _ = upgraded
    return home.runs(old_home.NAME)[0]


def test_the_old_runs_are_there_with_their_outcome(said):
    found = json.loads(said["runs"])
    assert [run["run_id"] for run in found] == list(reversed(old_home.RUNS))
    assert [run["status"] for run in found] == ["pushed", "pushed", "not_blessed"]
    assert found[0]["counts"] == {"train": 600, "eval": 300, "test": 300, "quarantined": 0, "unused": 0}
    assert found[0]["metrics"]["auc"] == pytest.approx(0.4688, abs=1e-4)
    (listed,) = [each for each in json.loads(said["list"]) if each["name"] == old_home.NAME]
    assert (listed["last_run"], listed["status"]) == (old_home.RUNS[-1], "pushed")


def test_two_old_runs_are_compared(said):
    compared = json.loads(said["compare"])
    assert {pair["key"] for pair in compared["settings"]} == {"trainer.seed"}


def test_the_old_model_is_traced_to_its_data(said):
    origins = json.loads(said["lineage"])
    assert origins[0]["uri"].endswith(f"/pushed/{old_home.PUSHED[1]}")
    assert {"Trainer: model", "CsvExampleGen: examples"} <= {origin["name"] for origin in origins}
    assert any("fingerprint" in origin["details"] for origin in origins)


def test_the_page_of_an_old_run_is_drawn_anew_where_it_is_gone(upgraded, said):
    home, _ = upgraded
    page = home.path / "transferline" / old_home.NAME / "reports" / f"{old_home.RUNS[-1]}.html"
    assert said["report"].strip() == str(page)
    text = page.read_text()
    assert "Pushed" in text
    assert "0.4688" in text


def test_an_old_version_is_served_again(upgraded, said):
    home, _ = upgraded
    done = json.loads(said["rollback"])
    assert (done["from_version"], done["to_version"]) == tuple(int(version) for version in reversed(old_home.PUSHED))
    pushed = home.path / "transferline" / old_home.NAME / "pushed" / str(done["pushed_as"])
    assert (pushed / "saved_model.pb").is_file()


def test_a_new_run_is_compared_with_the_old_model_that_is_served_and_pushed_after_it(record, said):
    (drop,) = [result for result in record["thresholds"] if result["kind"] == "max_drop"]
    # The served one: what was gone back from, which was blessed last, had 0.4688.
    old = next(run for run in json.loads(said["runs"]) if run["run_id"] == old_home.RUNS[1])
    assert drop["baseline"] == pytest.approx(old["metrics"]["auc"], abs=1e-4) != pytest.approx(0.4688, abs=1e-4)
    assert record["status"] == "pushed"
    assert int(record["model_uri"].rpartition("/")[2]) > max(map(int, old_home.PUSHED))
    assert all(not step["cached"] for step in record["steps"] if step["name"] in ("Trainer", "Evaluator", "Pusher"))


def test_the_old_model_is_used(used):
    predicted = [json.loads(line) for line in used["predict"].splitlines()]
    assert len(predicted) == 200
    assert all(sum(each["scores"].values()) == pytest.approx(1, abs=1e-3) for each in predicted)
    assert json.loads(used["evaluate"])


def test_what_is_asked_for_while_a_run_is_at_work_waits_or_is_refused_and_nothing_is_lost(upgraded, at_once, record):
    home, _ = upgraded
    meanwhile, ended = at_once
    assert len(meanwhile["predict"].stdout.splitlines()) == 200
    assert meanwhile["refused"].returncode == 1
    assert f"The run {record['run_id']} is at work since" in meanwhile["refused"].stderr
    assert {name: done.returncode for name, done in ended.items()} == dict.fromkeys(ended, 0), ended
    for name in ("rollback", "clean"):
        assert "waiting for its end" in ended[name].stderr, name
    pushed, folder = record["model_uri"], Path(home.path, "transferline", old_home.NAME)
    assert f"in place of {Path(pushed).name}" in ended["rollback"].stdout
    assert faults(folder) == []


def test_the_old_home_is_cleaned_but_for_what_is_still_in_use(upgraded, record):
    home, cache = upgraded
    done = home.here("clean", old_home.NAME, "--keep", "1", "--yes", "--json", **cache)
    assert done.returncode == 0, done.stderr
    freed = {kind["name"]: kind["freed"] for kind in json.loads(done.stdout)["kinds"]}
    assert freed["artifacts"] > 0
    # The newest run, and the one whose model is served since the second rollback.
    assert [run["run_id"] for run in home.runs(old_home.NAME)] == [record["run_id"], old_home.RUNS[2]]
    assert [run["mark"] for run in home.runs(old_home.NAME)] == ["rolled back", "served"]
    pushed = home.path / "transferline" / old_home.NAME / "pushed"
    assert len(list(pushed.iterdir())) == 2
    again = home.here("report", old_home.NAME, **cache)
    assert again.returncode == 0, again.stderr
    origins = home.here("lineage", old_home.NAME, "--json", **cache).stdout
    assert not any("removed" in origin["details"] for origin in json.loads(origins))


def test_a_run_with_nothing_changed_after_a_rollback_is_refused(upgraded, record):
    home, cache = upgraded
    settings = [word for setting in (*old_home.SETTINGS, "trainer.seed=2") for word in ("--set", setting)]
    refused = home.here("run", old_home.NAME, *settings, **cache)
    assert refused.returncode == 1
    version = Path(record["model_uri"]).name
    assert f"Nothing changed since the run that pushed version {version}, and on" in refused.stderr
    assert "--push-again" in refused.stderr
