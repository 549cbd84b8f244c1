"""The command as a person gives it, in a copy of the project, whose catalog it writes to, and elsewhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("pipeline", "components", "schemas"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def transferline(checkout, tmp_path):
    def run(*arguments, cwd=tmp_path, **environment):
        command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
        env = {"PYTHONPATH": str(checkout), "HOME": str(tmp_path), **environment}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)

    return run


@pytest.fixture
def photos(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(3):
            pixels = np.full((40, 40, 3), 10 * (ord(name[0]) - ord("a")) + number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    return tmp_path / "pets"


@pytest.mark.parametrize(
    ("inside", "folder"), [(True, "{checkout}/pipeline/catalog"), (False, "{here}/pipelines")], ids=["checkout", "else"]
)
def test_it_is_written_where_its_name_is_looked_up(transferline, checkout, photos, tmp_path, inside, folder):
    path = Path(folder.format(checkout=checkout, here=tmp_path)) / "my_pets.py"
    where = {"cwd": checkout / "pipeline" if inside else tmp_path}
    done = transferline("new", "my_pets", "--images", photos, **where)
    assert done.returncode == 0, done.stderr
    assert "6 photos" in done.stdout
    assert "! Few photos of a class" in done.stdout
    assert done.stdout.splitlines()[-2:] == [f"Written: {path}", "Run it:  transferline run my_pets"]
    assert str(photos) in path.read_text()
    assert "Command: `transferline run my_pets`" in path.read_text()
    assert f"--pipeline_path={path.relative_to(checkout if inside else tmp_path)}\n" in path.read_text()
    assert transferline("runs", "my_pets", "--json", **where).stdout == "[]\n"
    again = transferline("new", "my_pets", "--images", photos, **where)
    assert (again.returncode, "There is such a file already" in again.stderr) == (1, True)
    assert transferline("new", "my_pets", "--images", photos, "--force", **where).returncode == 0
    path.unlink()


def test_rows_into_a_file_elsewhere(transferline, checkout, tmp_path):
    (tmp_path / "rows.csv").write_text("size,kind\n" + "".join(f"{n / 3:.3f},{'ab'[n % 2]}\n" for n in range(60)))
    path = tmp_path / "my own" / "sizes.py"
    done = transferline("new", "sizes", "--csv", "rows.csv", "--label", "kind", "--out", "my own/sizes.py")
    assert done.returncode == 0, done.stderr
    assert "label='kind'" in path.read_text().replace('"', "'")
    assert "Command: `transferline run ./sizes.py`" in path.read_text()
    assert not (checkout / "pipeline" / "catalog" / "sizes.py").exists()
    assert done.stdout.splitlines()[-1] == f"Run it:  transferline run '{path}'"
    assert transferline("runs", path, "--json").stdout == "[]\n"


def test_a_name_that_finds_another_file_first_is_run_by_its_path(transferline, photos, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "my_pets.py").write_text("CONFIG = None")
    done = transferline("new", "my_pets", "--images", photos, TRANSFERLINE_CATALOG=str(tmp_path / "shared"))
    assert done.stdout.splitlines()[-1] == f"Run it:  transferline run {tmp_path}/pipelines/my_pets.py"


@pytest.mark.parametrize("name", ["kubeflow", "transferline", "components", "digits", "json"])
def test_a_name_that_is_taken_is_refused(transferline, photos, tmp_path, name):
    done = transferline("new", name, "--images", photos)
    assert done.returncode == 1
    assert f"Use another name, such as my_{name}" in done.stderr
    assert not (tmp_path / "pipelines").exists()


@pytest.mark.parametrize(
    ("arguments", "cause", "cure"),
    [
        ((), "Photos or rows are needed.", "Give --images FOLDER, or --csv FILE --label COLUMN"),
        (("--images", "a", "--csv", "b"), "Photos and rows are both given.", "Give --images or --csv"),
        (("--images", "a", "--csv", "b", "--label", "c"), "Photos and rows are both given.", "Give --images or --csv"),
        (
            ("--csv", "rows.csv"),
            "It isn't said which column of the rows is to be predicted.",
            "--label COLUMN to --csv rows",
        ),
        (("--images", "pets", "--label", "x"), "--label names a column of rows, and photos have none.", "Leave it out"),
        (("--label", "x"), "--label names a column of rows, and no rows are given.", "Give the rows with --csv FILE"),
    ],
)
def test_what_is_missing_or_too_much_is_said(transferline, arguments, cause, cure):
    done = transferline("new", "mine", *arguments)
    assert done.returncode == 1
    assert cause in done.stderr
    assert cure in done.stderr
    assert "Traceback" not in done.stderr


def test_what_would_stop_at_the_gate_is_said_with_the_command_that_goes_on(transferline, tmp_path):
    lines = [f"{n / 7:.3f},{'' if n % 16 == 0 else 'ab'[n % 2]}" for n in range(400)]
    (tmp_path / "poll.csv").write_text("\n".join(["x,answer", *lines]))
    done = transferline("new", "poll", "--csv", "poll.csv", "--label", "answer")
    assert done.returncode == 0, done.stderr
    assert (
        "! 25 of 400 rows can't be used (6.2%); more than 5% stop the run: the label answer is missing" in done.stdout
    )
    assert "Run it" not in done.stdout
    *_, what, command = done.stdout.splitlines()
    assert what == "A run would stop at the gate. Fix the data first, or let it pass:"
    assert command.strip() == "transferline run poll --set gate.max_quarantined=0.1"

    as_it_is = transferline("check", "poll", "--json")
    assert as_it_is.returncode == 1
    (finding,) = [each for each in json.loads(as_it_is.stdout) if each["level"] == "fault"]
    assert finding["text"].startswith("25 of 400 rows can't be used (6.2%)")
    setting = command.split()[-2:]
    assert " ".join(setting) in finding["cure"]
    assert transferline("check", "poll", *setting, "--json").returncode == 0
