import pytest

from components.progress import Progress
from pipeline.runs.long_step import Heard, LongStep, how_far, seconds_left


def heard(at, done, total=25):
    return Heard(at, Progress(done, total, "epochs"))


@pytest.mark.parametrize(
    ("first", "last", "now", "left"),
    [
        # What came before the first report, as loading photos, isn't done again.
        (heard(100, 1), heard(140, 5), 140, 200),
        (heard(100, 1), heard(140, 5), 145, 195),
        # The last epoch takes longer than those before it.
        (heard(100, 1), heard(123, 24), 200, 0),
        (heard(100, 1), heard(100, 1), 130, None),
        (heard(100, 1), heard(124, 25), 130, None),
        (heard(100, 1, None), heard(140, 5, None), 140, None),
    ],
)
def test_what_remains_is_estimated_by_what_was_done_since_the_first_report(first, last, now, left):
    assert seconds_left(first, last, now) == left


def test_how_far_it_is_in_words():
    assert how_far(Progress(5, 25, "epochs", "val_accuracy 0.981")) == "5/25 epochs val_accuracy 0.981"
    assert how_far(Progress(5000, None, "rows")) == "5,000 rows"


def test_a_count_that_begins_anew_starts_another_estimate():
    step = LongStep("Trainer", 0)
    for done in (10, 20, 1):
        step.hear(Progress(done, 100, "rows"))
    name, _, text = step.told()
    assert (name, text) == ("Trainer", "1/100 rows")
    step.hear(Progress(2, 100, "rows"))
    assert step.told()[2].startswith("2/100 rows, about ")
    assert step.seconds_left() is not None
    step.hear(Progress(3, 50, "rows"))
    assert step.told()[2] == "3/50 rows"
