import pytest

from pipeline.profile.quarantine import Quarantine


def test_what_it_says():
    assert Quarantine(168, 2700, "rows").text == "168 of 2,700 rows can't be used (6.2%)"
    assert Quarantine(0, 0, "files", about=True).text == "About 0 of 0 files can't be used (0.0%)"


def test_it_stops_a_run_above_the_bound_alone():
    assert not Quarantine(5, 100, "rows").stops(0.05)
    assert Quarantine(6, 100, "rows").stops(0.05)


@pytest.mark.parametrize(
    ("count", "setting"),
    [(62, "0.1"), (91, "0.15"), (99, "0.15"), (167, "0.2"), (500, "0.55"), (950, "1"), (1000, "1")],
)
def test_the_setting_lets_it_pass_with_a_little_to_spare(count, setting):
    found = Quarantine(count, 1000, "rows")
    assert found.setting == f"gate.max_quarantined={setting}"
    assert not found.stops(float(setting))
