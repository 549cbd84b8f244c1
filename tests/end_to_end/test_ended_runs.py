"""Runs that are ended from outside, on a terminal: what a person sees and what is kept."""

import os
import signal
from pathlib import Path

from conftest import computing
from terminal import CTRL_C, noise

ROWS = "--set=source.rows=3000"


def started(home, step):
    """Starts a run; returns its terminal and its log's path when a step is at work."""
    terminal = home.terminal("transferline", "run", "higgs_toy", ROWS)
    terminal.wait_for(step)
    return terminal, max(Path(home.path, "transferline", "higgs_toy", "logs").glob("*.log"))


def last_record(home):
    return home.runs("higgs_toy")[0]


def test_when_the_system_kills_what_computes_the_run_says_so_and_where(home):
    terminal, log = started(home, "StatisticsGen")
    os.kill(computing(log.read_text()), signal.SIGSTOP)  # the others take longer than the step
    for other in (("run", "higgs_toy", ROWS), ("clean", "higgs_toy", "--everything", "--yes")):
        done = home.here(*other)
        assert done.returncode == 1
        assert f"The run {log.stem} is at work since " in done.stderr
    assert home.runs("higgs_toy")[0]["status"] == "running"
    os.kill(computing(log.read_text()), signal.SIGKILL)
    done = terminal.end()
    record = last_record(home)
    assert done.returncode == 128 + signal.SIGKILL
    assert (record["status"], record["log"]) == ("failed", str(log))
    assert record["steps"][-1]["name"] == record["error"]["place"] == "StatisticsGen"
    assert "SIGKILL" in record["error"]["cause"]
    assert "no memory left" in record["error"]["cause"]
    assert done.lines[-3:] == [
        f"cause: {record['error']['cause']}",
        "place: StatisticsGen",
        f"cure:  {record['error']['cure']}",
    ]
    assert any(line.startswith(" ✗ StatisticsGen") for line in done.lines)
    assert noise(done.raw) == []


def test_a_run_that_is_told_to_end_ends_with_all_its_processes(home):
    terminal, log = started(home, "TFX")
    terminal.process.terminate()
    done = terminal.end()
    record = last_record(home)
    assert done.returncode == 128 + signal.SIGTERM
    assert (record["status"], record["error"]["place"]) == ("failed", "TFX")
    assert "SIGTERM" in record["error"]["cause"]
    assert "SIGTERM" in done.text
    assert not Path(f"/proc/{computing(log.read_text())}").exists()


def test_ctrl_c_interrupts_the_run_which_keeps_its_own_record(home):
    terminal, log = started(home, "TFX")
    terminal.press(CTRL_C)
    done = terminal.end()
    record = last_record(home)
    assert done.returncode == 128 + signal.SIGINT
    assert (record["error"]["cause"], record["error"]["place"]) == ("The run was interrupted.", "TFX")
    assert done.lines[-3:-1] == ["cause: The run was interrupted.", "place: TFX"]
    assert "KeyboardInterrupt" in log.read_text()
    assert noise(done.raw) == []
