import pytest

from pipeline import catalog
from pipeline.checks.class_weights import check_class_weights
from pipeline.checks.look import Look
from pipeline.config.overrides import apply_overrides

LOOK = Look((), frozenset({"no", "yes"}))


def found(setting, look=LOOK, name="higgs"):
    config = apply_overrides(catalog.load(name), [f"trainer.class_weights={setting}"])
    return [(finding.level, finding.text) for finding in check_class_weights(config, look)]


@pytest.mark.parametrize("setting", ["none", "balanced", '{"yes": 50}'])
@pytest.mark.parametrize("name", ["higgs", "photos"])
def test_what_is_well_is_not_worth_a_word(setting, name):
    assert found(setting, name=name) == []


def test_a_weight_of_a_class_that_is_not_there_is_a_fault():
    assert found('{"yess": 50, "no": 1}') == [
        ("fault", "trainer.class_weights names the class 'yess', which doesn't exist (did you mean 'yes'?)")
    ]
    assert found('{"yess": 50}', Look(())) == []  # the classes aren't known
