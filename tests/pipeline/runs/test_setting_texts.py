"""Which of a run's settings differ from their default, and the command that sets them again."""

import itertools
import shlex

from pipeline.config.overrides import apply_overrides
from pipeline.lookup import files
from pipeline.runs.record import RunRecord
from pipeline.runs.setting_texts import command_of, own_settings, predictions_command, setting_text
from pipeline.source_fingerprint import file_fingerprint

CATALOG = """
from pipeline.config import CsvData, Evaluation, MLPTraining, RowPipeline, Threshold

CONFIG = RowPipeline(
    name="pets",
    data=CsvData(path="{folder}", label="animal"),
    trainer=MLPTraining(steps_per_execution=3),
    evaluation=Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
)
"""


def record_of(config):
    settings = config.model_dump(mode="json")
    return RunRecord(
        run_id="a", status="pushed", config=settings, file=config.file, file_sha256=file_fingerprint(config.file)
    )


def load(tmp_path, *settings):
    file = tmp_path / "pets.py"
    file.write_text(CATALOG.format(folder=tmp_path))
    return apply_overrides(files.load(files.find(str(file))), settings)


def test_the_command_gives_the_same_settings_again(tmp_path):
    given = ["trainer.seed=7", 'evaluation.thresholds=[{"metric": "auc", "at_least": 0.3}]', f"output_dir={tmp_path}/x"]
    config = load(tmp_path, *given)
    program, verb, file, *options = shlex.split(command_of(record_of(config)))
    assert (program, verb, file) == ("transferline", "run", config.file)
    assert options[options.index("--output-dir") + 1] == f"{tmp_path}/x"
    again = [f"output_dir={tmp_path}/x", *(value for name, value in itertools.pairwise(options) if name == "--set")]
    assert load(tmp_path, *again).model_dump() == config.model_dump()


def test_a_setting_that_is_unset_is_set_to_none(tmp_path):
    plain = load(tmp_path)
    assert "--set" not in command_of(record_of(plain))
    unset = load(tmp_path, "trainer.steps_per_execution=none")
    assert command_of(record_of(unset)).endswith("--set trainer.steps_per_execution=none")


def test_what_is_new_since_a_run_is_not_set(tmp_path):
    record = record_of(load(tmp_path, "trainer.seed=7"))
    del record.config["trainer"]["patience"]
    assert command_of(record).endswith(f"run {record.file} --set trainer.seed=7")
    record.config["trainer"]["gone"] = 1
    assert command_of(record) == ""


def test_of_a_file_that_has_changed_there_is_no_command(tmp_path):
    record = record_of(load(tmp_path))
    (tmp_path / "pets.py").write_text("CONFIG = 1")
    assert command_of(record) == ""
    assert command_of(record.model_copy(update={"file": ""})) == ""


def test_settings_that_differ_from_their_default_are_found(tmp_path):
    of_then = record_of(load(tmp_path, "trainer.seed=7"))
    found = own_settings(load(tmp_path), of_then)
    assert {"name", "data.label", "trainer.seed"} <= set(found)
    assert not any(key.startswith("gate") for key in found)
    of_another_release = of_then.model_copy(update={"config": of_then.config | {"gone": 1}})
    assert own_settings(load(tmp_path), of_another_release) == ()


def test_a_setting_is_text():
    assert [setting_text(value) for value in (None, "a", 1, True, ["a"])] == ["None", "a", "1", "true", '["a"]']


def test_the_command_for_the_predictions_names_the_run_and_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_OUTPUT_DIR", str(tmp_path / "default"))
    here = record_of(load(tmp_path))
    words = ["transferline", "report", str(tmp_path / "pets.py"), "--run", "a"]
    assert shlex.split(predictions_command(here)) == [*words, "--predictions", "predictions.csv"]
    there = record_of(load(tmp_path, f"output_dir={tmp_path}/x y"))
    assert shlex.split(predictions_command(there))[5:7] == ["--output-dir", f"{tmp_path}/x y"]
    assert predictions_command(RunRecord(run_id="a", status="pushed")) == ""
