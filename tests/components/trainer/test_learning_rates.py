import pytest
import tf_keras as keras

from components.trainer.learning_rates import of_replicas, warmed_up
from components.trainer.mlp.config import MLPTraining


@pytest.mark.parametrize(("scaling", "replicas", "rate"), [(None, 8, 0.01), ("linear", 8, 0.08), ("linear", 1, 0.01)])
def test_the_linear_rule_multiplies_by_the_replicas(scaling, replicas, rate):
    settings = MLPTraining(batch_size_per_replica=10, learning_rate_scaling=scaling)
    assert of_replicas(0.01, settings, replicas) == pytest.approx(rate)


def test_without_a_warm_up_the_rate_is_the_given_one():
    assert warmed_up(0.01, MLPTraining(), 10) == 0.01
    assert warmed_up(0.01, MLPTraining(warm_up_epochs=0.1), 10) == 0.01


@pytest.mark.parametrize(("epochs", "steps"), [(1, 4), (0.5, 2), (2, 8)])
def test_a_warm_up_grows_step_by_step_to_the_rate(epochs, steps):
    rate = warmed_up(0.8, MLPTraining(warm_up_epochs=epochs), 4)
    rates = [float(rate(step)) for step in range(steps + 2)]
    assert rates == pytest.approx([0.8 * (step + 1) / steps for step in range(steps)] + [0.8, 0.8])


def test_a_schedule_goes_on_as_if_there_were_no_warm_up():
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.8, 4, 1)
    rate = warmed_up(schedule, MLPTraining(warm_up_epochs=1), 4)
    assert [float(rate(step)) for step in (0, 3, 4, 8)] == pytest.approx(
        [float(schedule(0)) / 4, *(float(schedule(step)) for step in (3, 4, 8))]
    )
