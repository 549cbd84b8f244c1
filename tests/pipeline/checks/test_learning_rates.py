import pytest

from pipeline import catalog
from pipeline.checks.learning_rates import check_learning_rates
from pipeline.config.overrides import apply_overrides

TOO_HIGH = "trainer.fine_tuning.learning_rate=1e-4"


@pytest.mark.parametrize("name", catalog.names())
def test_the_pipelines_that_come_along_are_well(name):
    assert list(check_learning_rates(catalog.load(name))) == []


def test_fine_tuning_in_larger_steps_is_warned_of():
    (finding,) = check_learning_rates(apply_overrides(catalog.load("cats_vs_dogs"), [TOO_HIGH]))
    assert finding.level == "warning"
    assert finding.text.startswith("trainer.fine_tuning.learning_rate=0.0001 isn't below")
