"""Which checks are shown at once, in which order, and what each says."""

import pytest
from report_samples import check

from components.report.decision import bound_in_words, check_rows, folded_in_words
from components.report.review import Metric


def rows_of(evaluation, *checks):
    decision = evaluation.decision.model_copy(update={"checks": checks})
    return check_rows(evaluation.model_copy(update={"decision": decision}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "at least 0.7"),
        ({"kind": "at_most", "metric": "crossentropy"}, "at most 0.7"),
        ({"kind": "at_most", "metric": "mse", "bound": 1234567.8}, "at most 1234567.8"),
        ({"bound": 0.9999999}, "at least 0.9999999"),
        ({"bound": 1.0}, "at least 1"),
        ({"kind": "max_drop", "bound": 0.02}, "falls by at most 0.02"),
        ({"kind": "max_rise", "bound": 0.02}, "rises by at most 0.02"),
        ({"kind": "better_than_guessing", "bound": 0.66812}, "better than guessing, 0.6681"),
        ({"kind": "better_than_guessing", "bound": 41000.7, "metric": "rmse"}, "better than guessing, 41,001"),
    ],
)
def test_a_bound_is_told_in_words(changes, words):
    assert bound_in_words(check(**changes)) == words


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"bound": 0.6}, "passed"),  # the interval of 0.75 is 0.65 to 0.85
        ({"bound": 0.7}, "close"),
        ({"bound": 0.8, "passed": False}, "failed"),
        ({"kind": "max_drop", "bound": 0.05, "baseline": 0.76}, "passed"),
        ({"kind": "max_drop", "bound": 0.05, "baseline": 0.78}, "close"),
        ({"kind": "max_rise", "bound": 0.05, "baseline": 0.7}, "close"),
        ({"kind": "max_rise", "bound": 0.05, "baseline": 0.8}, "passed"),
        ({"kind": "max_drop", "bound": 0.05}, "not compared"),
        ({"metric": "crossentropy", "kind": "at_most", "value": 0.5, "bound": 0.5001}, "passed"),  # without an interval
        ({"value": None, "slice": "label=cat", "passed": False}, "failed"),
    ],
)
def test_a_check_that_chance_could_have_passed_is_close(evaluation, changes, state):
    ((row,), _) = rows_of(evaluation, check(**changes))
    assert row.state == state


def test_the_interval_is_that_of_the_slice_or_of_guessing(evaluation):
    guess = check(kind="better_than_guessing", value=0.75, bound=0.6, low=0.66, high=0.82)
    (first, second), _ = rows_of(evaluation, check(slice="label=dog", value=0.525, passed=False), guess)
    assert first.found == Metric(value=0.525, low=0.525 - 0.1, high=0.525 + 0.1)
    assert second.found == Metric(value=0.75, low=0.66, high=0.82)


def test_of_many_checks_those_that_failed_or_are_close_come_first_and_the_rest_is_folded(evaluation):
    passed = [check(bound=0.5 + number / 100) for number in range(4)]
    uncompared = check(kind="max_drop", bound=0.02)
    shown, folded = rows_of(evaluation, *passed, check(), uncompared, check(passed=False, bound=0.9))
    assert [row.state for row in shown] == ["failed", "close"]
    assert [row.state for row in folded] == ["passed"] * 4 + ["not compared"]
    assert folded_in_words(folded, are_all=False) == (
        "The other 4 checks passed, none of them close; 1 had no earlier model to compare with"
    )
    shown, folded = rows_of(evaluation, *passed, check(bound=0.6))
    assert (shown, len(folded)) == ([], 5)
    assert folded_in_words(folded, are_all=True) == "All 5 checks passed, none of them close"


@pytest.mark.parametrize(
    ("without", "uncompared", "words"),
    [
        (5, 0, "All 5 checks passed, without an interval that tells how closely"),
        (1, 0, "All 6 checks passed, none of them close as far as that can be told (1 has no interval)"),
        (0, 5, "All 5 checks had no earlier model to compare with"),
    ],
)
def test_no_check_is_told_not_to_be_close_that_cannot_be(evaluation, without, uncompared, words):
    loss = check(metric="crossentropy", kind="at_most", value=0.5, bound=0.6)
    passed = 5 if without == 1 else 0
    checks = [loss] * without + [check(bound=0.5)] * passed + [check(kind="max_drop", bound=0.02)] * uncompared
    _, folded = rows_of(evaluation, *checks)
    assert folded_in_words(folded, are_all=True) == words


def test_a_few_checks_are_all_shown(evaluation):
    shown, folded = rows_of(evaluation, check(bound=0.5), check(passed=False), check(bound=0.4))
    assert [row.state for row in shown] == ["failed", "passed", "passed"]
    assert folded == []
    assert check_rows(None) == ([], [])
