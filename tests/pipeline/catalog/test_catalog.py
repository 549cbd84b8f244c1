import subprocess
import sys

import pytest

from components.errors import TransferlineError
from pipeline import catalog


@pytest.mark.parametrize("name", catalog.names())
def test_every_catalog_file_holds_the_pipeline_of_its_name(name):
    assert catalog.load(name).name == name


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(TransferlineError, match=r"'digit' \(did you mean 'digits'\?\)"):
        catalog.load("digit")


def test_no_catalog_file_shadows_a_module_of_the_environment():
    """A catalog script puts its folder first on sys.path."""
    code = (
        "import importlib.util, sys; sys.path = [p for p in sys.path if p]\n"
        "print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *catalog.names()], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.strip() == "[]"
