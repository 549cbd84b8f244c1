"""Paths that begin with ~, which shells leave alone after `=` and within quotes."""

import pytest
from typer.testing import CliRunner

from components.cache_folder import CACHE_VARIABLE, cache_folder
from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cli import app
from pipeline.config.overrides import apply_overrides
from pipeline.data.sources import with_data
from pipeline.lookup.files import CATALOG_VARIABLE, find
from pipeline.new.catalog_file import target_of

OF_NOBODY = "~no_such_user/there"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's home; the current folder is another one."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def transferline(*arguments):
    done = CliRunner().invoke(app, [*map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_what_is_written_goes_to_the_home(home):
    transferline("data", "higgs_toy", "--rows", 100, "--out=~/rows.csv")
    settings = ["--set", "data.path=gs://b/photos", "--set", "trainer.weights=None", "--image=i", "--root=gs://b"]
    transferline("compile", "photos", "--target=kubeflow", *settings, "--out=~/job.yaml")
    assert sorted(path.name for path in home.glob("[!.]*")) == ["job.yaml", "rows.csv"]
    assert not any(home.with_name("here").iterdir())


def test_doctor_looks_at_the_disk_of_the_home(home):
    (home / "out").touch()
    assert str(home / "out") in transferline("doctor", "--output-dir=~/out", "--json")


def test_where_there_is_no_such_user_it_is_a_name_as_any(home, monkeypatch):
    here = home.with_name("here")
    for variable in (CACHE_VARIABLE, CATALOG_VARIABLE):
        monkeypatch.setenv(variable, OF_NOBODY)
    assert not cache_folder().is_absolute()
    assert f"hasn't run yet in {here}/{OF_NOBODY}" in transferline("runs", "digits", f"--output-dir={OF_NOBODY}")
    photos = apply_overrides(catalog.load("photos"), [f"data.path={OF_NOBODY}"])
    assert with_data(photos).data.path == f"{here}/{OF_NOBODY}"
    assert target_of("mine", f"{OF_NOBODY}.py", force=False) == here / f"{OF_NOBODY}.py"
    with pytest.raises(TransferlineError, match="There is no such file") as told:
        find(f"{OF_NOBODY}.py")
    assert told.value.place == f"{here}/{OF_NOBODY}.py"


@pytest.mark.parametrize("command", [("predict", "digits", "a.png", "--out"), ("report", "digits", "--predictions")])
def test_a_folder_of_no_user_is_told_as_missing(home, command):
    with pytest.raises(TransferlineError, match="~no_such_user"):
        transferline(*command, f"{OF_NOBODY}.csv")
