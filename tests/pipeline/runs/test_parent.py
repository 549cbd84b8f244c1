"""What the parent makes of children that end in all ways; each is a process of its own."""

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import pytest
from terminal import Terminal

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs import launch
from pipeline.runs.channel import Task
from pipeline.runs.lock import LOCK_FILE, held
from pipeline.runs.parent import CHILD, _hear, run_in_child
from pipeline.runs.record import RunStore
from pipeline.runs.rollbacks import Rollback, keep_rollbacks, rollbacks
from pipeline.runs.scratch import scratch_folder
from pipeline.runs.served import Versions

ROOT = Path(__file__).parents[3]
CHILD_BEGINS = """
import ctypes, os, signal, sys, time
from pipeline.runs.channel import Sender, Task
from pipeline.runs.record import RunStore
task = Task.model_validate_json(sys.stdin.read())
display, store = Sender(int(sys.argv[1])), RunStore(task.config.home)
store.save(task.record)
"""
PARENT = """
import sys
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.launch import exit_status
from pipeline.runs.parent import CHILD, run_in_child
config = apply_overrides(catalog.load("photos"), [f"output_dir={sys.argv[1]}"])
record = run_in_child(config, child=(*CHILD[:-2], "-c", sys.argv[2]))
print("what whoever started the run says of it", flush=True)
sys.exit(exit_status(record))
"""


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path / 'out'}"])


def child(program):
    """The command of a child that does something else than to compute."""
    return (*CHILD[: CHILD.index("-m")], "-c", CHILD_BEGINS + program)


def kept(config):
    (record,) = RunStore(config.home).runs()
    return record


def test_a_killed_child_fails_the_run_in_the_step_at_work(config, capfd):
    program = "with display.working('Trainer'):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    record = run_in_child(config, child=child(program))
    assert record == kept(config)
    assert record.status == "failed"
    assert [step.name for step in record.steps] == ["Trainer"]
    assert record.error.cause == "The run was killed (SIGKILL): often the system had no memory left."
    assert (record.error.place, record.error.cure[:12]) == ("Trainer", "Run it again")
    shown = capfd.readouterr().out.splitlines()
    assert shown[0] == f"photos → {config.home}"
    assert shown[1].startswith(" ✗ Trainer ")
    assert f"Log:    {record.log}" in shown
    assert shown[-3:-1] == [f"cause: {record.error.cause}", "place: Trainer"]


def test_a_crash_is_named_and_its_traceback_is_in_the_log(config):
    record = run_in_child(config, child=child("with display.working('Trainer'):\n    ctypes.string_at(0)\n"))
    assert record.error.cause == "The run's process crashed (SIGSEGV)."
    assert "Segmentation fault" in Path(record.log).read_text()


def test_a_child_that_just_ends_fails_the_run_with_its_exit_status(config):
    record = run_in_child(config, child=child("sys.exit(3)"))
    assert "with the exit status 3" in record.error.cause
    assert record.error.place == "before the first step"
    assert record == kept(config)


def test_a_child_that_never_came_to_keep_a_record_gets_one(config):
    record = run_in_child(config, child=("false",))
    assert (record.status, record.config["name"]) == ("failed", "photos")
    assert record == kept(config)


def test_runs_of_one_process_within_a_second_are_each_kept(config):
    ran = [run_in_child(config, child=("false",)) for _ in range(3)]
    assert RunStore(config.home).runs() == ran[::-1]


def test_an_outcome_that_was_kept_stands_whatever_ends_the_child_after_it(config, capfd):
    program = (
        "store.save(task.record.model_copy(update={'status': 'pushed', 'model_uri': '/m/1'}))\n"
        "with display.working('Report'):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    record = run_in_child(config, child=child(program))
    assert (record.status, record.error) == ("pushed", None)
    assert "Model:  /m/1" in capfd.readouterr().out


def test_an_outcome_that_the_child_could_only_tell_is_kept(config):
    program = "display.finish(task.record.model_copy(update={'status': 'pushed', 'model_uri': '/m/1'}))\n"
    record = run_in_child(config, child=child(program))
    assert kept(config) == record
    assert record.status == "pushed"


def test_a_run_that_nobody_sees_any_more_is_ended_and_its_record_says_so(config):
    program = CHILD_BEGINS + (
        "from components.outcome import Step\n"
        "for number in range(1000):\n"
        "    display.step_failed(Step(name='Trainer', seconds=1, cached=False))\n"
        "    time.sleep(0.1)\n"
    )
    command = [sys.executable, "-c", PARENT, config.output_dir, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        parent.stdout.readline()
        parent.stdout.close()
    assert parent.returncode != 0
    assert kept(config).status == "failed"
    assert kept(config).error.cause == "The run was ended: what it prints to was closed."


def test_what_is_printed_is_in_the_log_and_nowhere_else(config, capfd):
    program = "print('python out')\nprint('python err', file=sys.stderr)\nos.system('echo from a grandchild')\n"
    record = run_in_child(config, child=child(program))
    noise = {"python out", "python err", "from a grandchild"}
    assert noise <= set(Path(record.log).read_text().splitlines())
    shown = capfd.readouterr()
    assert shown.err == ""
    assert not noise & set(shown.out.splitlines())


def test_a_grandchild_that_holds_the_channel_keeps_nobody_waiting(config):
    record = run_in_child(config, child=child("if not (found := os.fork()):\n    time.sleep(1000)\nprint(found)\n"))
    grandchild = int(Path(record.log).read_text())
    os.kill(grandchild, signal.SIGKILL)  # which fails if it were gone already
    assert record.status == "failed"


def test_it_is_looked_at_the_step_at_work_while_nothing_is_told():
    ours, its = os.pipe()
    waits = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(its,))
    os.close(its)
    told = []
    with waits, open(ours, "rb"):
        _hear(waits, ours, told.append, waits.stdin.close)  # nothing else ends it
        assert waits.wait() == 0
    assert told == []


def test_a_run_in_a_thread_ends_as_any(config):
    with ThreadPoolExecutor(1) as thread:
        record = thread.submit(run_in_child, config, child=child("sys.exit(3)")).result()
    assert record.status == "failed"


@pytest.mark.parametrize(
    ("program", "cause", "number"),
    [
        ("os.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(1000)\n", "The run was told to end (SIGTERM).", 15),
        ("os.kill(os.getppid(), signal.SIGINT)\ntime.sleep(1000)\n", "The run was interrupted.", 2),
        # As one who presses Ctrl-C again and again, since nothing happens.
        (
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "while True:\n    os.kill(os.getppid(), signal.SIGINT)\n    time.sleep(0.1)\n",
            "The run was interrupted.",
            2,
        ),
    ],
)
def test_what_the_parent_is_told_it_tells_the_child(config, tmp_path, program, cause, number):
    command = ["env", "--default-signal=INT,TERM", sys.executable, "-c", PARENT, str(tmp_path / "out")]
    done = subprocess.run([*command, CHILD_BEGINS + program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert (kept(config).error.cause, kept(config).signal) == (cause, number)
    assert f"cause: {cause}" in done.stdout


def test_libraries_of_a_user_without_a_home_are_not_told_of_a_folder_of_the_name_tilde(config, tmp_path):
    without = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    command = ["unshare", "--user", "--map-user=12345", sys.executable, "-c", PARENT, str(tmp_path / "out")]
    program = CHILD_BEGINS + "print(os.path.expanduser('~/.keras'))\n"
    subprocess.run([*command, program], env=without, stdout=subprocess.PIPE, check=False)
    assert Path(kept(config).log).read_text() == "/.keras\n"


def test_a_run_whose_terminal_is_closed_says_so_in_its_record(config, tmp_path):
    program = CHILD_BEGINS + "with display.working('Trainer'):\n    time.sleep(1000)\n"
    command = (sys.executable, "-c", PARENT, str(tmp_path / "out"), program)
    terminal = Terminal(command, env=dict(os.environ), cwd=ROOT)
    terminal.wait_for("Trainer")
    assert terminal.close() == 128 + signal.SIGHUP
    record = kept(config)
    assert (record.status, record.error.place) == ("failed", "Trainer")
    assert record.error.cause == "The run was told to end (SIGHUP): its terminal was closed."


def test_a_child_whose_terminal_is_closed_comes_to_its_own_end(config, tmp_path):
    program = CHILD_BEGINS + (
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])\n"
        "with display.working('Trainer'):\n    signal.sigwait([signal.SIGHUP])\n"
        "for number in range(3):\n"
        "    with display.working('Pusher'):\n        time.sleep(0.5)\n"
        "display.finish(task.record.model_copy(update={'status': 'pushed', 'model_uri': '/m/1'}))\n"
    )
    command = (sys.executable, "-c", PARENT, str(tmp_path / "out"), program)
    terminal = Terminal(command, env=dict(os.environ), cwd=ROOT)
    terminal.wait_for("Trainer")
    assert terminal.close() == 0
    assert kept(config).status == "pushed"


def test_the_second_of_two_runs_is_told_of_the_first_or_waits_for_it(config):
    with held(config.home, "run") as lock:
        lock.of_run("20260101T000000-00001")
        with pytest.raises(TransferlineError, match="The run 20260101T000000-00001 is at work since"):
            run_in_child(config, child=("false",))
        assert RunStore(config.home).runs() == []
    with ThreadPoolExecutor(1) as thread:
        with held(config.home, "run"):
            waiting = thread.submit(run_in_child, config, child=("false",), wait=True)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1.5)
        assert waiting.result() == kept(config)


def test_the_next_run_closes_the_record_of_one_that_was_killed_as_a_whole_and_says_so(config, capfd):
    killed = Task.of(config, "20260101T000000-00001", "a.log").record.model_copy(update={"at_work": "Trainer"})
    RunStore(config.home).save(killed)
    with held(config.home, "run") as lock:
        lock.of_run(killed.run_id)
        left = Path(config.home, LOCK_FILE).read_text()
    Path(config.home, LOCK_FILE).write_text(left)
    run_in_child(config, child=("false",))
    record = RunStore(config.home).find(killed.run_id)
    assert (record.status, record.error.place, record.at_work) == ("failed", "Trainer", "")
    said = f"The run {killed.run_id} didn't come to its end, in Trainer: {record.error.cause}"
    assert said in capfd.readouterr().out.splitlines()


def test_a_rollback_that_was_killed_before_it_pushed_is_forgotten_before_a_run_pushes(config):
    for version in (1, 2):
        Path(config.pushed_dir, str(version)).mkdir(parents=True)
    there, killed = (
        Rollback(time="", from_version=1, to_version=1, pushed_as=number, model_uri="") for number in (2, 3)
    )
    keep_rollbacks(config.home, [there, killed])
    run_in_child(config, child=child("os.mkdir(f'{task.config.pushed_dir}/3')"))
    assert rollbacks(config.home) == [there]
    assert Versions(config).copied(3) is None


def test_what_libraries_leave_among_temporary_files_goes_with_the_run(config, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder(config.home) as (dead, _):
        pass
    Path(dead).mkdir()  # as it is after a kill
    program = "import tempfile\nprint(tempfile.mkdtemp(prefix='beam-'))\nos.kill(os.getpid(), signal.SIGKILL)\n"
    record = run_in_child(config, child=child(program))
    said, made = Path(record.log).read_text().splitlines()
    assert said == f"left by an interruption, and removed: {dead}"
    assert Path(made).parent.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == [Path(config.output_dir).name]


def test_a_run_is_at_work_for_all_as_long_as_it_is(config):
    program = (
        "from pipeline.runs.lock import holder_in\n"
        "holder, (record,) = holder_in(task.config.home), store.runs()\n"
        "assert (holder.run_id, holder.process, record.status) == (task.run_id, os.getppid(), 'running')\n"
        "sys.exit(41)\n"
    )
    assert "exit status 41" in run_in_child(config, child=child(program)).error.cause


def test_a_package_of_the_users_is_not_taken_for_ours(config, monkeypatch, tmp_path):
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)
    record = launch.run(apply_overrides(config, ["data.path=absent"]))
    assert [step.name for step in record.steps] == ["Data"]
    assert record.error.place == str(tmp_path / "absent")
    assert "Traceback" in Path(record.log).read_text()
