from components import progress
from components.progress import Progress


def test_a_listener_hears_what_is_reported_meanwhile_and_always_the_last():
    heard = []
    progress.report(1, 1, "before")
    with progress.heard_by(heard.append):
        for number in range(1000):
            progress.report(number + 1, 1000, "photos")
    progress.report(1, 1, "after")
    assert heard[0] == Progress(1, 1000, "photos")
    assert heard[-1] == Progress(1000, 1000, "photos")
    assert {each.unit for each in heard} == {"photos"}
    assert len(heard) < 1000


def test_what_is_worth_a_line_is_heard_each_time():
    heard = []
    with progress.heard_by(heard.append):
        for number in range(100):
            progress.report(number + 1, None, "epochs", line=f"epoch {number + 1}")
    assert [each.done for each in heard] == list(range(1, 101))


def test_metrics_in_words():
    assert progress.values_text({"loss": 0.123456, "val_accuracy": 1.0}) == "loss 0.1235, val_accuracy 1"
