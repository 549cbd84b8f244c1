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
