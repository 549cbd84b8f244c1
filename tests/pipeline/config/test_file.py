import sys

import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config import ImagePipeline
from pipeline.config.file import built_in_name, load_file
from pipeline.config.overrides import apply_overrides

PETS = """
from pipeline.config import Evaluation, ImagePipeline, Threshold

CONFIG = ImagePipeline(name="pets", evaluation=Evaluation(thresholds=(Threshold(metric="accuracy", at_least={bound}),)))
"""


@pytest.fixture
def write(tmp_path):
    """Writes a file into a folder of its own, and returns its path."""

    def make(text, name="pets.py", folder="pipelines"):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return make


def test_a_file_anywhere_is_loaded_and_remembered(write):
    path = write(PETS.format(bound=0.5))
    config = load_file(path)
    assert (config.name, config.file) == ("pets", str(path))
    assert apply_overrides(config, ["trainer.seed=3"]).file == str(path)
    assert str(path) not in config.model_dump_json()


def test_a_change_within_the_same_second_counts(write):
    for bound in (0.5, 0.6):
        (threshold,) = load_file(write(PETS.format(bound=bound))).evaluation.thresholds
        assert threshold.at_least == bound


def test_it_takes_no_modules_name_and_leaves_no_bytecode(write):
    path = write(PETS.format(bound=0.5), "json.py")
    json = sys.modules["json"]
    assert load_file(path).name == "pets"
    assert sys.modules["json"] is json
    assert [each.name for each in path.parent.iterdir()] == ["json.py"]


def test_what_lies_beside_it_can_be_imported_and_is_forgotten(write):
    path_before = list(sys.path)
    for folder, bound in (("one", 0.5), ("two", 0.75)):
        write(f"BOUND = {bound}", "bounds_of_mine.py", folder)
        path = write("from bounds_of_mine import BOUND\n" + PETS.format(bound="BOUND"), folder=folder)
        (threshold,) = load_file(path).evaluation.thresholds
        assert threshold.at_least == bound
    assert "bounds_of_mine" not in sys.modules
    assert sys.path == path_before


def test_a_librarys_module_that_it_imports_first_stays(write):
    sys.modules.pop("xml.dom.pulldom", None)
    load_file(write("from xml.dom import pulldom\n" + PETS.format(bound=0.5)))
    assert "xml.dom.pulldom" in sys.modules


def test_what_it_prints_is_no_result(write, capsys):
    load_file(write("print('hello')\n" + PETS.format(bound=0.5)))
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize(
    ("text", "cause", "line"),
    [
        ("\n1 / 0\n", "The file raises ZeroDivisionError: division by zero", ", line 2: 1 / 0"),
        ("def f():\n    raise KeyError\n\nf()\n", "The file raises KeyError", ", line 2: raise KeyError"),
        ("x = (\n", "The file raises SyntaxError", ", line 1: x = ("),
        ("import json\njson.loads('{')\n", "The file raises JSONDecodeError", ", line 2: json.loads('{')"),
        ("import sys\nsys.exit(1)\n", "The file raises SystemExit", ", line 2: sys.exit(1)"),
        ("\nimport no_such_library\n", "ModuleNotFoundError: No module named 'no_such_library'", ", line 2: import no"),
        (PETS.format(bound="'high'"), "Threshold.at_least: must be a number", ", line 4: CONFIG ="),
        (PETS.format(bound="0.5, of='all'"), "Threshold.of: there is no such setting", ", line 4: CONFIG ="),
    ],
)
def test_a_file_that_raises_is_shown_with_its_line(write, text, cause, line):
    path = write(text)
    with pytest.raises(TransferlineError) as raised:
        load_file(path)
    assert cause in raised.value.cause
    assert raised.value.place.startswith(f"{path}{line}")
    assert raised.value.cure


def test_a_fault_in_what_lies_beside_it_is_shown_there(write):
    beside = write("\nBOUND = 1 / 0\n", "bounds_of_mine.py")
    with pytest.raises(TransferlineError, match="ZeroDivisionError") as raised:
        load_file(write("from bounds_of_mine import BOUND\n"))
    assert raised.value.place == f"{beside}, line 2: BOUND = 1 / 0"


@pytest.mark.parametrize(
    ("text", "cause"),
    [("x = 1\n", "has no CONFIG"), ("CONFIG = {}\n", "CONFIG is of the type dict"), ("CONFIG = None\n", "NoneType")],
)
def test_a_file_without_a_pipeline(write, text, cause):
    path = write(text)
    with pytest.raises(TransferlineError, match=cause) as raised:
        load_file(path)
    assert (raised.value.place, "ImagePipeline" in raised.value.cure) == (str(path), True)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TransferlineError, match="can't be read: No such file"):
        load_file(tmp_path / "pets.py")


OWN_CLASS = """
from pipeline.config import *

class Mine({base}):
    extra: int = 1
"""


@pytest.mark.parametrize(
    ("base", "config"),
    [
        ("ImagePipeline", "Mine(name='pets', evaluation=EVALUATION)"),
        ("TransferLearning", "ImagePipeline(name='pets', evaluation=EVALUATION, trainer=Mine())"),
    ],
)
def test_settings_of_a_class_of_the_users_are_refused(write, base, config):
    """A step on a cluster has no such class."""
    evaluation = "EVALUATION = Evaluation(thresholds=(Threshold(metric='accuracy', at_least=0.5),))"
    path = write(f"{OWN_CLASS.format(base=base)}\n{evaluation}\nCONFIG = {config}\n")
    with pytest.raises(TransferlineError, match=r"settings of pipeline\.config only, not Mine") as raised:
        load_file(path)
    assert str(path) in raised.value.place


def test_a_built_in_pipeline_is_one_by_any_path(tmp_path):
    (tmp_path / "link.py").symlink_to(catalog.FOLDER / "digits.py")
    for path in (catalog.FOLDER / "digits.py", tmp_path / "link.py"):
        assert built_in_name(path) == "digits"
        assert isinstance(load_file(path), ImagePipeline)
        assert load_file(path).name == "digits"
    assert built_in_name(tmp_path / "digits.py") == ""
