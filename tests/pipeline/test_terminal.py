"""Names and values from data on a real terminal: shown to the letter, never obeyed, in what commands say and write."""

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from rich.console import Console
from small_models import save_row_model
from terminal import Terminal

from components.outcome import Failure
from pipeline import catalog
from pipeline.runs.record import RunRecord, RunStore
from pipeline.terminal import SafeConsole, SafeStream, safe_streams

TITLE, HIDDEN, TURNED, CSI = "\x1b]0;PWNED\x07", "\x1b[8m", "\u202e", "\u009b31m"
HOSTILE = f"bad{TITLE}{HIDDEN}{TURNED}{CSI}:cat:"
VISIBLE = r"bad\x1b]0;PWNED\x07\x1b[8m\u202e\x9b31m:cat:"


class Commands:
    """Runs commands in a folder, on a terminal or not."""

    def __init__(self, folder):
        self.folder = folder
        self.program = Path(sys.executable).with_name("transferline")

    def __call__(self, *arguments):
        command = [self.program, *arguments, "--output-dir", self.folder / "out"]
        done = Terminal(command, env=dict(os.environ), cwd=self.folder).end()
        shown = done.raw
        assert not [each for each in (TITLE[:2], HIDDEN, TURNED, CSI[0], "\x07", "🐱") if each in shown], shown
        # What a terminal is told beside text are the colours of tables and the lines' ends, and nothing else.
        return done.text.replace("\n", "")


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        f"{'oops' if number % 40 == 0 else number / 7},{number % 13},{('yes', HOSTILE)[number % 2]}"
        for number in range(400)
    ]
    (folder / "rows.csv").write_text("\n".join([f"{HOSTILE},b,label", *rows]) + "\n", encoding="utf-8")
    (folder / "new.csv").write_text(f"{HOSTILE},b\n1,2\noops,3\n4,4\n", encoding="utf-8")
    return Commands(folder)


def test_new_shows_and_writes_names_to_the_letter(commands):
    file = commands.folder / "pipelines" / "hostile.py"
    done = Terminal(
        [commands.program, "new", "hostile", "--csv", "rows.csv", "--label", "label"],
        env=dict(os.environ),
        cwd=commands.folder,
    ).end()
    assert done.returncode == 0, done.text
    assert not [each for each in (TITLE[:2], HIDDEN, TURNED, CSI[0], "🐱") if each in done.raw], done.raw
    assert VISIBLE in done.text.replace("\n", "")
    written = file.read_text("utf-8")
    assert r"\u202e" in written
    assert not [letter for letter in written if not letter.isprintable() and letter != "\n"]


def test_check_shows_them_to_the_letter(commands):
    assert r"\x1b]0;PWNED" in commands("check", "./pipelines/hostile.py")


def test_predict_shows_them_to_the_letter(commands):
    save_row_model(commands.folder / "out" / "hostile" / "pushed" / "7", ("yes", HOSTILE), (HOSTILE, "b"))
    shown = commands("predict", "./pipelines/hostile.py", "new.csv")
    assert f"{VISIBLE}: 'oops' is no number" in shown
    assert "2 predicted, 1 couldn't be" in shown
    as_json = commands("predict", "./pipelines/hostile.py", "new.csv", "--json")
    assert r"\u001b]0;PWNED\u0007\u001b[8m\u202e\u009b31m:cat:" in as_json


def test_runs_and_errors_show_them_to_the_letter(commands):
    record = RunRecord(
        run_id="20260101T000000-1", status="failed", model_uri=f"/m/{HOSTILE}", error=Failure(cause=f"No {HOSTILE}.")
    )
    RunStore(str(commands.folder / "out" / "hostile")).save(record)
    commands("runs", "./pipelines/hostile.py")
    assert VISIBLE in commands("check", "./pipelines/hostile.py", "--set", f"trainer.{HOSTILE}=1")


def test_a_log_shows_them_to_the_letter_and_consoles_keep_their_colours(capsys):
    with safe_streams():
        sys.stdout.writelines([HOSTILE, "\n"])
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            traceback.print_exc()
        Console(force_terminal=True, color_system="standard").print("[red]no[/]")
        SafeConsole(force_terminal=True, color_system="standard").print(f"[red]{HOSTILE}[/]")
    shown = capsys.readouterr()
    assert shown.out == f"{VISIBLE}\n\x1b[31mno\x1b[0m\n\x1b[31m{VISIBLE}\x1b[0m\n"
    assert f"ValueError: {VISIBLE}\n" in shown.err
    assert not isinstance(sys.stderr, SafeStream)


@pytest.mark.parametrize(
    "locale", [{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_a_terminal_without_utf_8_gets_an_answer_all_the_same(tmp_path, locale):
    environment = {**os.environ, "TRANSFERLINE_OUTPUT_DIR": str(tmp_path), **locale}
    for command in (["check", "higgs_toy"], ["settings", "digits"]):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *command], env=environment, capture_output=True, check=False
        )
        assert done.stderr == b""
        assert b"settings" in done.stdout or b"trainer.batch_size" in done.stdout
        mark = "✓" if "LC_ALL" in locale else "?"
        assert mark.encode() in done.stdout or command[0] == "settings"


RUN = ("-m", "pipeline", "run", "photos")
SCRIPT = (str(catalog.FOLDER / "photos.py"),)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", [RUN, SCRIPT], ids=["run", "script"])
def test_a_run_whose_streams_are_closed_comes_to_its_end(tmp_path, command, closed):
    environment = {**os.environ, "TRANSFERLINE_DATA_DIR": "/nowhere", "TRANSFERLINE_OUTPUT_DIR": str(tmp_path)}
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable]
    done = subprocess.run([*shell, *command], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    (record,) = RunStore(str(tmp_path / "photos")).runs()
    assert record.error.cause == "There is no such file or folder."
    assert ("There is no such file or folder." in done.stdout) == (">&-" not in closed.split())


@pytest.mark.parametrize("command", [("list",), ("runs", "photos"), ("settings", "digits"), ("--version",)])
def test_commands_whose_stdout_is_closed_come_to_their_end(tmp_path, command):
    environment = {**os.environ, "TRANSFERLINE_OUTPUT_DIR": str(tmp_path)}
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "pipeline"]
    done = subprocess.run([*shell, *command], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
