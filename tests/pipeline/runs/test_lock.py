"""Each holder that is somebody else's is a process of its own."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from components.errors import TransferlineError
from pipeline.runs import lock
from pipeline.runs.lock import LOCK_FILE, Holder, held, holder_in, refuse_held

HOLDS = """
import sys, time
from pipeline.runs.lock import held
with held(sys.argv[1], "run") as lock:
    lock.of_run("20260101T000000-00001")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(home):
    """A process that holds the lock, until its stdin ends."""
    command = [sys.executable, "-c", HOLDS, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.close()


def of_another_machine(home, seconds_ago):
    """What a holder elsewhere left in the file, on a volume that keeps locks apart."""
    holder = Holder(doing="run", run_id="r1", process=7, host="elsewhere", boot="another boot", since="2026-01-01")
    file = home / LOCK_FILE
    file.write_text(holder.model_dump_json())
    then = time.time() - seconds_ago
    os.utime(file, (then, then))
    return holder


def test_the_second_is_told_who_is_at_work_and_what_to_do(tmp_path):
    with another(tmp_path) as process:
        with pytest.raises(TransferlineError) as caught, held(str(tmp_path), "clean"):
            pass
        said = caught.value.cause
        assert said.startswith("The run 20260101T000000-00001 is at work since ")
        assert f"(process {process.pid})" in said
        assert caught.value.place == str(tmp_path / LOCK_FILE)
        assert "--wait" in caught.value.cure
        with pytest.raises(TransferlineError, match="is at work since"):
            refuse_held(str(tmp_path))
    with held(str(tmp_path), "clean"):
        pass


def test_a_killed_holder_holds_nothing(tmp_path):
    with another(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / LOCK_FILE).read_text() != ""
        assert holder_in(str(tmp_path)) is None
        with held(str(tmp_path), "run") as mine:
            assert not mine.waited


def test_who_waits_says_for_whom_once_and_goes_on_after_it(tmp_path):
    told = []
    with another(tmp_path) as process:

        def tell(text):
            told.append(text)
            process.stdin.close()

        with held(str(tmp_path), "rollback", wait=True, tell=tell) as mine:
            assert mine.waited
            assert process.wait() == 0
            assert holder_in(str(tmp_path)).doing == "rollback"
    (text,) = told
    assert "The run 20260101T000000-00001 is at work since" in text
    assert text.endswith("waiting for its end.")


def test_its_own_process_is_a_holder_like_any(tmp_path):
    with held(str(tmp_path), "clean"):
        holder = holder_in(str(tmp_path))
        assert (holder.doing, holder.process, holder.host) == ("clean", os.getpid(), socket.gethostname())
        assert str(holder).startswith("A clean is at work since ")
        with pytest.raises(TransferlineError), held(str(tmp_path), "run"):
            pass
    assert holder_in(str(tmp_path)) is None


def test_asking_for_the_holder_keeps_nobody_from_it(tmp_path):
    with held(str(tmp_path), "run"):
        pass
    program = "import sys\nfrom pipeline.runs.lock import holder_in\nprint('asks', flush=True)\n"
    asking = [sys.executable, "-c", program + "while True:\n    holder_in(sys.argv[1])\n", str(tmp_path)]
    with subprocess.Popen(asking, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        try:
            for _ in range(200):
                with held(str(tmp_path), "run"):
                    pass
        finally:
            process.kill()


def test_a_holder_of_another_machine_lives_as_long_as_it_says_so(tmp_path):
    holder = of_another_machine(tmp_path, seconds_ago=5)
    assert holder_in(str(tmp_path)) == holder
    said = r"The run r1 is at work since 2026-01-01 \(process 7 on elsewhere\)"
    with pytest.raises(TransferlineError, match=said), held(str(tmp_path), "run"):
        pass
    assert (tmp_path / LOCK_FILE).read_text() == holder.model_dump_json()
    of_another_machine(tmp_path, seconds_ago=2 * lock.SECONDS_OF_A_LIVE_HOLDER)
    assert holder_in(str(tmp_path)) is None
    with held(str(tmp_path), "run"):
        pass


def test_a_holder_shows_that_it_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "SECONDS_TO_RENEW", 0.01)
    with held(str(tmp_path), "run"):
        file = tmp_path / LOCK_FILE
        os.utime(file, (0, 0))
        deadline = time.monotonic() + 30
        while file.stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_file_that_was_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    first = os.open(tmp_path / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    opened = [first]
    real = os.open

    def open_the_old_one_first(*arguments, **options):
        if opened:
            (tmp_path / LOCK_FILE).unlink()
            return opened.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(os, "open", open_the_old_one_first)
    with held(str(tmp_path), "run"):
        assert holder_in(str(tmp_path)).doing == "run"


def test_the_folder_may_be_removed_while_it_is_held(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with held(str(home), "clean"):
        (home / LOCK_FILE).unlink()
        home.rmdir()
    assert holder_in(str(home)) is None


def test_where_the_file_system_has_no_locks_the_holder_shows_that_it_lives(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with held(str(tmp_path), "run") as mine:
        mine.of_run("r1")
        assert holder_in(str(tmp_path)).run_id == "r1"
        with pytest.raises(TransferlineError, match="The run r1 is at work"), held(str(tmp_path), "clean"):
            pass
    with held(str(tmp_path), "clean"):
        pass
