import importlib
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import commands
from pipeline.cli import COMMANDS, app

SHARED = {"cluster_options", "model_options", "options", "output", "run_lists"}


def test_every_module_of_commands_is_one():
    assert set(COMMANDS) == {module.name for module in pkgutil.iter_modules(commands.__path__)} - SHARED


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_that_is_listed_is_that_of_the_command(name):
    module = importlib.import_module(f"pipeline.commands.{name}")
    function = getattr(module, name, None) or getattr(module, f"{name}_")
    assert function.__doc__ == COMMANDS[name]
    shown = " ".join(CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert COMMANDS[name] in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documentation_has_an_example_of_each(name):
    text = (Path(__file__).parents[3] / "docs" / "commands.md").read_text()
    assert re.search(rf"^\| `{name}` \| .* \| `transferline {name}( .*)?` \|$", text, re.MULTILINE)


def imported_by(*arguments):
    code = (
        "import sys; from pipeline.cli import app; app(sys.argv[1:], standalone_mode=False); "
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


def test_the_commands_are_listed_without_importing_one():
    shown, imported = imported_by("--help")
    assert all(f" {name} " in shown for name in COMMANDS)
    assert "typer" in imported
    assert not {module for module in imported if module.startswith("pipeline.commands")}
    assert "pydantic" not in imported


def test_the_help_of_a_command_waits_neither_for_another_nor_for_tensorflow():
    shown, imported = imported_by("predict", "--help")
    assert "--model-version" in shown
    assert "pipeline.commands.predict" in imported
    assert not imported & {"pipeline.commands.run", "tensorflow", "tfx", "apache_beam"}


def test_runs_here_wait_for_no_client_of_a_cluster(tmp_path):
    _, imported = imported_by("runs", "digits", "--output-dir", str(tmp_path))
    assert "pipeline.commands.runs" in imported
    assert not imported & {"kfp", "kfp_server_api", "google.auth", "tensorflow", "tfx"}


def test_the_version():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"transferline {version('transferline')}\n"


def test_a_command_that_is_not_there_gets_the_nearest():
    done = CliRunner().invoke(app, ["reprot"])
    assert done.exit_code == 2
    assert "Did you mean 'report'" in done.output
