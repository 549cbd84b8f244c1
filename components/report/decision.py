"""Sorts the checks for a reader: what failed and what is close first, the rest to be unfolded."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from components.outcome import ThresholdCheck
from components.report.review import EvaluationReview, Metric

FEW = 4
"""So many checks are never folded."""

MUCH = 0.5
"""A change that uses up more than this part of what is allowed is close."""

State = Literal["failed", "close", "passed", "not compared"]
ORDER: tuple[State, ...] = ("failed", "close", "passed", "not compared")


class CheckRow(NamedTuple):
    """A check as it is shown.

    Attributes:
        check: The check.
        found: The value with its interval, where there is one.
        state: "close" where it passed, and the interval of the value has the bound in it, or most of the allowed change
            is used up.
    """

    check: ThresholdCheck
    found: Metric
    state: State

    @property
    def bound(self) -> str:
        """What is asked for, in words."""
        return bound_in_words(self.check)

    @property
    def could_be_close(self) -> bool:
        """Whether it can be told how close it is: of a bound on the value itself by an interval alone."""
        return self.check.kind not in ("at_least", "at_most") or self.found.low is not None


def check_rows(evaluation: EvaluationReview | None) -> tuple[list[CheckRow], list[CheckRow]]:
    """Returns the checks that are shown at once, and those that are folded; in each the worst first."""
    if not evaluation:
        return [], []
    rows = sorted((_row(check, evaluation) for check in evaluation.decision.checks), key=lambda row: _rank(row.state))
    if len(rows) <= FEW:
        return rows, []
    first = [row for row in rows if row.state in ("failed", "close")]
    return first, rows[len(first) :]


def folded_in_words(rows: Sequence[CheckRow], *, are_all: bool) -> str:
    """Returns what is said in place of the checks that are folded."""
    passed = [row for row in rows if row.state == "passed"]
    others = len(rows) - len(passed)
    without = "had no earlier model to compare with"
    if not passed:
        return f"{_so_many(others, are_all=are_all)} {without}"
    words = f"{_so_many(len(passed), are_all=are_all)} passed{_how_closely(passed)}"
    return words + (f"; {others} {without}" if others else "")


def bound_in_words(check: ThresholdCheck) -> str:
    """Returns what a check asks for."""
    match check.kind:
        case "at_least":
            return f"at least {check.bound_text}"
        case "at_most":
            return f"at most {check.bound_text}"
        case "max_drop":
            return f"falls by at most {check.bound_text}"
        case "max_rise":
            return f"rises by at most {check.bound_text}"
        case "better_than_guessing":
            return f"better than guessing, {check.bound_text}"


def _so_many(count: int, *, are_all: bool) -> str:
    if count == 1:
        return f"{'The' if are_all else 'One more'} check"
    return f"{'All' if are_all else 'The other'} {count} checks"


def _how_closely(passed: Sequence[CheckRow]) -> str:
    """Of some that passed, none of them closely as far as that can be told."""
    unknown = sum(not row.could_be_close for row in passed)
    if unknown == len(passed):
        return ", without an interval that tells how closely"
    if unknown:
        have = "has" if unknown == 1 else "have"
        return f", none of them close as far as that can be told ({unknown} {have} no interval)"
    return ", and not closely" if len(passed) == 1 else ", none of them close"


def _rank(state: State) -> int:
    return ORDER.index(state)


def _row(check: ThresholdCheck, evaluation: EvaluationReview) -> CheckRow:
    found = _found(check, evaluation)
    if not check.passed:
        state: State = "failed"
    elif check.is_not_compared:
        state = "not compared"
    else:
        state = "close" if _is_close(check, found) else "passed"
    return CheckRow(check, found, state)


def _found(check: ThresholdCheck, evaluation: EvaluationReview) -> Metric:
    """The value with the interval that the slice has of it; of guessing with that of the check itself."""
    if check.kind == "better_than_guessing" and not evaluation.label:
        return Metric(value=check.value, low=check.low, high=check.high)
    for each in evaluation.slices:
        if each.name == check.slice and check.metric in each.metrics:
            return each.metrics[check.metric].model_copy(update={"value": check.value})
    return Metric(value=check.value)


def _is_close(check: ThresholdCheck, found: Metric) -> bool:
    if check.kind in ("at_least", "at_most"):
        return found.low is not None and found.high is not None and found.low <= check.bound <= found.high
    if check.kind == "better_than_guessing" or check.value is None or check.baseline is None:
        return False  # that goes by the interval itself
    change = check.value - check.baseline
    return (change if check.kind == "max_rise" else -change) > MUCH * check.bound
