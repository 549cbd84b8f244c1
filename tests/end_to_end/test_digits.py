"""The embedded pipeline through TFX's own command, from another folder than the project's."""

import os

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def created_and_run(home):
    created = home.command(
        "tfx", "pipeline", "create", "--engine=local", "--pipeline_path=pipeline/catalog/digits.py", cwd=ROOT
    )
    ran = home.command("tfx", "run", "create", "--engine=local", "--pipeline_name=digits", cwd="/")
    return created, ran


def test_the_tfx_command_runs_digits_to_a_pushed_model(created_and_run, home):
    created, ran = created_and_run
    assert 'Pipeline "digits" created successfully' in created.stdout
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(ran.stdout.splitlines()) <= 60
    (record,) = home.runs("digits")
    assert record["status"] == "pushed"
    assert record["counts"]["quarantined"] == 0
    assert sum(record["counts"].values()) == 1797
    assert record["metrics"]["accuracy"] >= 0.9
    assert {check["slice"] for check in record["thresholds"]} >= {"all examples", *(f"label={n}" for n in range(10))}
    assert {"saved_model.pb", "variables", "assets.extra"} <= set(os.listdir(record["model_uri"]))


def test_transferline_knows_that_nothing_changed(created_and_run, home):
    (record,) = home.runs("digits")
    done = home.transferline("run", "digits")
    assert done.returncode == 0
    assert done.stdout.startswith(
        f"digits: nothing changed since run {record['run_id']} (pushed): {record['model_uri']}"
    )
    assert home.runs("digits") == [record]


def test_transferline_finds_the_same_run_in_the_cache(created_and_run, home):
    done = home.transferline("run", "digits", "--force")
    assert done.returncode == 0
    record = home.runs("digits")[0]
    assert all(step["cached"] for step in record["steps"])
    assert record["status"] == "pushed"


@pytest.mark.parametrize("name", ["cats_vs_dogs", "flowers"])
def test_the_tfx_command_creates_the_other_pipelines(name, home):
    done = home.command(
        "tfx", "pipeline", "create", "--engine=local", f"--pipeline_path=pipeline/catalog/{name}.py", cwd=ROOT
    )
    assert f'Pipeline "{name}" created successfully' in done.stdout, done.stderr
