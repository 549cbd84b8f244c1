import pytest
from typer.testing import CliRunner

from pipeline.cli import app


@pytest.mark.parametrize(
    ("words", "expected"),
    [("transferline run hi", ["higgs", "higgs_toy"]), ("transferline roll", ["rollback"])],
)
def test_commands_and_the_catalogs_names_are_completed(words, expected):
    environment = {
        "_TRANSFERLINE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = CliRunner().invoke(app, prog_name="transferline", env=environment)
    assert done.stdout.split() == expected
