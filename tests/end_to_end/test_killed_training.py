"""Two workers train; one is killed, then the whole run, and what is pushed is what an undisturbed run would push."""

import json
import os
import re
import signal
import time
from pathlib import Path

import worker_ports
from conftest import computing

EPOCHS = 60
SETTINGS = (
    "--set=source.rows=3000",
    '--set=trainer.models={"small": {"widths": [16], "dropout": 0.1}}',
    "--set=trainer.strategy=multi_worker",
    "--set=trainer.workers=2",
    f"--set=trainer.open_worker_ports={worker_ports.must_be_open()}",
    "--set=trainer.checkpoint_seconds=0",
    f"--set=trainer.max_epochs={EPOCHS}",
    f"--set=trainer.patience={EPOCHS}",
    '--set=evaluation.thresholds=[{"metric": "auc", "at_least": 0.5}]',
)


def wait_for(condition, run):
    """Waits until the condition gives something, while the run is at work; returns it."""
    deadline = time.monotonic() + 300
    while not (found := condition()):
        assert run.poll() is None, "the run ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def epochs_of_checkpoints(folder):
    return max((int(path.stem.split("-")[1]) for path in folder.glob("checkpoints/*/ckpt-*.index")), default=0)


def log_of(folder):
    (log,) = (folder / "logs").glob("*.log")
    return log.read_text()


def resumed_after(log):
    return [int(epoch) for epoch in re.findall(r"training goes on after epoch (\d+)", log)]


def workers_of(log):
    return [int(process) for process in re.findall(r"worker \d of 2 is process (\d+)", log)]


def test_a_killed_worker_and_a_killed_run_go_on_and_push_once(home):
    folder = home.path / "transferline" / "higgs_toy"
    with home.start("run", "higgs_toy", *SETTINGS) as run:
        wait_for(lambda: epochs_of_checkpoints(folder) >= 3, run)
        os.kill(workers_of(log_of(folder))[1], signal.SIGKILL)
        wait_for(lambda: resumed_after(log_of(folder)), run)
        (first,) = resumed_after(log_of(folder))
        wait_for(lambda: epochs_of_checkpoints(folder) > first, run)
        run.kill()
    log = log_of(folder)
    assert "is ignored" not in log
    assert "Worker 1 was ended by SIGKILL; all workers are started again" in log
    assert 3 <= first < EPOCHS
    assert not (folder / "pushed").exists()
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{process}") for process in (computing(log), *workers_of(log))):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    done = home.forked("run", "higgs_toy", *SETTINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    records = home.runs("higgs_toy")
    assert [record["status"] for record in records] == ["pushed", "failed"]
    ended = records[1]
    assert (ended["error"]["place"], ended["at_work"]) == ("Trainer", "")
    assert f"The run {ended['run_id']} didn't come to its end, in Trainer: {ended['error']['cause']}\n" in done.stdout
    left = Path(records[0]["log"]).read_text().partition("left by an interruption, and removed: execution ")[2]
    assert left.partition(" ")[2].startswith(f"of Trainer in the run {ended['run_id']}\n")
    assert {step["name"] for step in records[0]["steps"] if not step["cached"]} >= {"Trainer", "Evaluator", "Pusher"}
    assert next(step for step in records[0]["steps"] if step["name"] == "Transform")["cached"]
    (second,) = resumed_after(Path(records[0]["log"]).read_text())
    assert first < second < EPOCHS
    assert [str(path) for path in (folder / "pushed").iterdir()] == [records[0]["model_uri"]]
    (curves,) = (folder / "artifacts" / "Trainer" / "model_run").glob("*/training.json")
    found = json.loads(curves.read_text())
    assert found["epochs"] == list(range(1, EPOCHS + 1))
    assert {len(values) for values in found["metrics"].values()} == {EPOCHS}
    assert list((folder / "checkpoints").iterdir()) == []
