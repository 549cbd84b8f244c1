import importlib.util
import sys

import pytest
from small_disk import small_disk

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.new.catalog_file import check_name, target_of, write


@pytest.mark.parametrize("name", ["my_photos", "a1"])
def test_names(name):
    check_name(name)


@pytest.mark.parametrize("name", ["my-photos", "Photos", "1st", "", "a b", "a/b", "é", "match", "class"])
def test_names_that_no_module_can_have(name):
    with pytest.raises(TransferlineError):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["json", "numpy", "tensorflow", "sys", "components", "pipeline", "schemas", "kubeflow", "transferline"]
)
def test_names_that_would_hide_a_module(name):
    with pytest.raises(TransferlineError, match="name of a library's module"):
        check_name(name)


def test_a_module_of_the_current_folder_hides_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    check_name("mine")


def test_a_module_that_an_editable_install_brings_is_one(monkeypatch, tmp_path):
    (tmp_path / "elsewhere.py").write_text("")

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name != "edited":
                return None
            return importlib.util.spec_from_file_location(name, tmp_path / "elsewhere.py")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    with pytest.raises(TransferlineError, match="name of a library's module"):
        check_name("edited")


def test_in_the_checkout_the_catalog_is_where_it_goes(monkeypatch):
    monkeypatch.chdir(catalog.FOLDER.parent)
    assert target_of("my_photos", "", force=False) == catalog.FOLDER / "my_photos.py"


def test_elsewhere_it_goes_to_a_folder_of_the_users_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert target_of("my_photos", "", force=False) == tmp_path / "pipelines" / "my_photos.py"


@pytest.mark.parametrize(("file", "cause"), [("pets.txt", "no Python file"), ("numpy.py", "a library's module")])
def test_files_that_it_cannot_be(tmp_path, file, cause):
    with pytest.raises(TransferlineError, match=cause):
        target_of("pets", str(tmp_path / file), force=False)


def test_a_built_in_pipelines_name_would_share_its_folder_of_runs(tmp_path):
    with pytest.raises(TransferlineError, match="built-in catalog"):
        target_of("digits", str(tmp_path / "digits.py"), force=True)
    assert target_of("digits", str(catalog.FOLDER / "digits.py"), force=True) == catalog.FOLDER / "digits.py"


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


def test_a_file_that_is_replaced_is_whole_until_then_and_a_full_disk_leaves_it(tmp_path):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk") as disk:
        file = disk.path / "own.py"
        write("CONFIG = 1\n", file)
        disk.fill()
        with pytest.raises(TransferlineError, match="The disk is full: ") as raised:
            write("CONFIG = 2\n" * 1000, file)
        assert raised.value.cure == "Make room there, or name another place with --out."
        assert file.read_text() == "CONFIG = 1\n"
        assert sorted(path.name for path in disk.path.iterdir()) == ["filler", "own.py"]
        (disk.path / "filler").unlink()
        write("CONFIG = 2\n", file)
        assert file.read_text() == "CONFIG = 2\n"
