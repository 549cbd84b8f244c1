"""The embedded pipeline through TFX's own command, from another folder than the project's."""

import os
from pathlib import Path

import pytest
from browser import charts, needs_chromium, opened
from conftest import ROOT
from terminal import noise


@pytest.fixture(scope="module")
def created_and_run(home):
    created = home.command(
        "tfx", "pipeline", "create", "--engine=local", "--pipeline_path=pipeline/catalog/digits.py", cwd=ROOT
    )
    ran = home.terminal("tfx", "run", "create", "--engine=local", "--pipeline_name=digits", cwd="/").end()
    return created, ran


@pytest.fixture(scope="module")
def record(created_and_run, home):
    (found,) = home.runs("digits")
    return found


def test_the_tfx_command_runs_digits_to_a_pushed_model(created_and_run, record):
    created, ran = created_and_run
    assert 'Pipeline "digits" created successfully' in created.stdout
    assert ran.returncode == 0, ran.text
    assert record["status"] == "pushed"
    assert record["counts"]["quarantined"] == 0
    assert sum(record["counts"].values()) == 1797
    assert record["metrics"]["accuracy"] >= 0.9
    assert {check["slice"] for check in record["thresholds"]} >= {"all examples", *(f"label={n}" for n in range(10))}
    assert {"saved_model.pb", "variables", "assets.extra"} <= set(os.listdir(record["model_uri"]))


def test_of_the_run_a_terminal_shows_a_line_a_step_and_the_log_has_the_rest(created_and_run, record):
    _, ran = created_and_run
    # Before that, what the tfx command itself imports has something to say.
    own = ran.lines[next(number for number, line in enumerate(ran.lines) if line.startswith("digits → ")) :]
    assert [line.split()[1] for line in own if line.startswith(" ✓")] == [step["name"] for step in record["steps"]]
    assert len(own) <= 40
    assert noise(ran.raw[ran.raw.index(" → ") :]) == []
    assert "INFO:absl" not in ran.raw
    assert Path(record["log"]).read_text().count("INFO:absl:") > 100


def test_transferline_knows_that_nothing_changed(record, home):
    before = home.runs("digits")
    page = Path(record["report"])
    page.unlink()  # as of a run that left the disk too full for it
    done = home.forked("run", "digits")
    assert done.returncode == 0
    assert done.stdout.startswith(
        f"digits: nothing changed since run {before[0]['run_id']} (pushed): {record['model_uri']}"
    )
    assert home.runs("digits") == before
    assert "</html>" in page.read_text(encoding="utf-8")


@needs_chromium
def test_its_report_shows_the_ten_classes(record):
    with opened(record["report"], width=390) as page:
        drawn = charts(page)
        assert set(drawn) >= {"slices", "training-loss", "training-accuracy", "class-balance", "waterfall"}
        assert all(drawn.values()), drawn
        assert page.inner_text("h1").endswith("Pushed")
        assert record["model_uri"] in page.inner_text("#verdict")
        assert "fine tuning starts" in page.text_content("#chart-training-loss")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_transferline_finds_the_same_run_in_the_cache(created_and_run, home):
    done = home.forked("run", "digits", "--force")
    assert done.returncode == 0
    forced = home.runs("digits")[0]
    assert all(step["cached"] for step in forced["steps"])
    assert forced["status"] == "pushed"
