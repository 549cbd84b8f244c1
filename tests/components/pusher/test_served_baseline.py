"""Which model a candidate is compared with: the served one, not one that somebody went back from."""

import json
import shutil

import pytest
from tfx.types import standard_artifacts

from components.pusher.publish import publish
from components.pusher.seal import make_seal
from components.pusher.served_baseline import ServedOrLatestBlessedModel

NAMES = ("a", "b", "c")


@pytest.fixture
def models(tmp_path):
    """Three blessed models, and a fourth that isn't."""
    found = {}
    for number, name in enumerate((*NAMES, "refused"), 1):
        folder = tmp_path / name / "Format-Serving"
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text(name)
        (folder / "fingerprint.pb").write_text(name)
        found[name] = standard_artifacts.Model()
        found[name].uri, found[name].id = str(tmp_path / name), number
    return found


@pytest.fixture
def baseline(models, tmp_path):
    """Returns the name of a candidate's baseline; None where there is none."""
    blessings = []
    for number, (name, model) in enumerate(models.items(), 11):
        blessing = standard_artifacts.ModelBlessing()
        blessing.id = number
        blessing.set_int_custom_property("blessed", int(name in NAMES))
        blessing.set_int_custom_property("current_model_id", model.id)
        blessings.append(blessing)

    def run(candidate, *, pushed=(), rolled_back=()):
        for number, name in enumerate(pushed, 1):
            publish(f"{models[name].uri}/Format-Serving", str(tmp_path / "pushed"), str(number))
        digests = [make_seal(f"{models[name].uri}/Format-Serving").digest for name in rolled_back]
        strategy = ServedOrLatestBlessedModel(str(tmp_path / "pushed"), json.dumps(digests))
        given = {"candidate": [models[candidate]], "model": list(models.values()), "model_blessing": blessings}
        found = strategy.resolve_artifacts(None, given)
        assert found["candidate"] == [models[candidate]]
        names = [name for model in found["model"] for name in models if models[name] is model]
        assert [blessing.id - 10 for blessing in found["model_blessing"]] == [models[name].id for name in names]
        return names[0] if names else None

    return run


def test_where_nothing_is_pushed_it_is_the_latest_blessed_one(baseline):
    assert baseline("refused") == "c"


def test_it_is_not_the_candidate_itself(baseline):
    assert baseline("c", pushed="abc") == "b"


def test_after_a_rollback_it_is_what_is_served_now(baseline):
    assert baseline("refused", pushed="aca", rolled_back="c") == "a"
    # The model that somebody went back from, evaluated anew, is held against what took its place.
    assert baseline("c", rolled_back="c") == "a"


def test_what_somebody_went_back_from_is_no_baseline_of_what_took_its_place(baseline):
    assert baseline("a", pushed="aba", rolled_back=("b", "c")) is None
    assert baseline("a", rolled_back="c") == "b"


def test_a_served_model_that_nothing_is_known_of_is_passed_over(baseline, models, tmp_path):
    assert baseline("refused", pushed=("refused",)) == "c"


def test_a_model_whose_folder_was_removed_is_passed_over(baseline, models):
    shutil.rmtree(f"{models['c'].uri}/Format-Serving")
    assert baseline("refused") == "b"
    assert baseline("refused", rolled_back="a") == "b"
