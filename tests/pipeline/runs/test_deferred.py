"""Deferred modules, each of a package that is written for the test."""

import sys
import threading
from importlib import import_module

import pytest

from pipeline.runs.deferred import Deferred, defer

FILES = {
    "__init__.py": "import time\nprint('read', __name__)\ntime.sleep(0.1)\nvalue = 1\nfrom {name} import part\n",
    "part.py": "number = 2\n",
    "clash.py": "from {name} import value\n",
    "broken.py": "raise ImportError('not on this machine')\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """The name of a package that is deferred."""
    name = f"deferred_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    folder.mkdir()
    for file, text in FILES.items():
        (folder / file).write_text(text.format(name=name))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    defer([name, f"{name}.broken"])
    yield name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def run(program):
    names = {}
    exec(program, names)  # noqa: S102 (imports under a name that the test has made up)
    return names


def test_an_import_alone_runs_nothing(package, capfd):
    module = import_module(package)
    assert isinstance(module, Deferred)
    assert not hasattr(module, "__wrapped__")
    assert module.__spec__.name == package
    assert capfd.readouterr().out == ""


def test_a_module_of_a_deferred_package_leaves_the_package_unread(package, capfd):
    assert import_module(f"{package}.part").number == 2
    assert run(f"from {package} import part as found")["found"].number == 2
    assert import_module(package).part.number == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("program", ["from {} import value", "from {} import *", "import {} as it; value = it.value"])
def test_a_name_of_its_own_runs_it_once(package, program, capfd):
    for _ in range(2):
        assert run(program.format(package))["value"] == 1
    assert not isinstance(sys.modules[package], Deferred)
    assert sys.modules[package].part.number == 2
    assert capfd.readouterr().out == f"read {package}\n"


def test_two_threads_run_it_once_and_both_find_it_whole(package, capfd):
    module, found = import_module(package), []
    threads = [threading.Thread(target=lambda: found.append(module.value)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 4
    assert capfd.readouterr().out == f"read {package}\n"


def test_what_a_module_doesnt_have_it_has_not_after_it_was_read_either(package):
    module = import_module(package)
    with pytest.raises(AttributeError, match="nothing"):
        module.nothing  # noqa: B018


def test_a_module_that_cant_be_imported_says_so_where_it_is_used(package):
    module = import_module(f"{package}.broken")
    with pytest.raises(ImportError, match="not on this machine"):
        module.anything  # noqa: B018


def test_whoever_needs_the_whole_package_while_it_is_deferred_gets_it(package):
    assert import_module(f"{package}.clash").value == 1


def test_what_isnt_there_isnt_found(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    defer(["deferred_nowhere"])
    with pytest.raises(ModuleNotFoundError):
        import_module("deferred_nowhere")
