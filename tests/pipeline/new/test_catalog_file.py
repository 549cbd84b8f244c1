import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.new.catalog_file import check_name, target_of


@pytest.mark.parametrize("name", ["my_photos", "a1"])
def test_names(name):
    check_name(name)


@pytest.mark.parametrize("name", ["my-photos", "Photos", "1st", "", "a b", "a/b", "é", "match", "class"])
def test_names_that_no_module_can_have(name):
    with pytest.raises(TransferlineError):
        check_name(name)


@pytest.mark.parametrize("name", ["json", "numpy", "tensorflow", "components", "pipeline", "sys"])
def test_names_that_would_hide_a_module(name):
    with pytest.raises(TransferlineError, match="name of a library's module"):
        check_name(name)


def test_a_module_of_the_current_folder_hides_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    check_name("mine")


def test_the_catalog_is_where_it_goes():
    assert str(target_of("my_photos", "", force=False)) == f"{next(iter(catalog.__path__))}/my_photos.py"


def test_a_file_is_only_replaced_by_force(tmp_path):
    path = tmp_path / "mine.py"
    assert target_of("mine", str(path), force=False) == path
    path.write_text("kept")
    with pytest.raises(TransferlineError, match="such a file already") as raised:
        target_of("mine", str(path), force=False)
    assert "--force" in raised.value.cure
    assert target_of("mine", str(path), force=True) == path
    with pytest.raises(TransferlineError, match="a folder"):
        target_of("mine", str(tmp_path), force=True)
