import pytest
from typer.testing import CliRunner

from pipeline.cli import app


@pytest.mark.parametrize(
    ("words", "expected"),
    [("transferline run hi", ["higgs", "higgs_toy"]), ("transferline roll", ["rollback"])],
)
def test_commands_and_the_catalogs_names_are_completed(words, expected):
    assert completed(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("transferline run pe", ["pets"]),
        ("transferline run pipelines/", ["pipelines/_people.py", "pipelines/pets.py"]),
        ("transferline runs ./p", ["./pipelines/"]),
    ],
)
def test_a_users_own_are_completed_by_name_and_by_path(words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "pets.py").write_text("CONFIG = ImagePipeline()")
    (tmp_path / "pipelines" / "_people.py").write_text("NAMES = ()")
    assert completed(words) == expected


def completed(words):
    environment = {
        "_TRANSFERLINE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    return CliRunner().invoke(app, prog_name="transferline", env=environment).stdout.split()
