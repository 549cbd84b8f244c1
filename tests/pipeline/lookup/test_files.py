import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.lookup import files

PIPELINE = """
from pipeline.config import Evaluation, ImagePipeline, Threshold

CONFIG = ImagePipeline(name="{}", evaluation=Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a pipeline's file below the current folder, which is the test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("TRANSFERLINE_CATALOG", raising=False)

    def make(path, name="pets", text=PIPELINE):
        file = tmp_path / "here" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(name))
        return file

    return make


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """Names two folders in the variable."""
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    monkeypatch.setenv("TRANSFERLINE_CATALOG", ":".join(map(str, folders)))
    return folders


@pytest.mark.parametrize("given", ["./pets.py", "pets.py", "{here}/pets.py", "../here/pets.py"])
def test_a_path(write, given):
    path = write("pets.py", "dogs")
    file = files.find(given.format(here=path.parent))
    assert file.path.samefile(path)
    assert files.load(file).name == "dogs"
    assert files.notes(file) == []


def test_names_are_looked_up_in_the_variable_then_here_then_in_the_catalog(write, shared):
    assert files.find("digits").path == catalog.FOLDER / "digits.py"
    here = write("pipelines/digits.py", "digits")
    assert files.find("digits").path == here
    last = write(shared[1] / "digits.py", "digits")
    assert files.find("digits").path == last
    first = write(shared[0] / "digits.py", "digits")
    found = files.find("digits")
    assert found.path == first
    assert [each.path for each in found.hidden] == [last, here, catalog.FOLDER / "digits.py"]
    (note,) = files.notes(found)
    assert note.text.startswith(f"'digits' is {first}, since TRANSFERLINE_CATALOG comes before; hidden: {last} (in TR")
    assert str(catalog.FOLDER) in note.text


def test_one_file_in_two_ways_hides_nothing(write, monkeypatch):
    path = write("pipelines/pets.py")
    monkeypatch.setenv("TRANSFERLINE_CATALOG", f"{path.parent}:pipelines:")
    found = files.find("pets")
    assert (found.path, found.hidden, files.notes(found)) == (path, (), [])


def test_a_folder_that_is_not_there_is_left_out_and_named(write, shared, tmp_path):
    write(shared[1] / "pets.py")
    shared[0].rmdir()
    found = files.find("pets")
    assert found.path == shared[1] / "pets.py"
    (note,) = files.notes(found)
    assert note.text == f"TRANSFERLINE_CATALOG names {shared[0]}, which is no folder: it is left out."
    with pytest.raises(TransferlineError) as raised:
        files.find("absent")
    assert raised.value.place == f"{shared[0]} (no folder), {shared[1]}, {catalog.FOLDER}"


def test_a_file_here_is_told_from_the_catalogs(write):
    write("digits.py", "digits")
    found = files.find("digits")
    assert found.path == catalog.FOLDER / "digits.py"
    (note,) = files.notes(found)
    assert note.cure == "Give ./digits.py if that is meant."
    write("digits.py", text="no pipeline = 1")
    assert files.notes(found) == []


def test_in_the_catalogs_own_folder_its_files_are_no_others(monkeypatch):
    monkeypatch.chdir(catalog.FOLDER)
    assert files.notes(files.find("digits")) == []


def test_an_unknown_name_gets_the_nearest_and_all(write):
    write("pipelines/pets.py")
    with pytest.raises(TransferlineError, match=r"no pipeline 'pet' \(did you mean 'pets'\?\)") as raised:
        files.find("pet")
    assert "digits" in raised.value.cure
    assert "pets" in raised.value.cure


def test_a_name_whose_file_is_in_this_folder(write):
    write("cars.py", "cars")
    with pytest.raises(TransferlineError) as raised:
        files.find("cars")
    assert raised.value.cure == "Give its path: ./cars.py."


@pytest.mark.parametrize(
    ("given", "cause", "cure"),
    [
        ("./pet.py", r"no such file \(did you mean 'pets.py'\?\)", "transferline list"),
        ("./absent/pets.py", "no such file", "transferline list"),
        ("./", "This is a folder", "pets.py"),
        ("./notes.txt", "a Python file", "Name such a file."),
    ],
)
def test_a_path_that_is_none(write, given, cause, cure):
    write("pets.py")
    write("notes.txt")
    with pytest.raises(TransferlineError, match=cause) as raised:
        files.find(given)
    assert cure in raised.value.cure


def test_a_file_found_by_another_name_than_its_pipelines(write):
    path = write("pipelines/cars.py", "pets")
    with pytest.raises(TransferlineError, match="found by the name 'cars', and its pipeline has the name 'pets'"):
        files.load(files.find("cars"))
    assert files.load(files.find(str(path))).name == "pets"


def test_names_are_those_of_pipelines(write):
    write("pipelines/pets.py")
    write("pipelines/helper.py", text="X = 1")
    write("pipelines/_helper.py")
    write("pipelines/more/cars.py")
    assert files.names() == sorted([*catalog.names(), "pets"])
    with pytest.raises(TransferlineError, match="no pipeline '_helper'"):
        files.find("_helper")


def test_paths_are_completed(write):
    write("pipelines/pets.py")
    write("notes.txt")
    assert files.paths("./") == ["./pipelines/"]
    assert files.paths("./pipelines/p") == ["./pipelines/pets.py"]
    assert files.paths("absent/") == []
