"""Pipelines of a user's own, outside of the checkout, by command; and what bad ones get."""

import json

import in_process
import pytest

from pipeline import catalog
from pipeline.config.file import load_file
from pipeline.runs.home import claim
from pipeline.runs.record import RunRecord, RunStore

PIPELINE = """
from pipeline.config import Evaluation, ImagePipeline, Threshold

CONFIG = ImagePipeline(name="{}", evaluation=Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)))
"""


@pytest.fixture
def project(tmp_path):
    """A folder with a pipeline of its own in it."""
    write(tmp_path / "project" / "pipelines" / "pets.py")
    return tmp_path / "project"


def write(path, name="pets", text=PIPELINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(name))
    return path


@pytest.fixture
def transferline(project, tmp_path):
    def run(*arguments, cwd=project, **environment):
        env = {"TRANSFERLINE_OUTPUT_DIR": str(tmp_path / "out"), "HOME": str(tmp_path), **environment}
        return in_process.transferline(*arguments, env=env, cwd=cwd)

    return run


def findings(done):
    return {(each["subject"], each["level"]): each["text"] for each in json.loads(done.stdout)}


@pytest.mark.parametrize("given", ["pets", "pipelines/pets.py"])
@pytest.mark.parametrize("command", [("runs",), ("clean",), ("report",), ("predict", "x.jpg"), ("run",)])
def test_commands_take_a_name_or_a_path(transferline, given, command):
    """What each of them says of a pipeline that never ran, and that has no data."""
    expected = {
        "runs": "hasn't run yet",
        "clean": "There is no local folder of runs of 'pets'",
        "report": "This pipeline hasn't run yet",
        "predict": "No model of 'pets' has been pushed yet",
        "run": "The pipeline 'pets' has no data of its own",
    }
    done = transferline(command[0], given, *command[1:])
    assert expected[command[0]] in done.stdout + done.stderr


def test_a_file_without_config(transferline, project):
    path = write(project / "pipelines" / "empty.py", text="X = 1")
    for command in ("run", "runs", "compile"):
        more = ["--target=vertex", "--image=i", "--root=gs://b", "-o", "x"] if command == "compile" else []
        done = transferline(command, "empty", *more)
        assert done.returncode == 1
        assert done.stderr == (
            f"transferline: The file has no CONFIG, so it holds no pipeline.\n  place: {path}\n"
            "  cure:  Assign an ImagePipeline or a RowPipeline to CONFIG there.\n"
        )
    assert "has no CONFIG" in findings(transferline("check", "empty", "--json"))["settings", "fault"]
    assert f"{path}: it has no CONFIG" in transferline("list").stdout


def test_a_file_that_raises(transferline, project):
    path = write(project / "pipelines" / "broken.py", text="import json\n\nCONFIG = json.loads('{{')\n")
    place = f"{path}, line 3: CONFIG = json.loads('{{')"
    for command in ("run", "runs"):
        done = transferline(command, path)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "transferline: The file raises JSONDecodeError" in done.stderr
        assert f"  place: {place}\n" in done.stderr
    fault = findings(transferline("check", "broken", "--json"))["settings", "fault"]
    assert place in fault
    assert transferline("list").returncode == 0


def test_a_catalog_folder_that_is_not_there(transferline, tmp_path):
    missing = {"TRANSFERLINE_CATALOG": str(tmp_path / "absent")}
    note = f"TRANSFERLINE_CATALOG names {tmp_path}/absent, which is no folder: it is left out."
    assert json.loads(transferline("runs", "pets", "--json", **missing).stdout) == []
    for arguments in (("run", "pets"), ("runs", "pets", "--json"), ("list",), ("list", "--json")):
        done = transferline(*arguments, **missing)
        assert done.stderr.count(note) == 1
        assert note not in done.stdout
    assert findings(transferline("check", "pets", "--json", **missing))["file", "warning"] == note


def test_two_files_of_one_name(transferline, project, tmp_path):
    first = write(tmp_path / "shared" / "pets.py")
    hidden = project / "pipelines" / "pets.py"
    both = {"TRANSFERLINE_CATALOG": str(tmp_path / "shared")}
    note = f"'pets' is {first}, since TRANSFERLINE_CATALOG comes before; hidden: {hidden} (in ./pipelines)."
    for arguments in (("run", "pets"), ("runs", "pets", "--json")):
        assert transferline(*arguments, **both).stderr.splitlines()[0].startswith(f"transferline: {note} ")
    assert findings(transferline("check", "pets", "--json", **both))["file", "warning"] == note
    assert str(first) in findings(transferline("check", "pets", "--json", **both))["settings", "ok"]
    assert f"{hidden}: hidden by {first}" in transferline("list", **both).stdout
    taken = {each["file"]: each["taken"] for each in json.loads(transferline("list", "--json", **both).stdout)}
    assert (taken[str(first)], taken[str(hidden)]) == (True, False)
    by_path = transferline("runs", "pipelines/pets.py", "--json", "--output-dir", tmp_path / "mine", **both)
    assert (by_path.returncode, by_path.stderr) == (0, "")


def test_a_name_of_a_file_here_and_of_the_built_in_catalog(transferline, project):
    built_in = catalog.FOLDER / "digits.py"
    here = write(project / "digits.py", "digits")
    note = f"'digits' is {built_in} (in the built-in catalog), and not digits.py in this folder."
    assert note in transferline("runs", "digits", "--json").stderr
    assert findings(transferline("check", "digits", "--json"))["file", "warning"] == note
    here.rename(project / "pipelines" / "digits.py")
    note = f"'digits' is {project}/pipelines/digits.py, since ./pipelines comes before; hidden: {built_in}"
    assert note in transferline("runs", "digits", "--json").stderr
    assert findings(transferline("check", "digits", "--json"))["file", "warning"].startswith(note)
    assert f"{built_in}: hidden by {project}/pipelines/digits.py" in transferline("list").stdout


def test_another_projects_pipeline_of_the_name_is_refused_by_every_command(transferline, project, tmp_path):
    other = write(tmp_path / "other" / "pipelines" / "pets.py")
    config = load_file(other).model_copy(update={"output_dir": str(tmp_path / "out")})
    claim(config)
    RunStore(config.home).save(RunRecord(run_id="20260101T000000-00001", status="pushed"))
    before = sorted((tmp_path / "out").rglob("*"))
    commands = [("run",), ("clean", "--yes", "--everything"), ("rollback", "1"), ("runs", "--json"), ("report",)]
    commands += [("predict", "x"), ("lineage",), ("compare", "latest", "previous")]
    for name, *more in commands:
        done = transferline(name, "pets", *more)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"another pipeline of the name 'pets': {other}" in done.stderr
        assert "--output-dir" in done.stderr
    assert str(other) in findings(transferline("check", "pets", "--json"))["place", "fault"]
    assert f"has the runs of {other}" in transferline("list").stdout
    assert sorted((tmp_path / "out").rglob("*")) == before
    assert transferline("runs", "pets", "--json", "--output-dir", tmp_path / "mine").stdout == "[]\n"
    other.unlink()
    done = transferline("runs", "pets", "--json")
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 1)
    assert f"it is taken as that of {project}/pipelines/pets.py" in done.stderr


def test_the_list_for_people_and_for_programs(transferline, project):
    shown = transferline("list")
    assert shown.stderr == ""
    assert shown.stdout.split()[:6] == ["name", "kind", "last", "run", "status", "file"]
    assert f"{project}/pipelines/pets.py" in shown.stdout
    listed = json.loads(transferline("list", "--json").stdout)
    assert [each["name"] for each in listed] == sorted([*catalog.names(), "pets"])
