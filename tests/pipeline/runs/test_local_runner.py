"""TFX's runner with a recorder: what it tells of steps that run, come from the cache, fail or can't be started."""

import io
from pathlib import Path

import pytest
from small_steps import Reads, Writes, chain, run_steps
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Model

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.graph import BASELINE_ID
from pipeline.metadata.connection import mark_deleted
from pipeline.metadata.tfx_handle import LockedMetadata
from pipeline.runs import cleaning
from pipeline.runs.local_runner import LocalRunner
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.recorder import Recorder
from pipeline.runs.screen import Screen


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])


@pytest.fixture
def run(config):
    """Runs steps as a run of a number; returns its record."""
    return lambda number, *nodes: run_steps(config, run_id(number), *nodes)


def kept(config, number):
    return RunStore(config.home).find(run_id(number))


def run_id(number):
    return f"2026010{number}T000000-00001"


def cached(record):
    return {step.name: step.cached for step in record.steps}


def test_each_step_is_recorded_in_order_and_comes_from_the_cache_the_next_time(run):
    first = run(1, *reversed(chain("a")))
    assert cached(first) == {"Writes": False, "Reads": False}
    assert [step.name for step in first.steps] == ["Writes", "Reads"]
    assert [Path(folder, "text").read_text() for step in first.steps for folder in step.artifacts] == ["a", "a"]
    second = run(2, *chain("a"))
    assert cached(second) == {"Writes": True, "Reads": True}
    assert [step.artifacts for step in second.steps] == [step.artifacts for step in first.steps]
    assert cached(run(3, *chain("b"))) == {"Writes": False, "Reads": False}


def test_what_was_cleaned_away_is_computed_anew(run, config):
    for number, text in enumerate("aba", 1):
        run(number, *chain(text))
    planned = cleaning.plan(config, 1, "old")
    cleaning.carry_out(planned, lambda: mark_deleted(config, planned.forgotten))
    assert {Path(size.path).name for size in planned.removed if "/artifacts/" in size.path} >= {"3", "4"}
    assert cached(run(4, *chain("a"))) == {"Writes": True, "Reads": True}
    again = run(5, *chain("b"))
    assert cached(again) == {"Writes": False, "Reads": False}
    assert [Path(folder, "text").read_text() for step in again.steps for folder in step.artifacts] == ["b", "b"]


def test_a_step_that_fails_ends_the_run_and_is_its_last(run, config):
    with pytest.raises(ValueError, match="the text is odd"):
        run(1, *chain("odd"))
    assert [step.name for step in kept(config, 1).steps] == ["Writes", "Reads"]
    assert kept(config, 1).steps[-1].artifacts == ()


def latest_model(name):
    return Resolver(strategy_class=LatestArtifactStrategy, model=Channel(type=Model)).with_id(name)


def test_the_look_for_a_baseline_is_no_step_to_a_person(run):
    run(1, Writes(text="a"))
    assert cached(run(2, latest_model(BASELINE_ID), Writes(text="a"))) == {"Writes": True}


def test_a_step_whose_inputs_cannot_be_found_fails_the_run(run, config):
    """TFX notes that the step failed, and would go on."""
    latest = latest_model("Latest")
    with pytest.raises(TransferlineError, match="what it needs couldn't be looked up") as error:
        run(1, latest, Reads(model=latest.outputs["model"]))
    assert error.value.place == "Latest"
    assert [step.name for step in kept(config, 1).steps] == ["Latest"]


def test_partial_runs_are_refused(config):
    recorder = Recorder(config, RunRecord(run_id=run_id(1), status="running"), Screen(io.StringIO()))
    runner = LocalRunner(recorder, LockedMetadata(config))
    with pytest.raises(ValueError, match="partial runs aren't supported"):
        runner.run_with_ir(pipeline_pb2.Pipeline(), pipeline_pb2.RunOptions(partial_run=pipeline_pb2.PartialRun()))
