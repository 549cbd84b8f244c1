import pytest

from pipeline import catalog
from pipeline.lookup.listing import listing
from pipeline.runs.home import Owner
from pipeline.runs.record import RunRecord, RunStore

PETS = "import pathlib\npathlib.Path('imported').touch()\nCONFIG = ImagePipeline(name='pets')\n"


@pytest.fixture
def pets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRANSFERLINE_CATALOG", raising=False)
    path = tmp_path / "pipelines" / "pets.py"
    path.parent.mkdir()
    path.write_text(PETS)
    return path


@pytest.fixture
def ran(tmp_path):
    def save(name, *, status="pushed", of=None, built_in=""):
        home = tmp_path / "out" / name
        RunStore(str(home)).save(RunRecord(run_id="20260101T000000-00001", status="failed"))
        RunStore(str(home)).save(RunRecord(run_id="20260102T000000-00001", status=status))
        if of is not None:
            (home / "pipeline.json").write_text(Owner(file=str(of), built_in=built_in).model_dump_json())

    return save


@pytest.fixture
def listed(tmp_path):
    def make():
        return {(each.name, each.taken): each for each in listing(str(tmp_path / "out"))}

    return make


def test_each_pipeline_with_its_kind_and_last_run(pets, ran, listed, tmp_path):
    ran("pets", status="not_blessed", of=pets)
    ran("higgs")
    found = listed()
    assert [name for name, _ in found] == sorted([*catalog.names(), "pets"])
    mine = found["pets", True]
    assert (mine.kind, mine.file, mine.found_in) == ("photos", str(pets), "./pipelines")
    assert (mine.last_run, mine.status, mine.fault) == ("20260102T000000-00001", "not_blessed", "")
    assert (found["higgs", True].kind, found["higgs", True].status) == ("rows", "pushed")
    assert (found["digits", True].last_run, found["digits", True].status) == ("", "")
    assert not (tmp_path / "imported").exists()


def test_what_is_hidden_stands_below_with_its_own_run(pets, ran, listed):
    own = pets.with_name("digits.py")
    own.write_text("CONFIG = ImagePipeline(name='digits')")
    ran("digits", of="/elsewhere/catalog/digits.py", built_in="digits")
    found = listed()
    assert found["digits", False].hidden_by == str(own)
    assert found["digits", False].status == "pushed"
    assert (found["digits", True].status, found["digits", True].hidden_by) == ("", "")
    assert "has the runs of the built-in pipeline 'digits'" in found["digits", True].fault


def test_the_runs_of_before_are_of_what_the_name_finds(pets, ran, listed):
    own = pets.with_name("digits.py")
    own.write_text("CONFIG = ImagePipeline(name='digits')")
    ran("digits")
    assert (listed()["digits", True].status, listed()["digits", False].status) == ("pushed", "")


def test_what_holds_no_pipeline_is_listed_with_the_reason(pets, ran, listed):
    pets.with_name("cars.py").write_text("CONFIG = ImagePipeline(name='pets')")
    pets.with_name("empty.py").write_text("")
    pets.with_name("broken.py").write_text("(")
    ran("cars")
    faults = {name: each.fault for (name, _), each in listed().items() if each.fault}
    assert faults == {
        "broken": "it isn't Python in line 1: '(' was never closed",
        "cars": "its pipeline has the name 'pets'",
        "empty": "it has no CONFIG",
    }
