"""Sorts the checks for a reader: what failed and what is close first, the rest to be unfolded."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from components.metric_text import metric_text
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
    compared = sum(row.state == "passed" for row in rows)
    words = f"{'All' if are_all else 'The other'} {compared} checks passed, none of them close"
    if compared == 1:
        words = f"{'The' if are_all else 'One more'} check passed, and not closely"
    others = len(rows) - compared
    return words + (f"; {others} had no earlier model to compare with" if others else "")


def bound_in_words(check: ThresholdCheck) -> str:
    """Returns what a check asks for."""
    match check.kind:
        case "at_least":
            return f"at least {check.bound:g}"
        case "at_most":
            return f"at most {check.bound:g}"
        case "max_drop":
            return f"falls by at most {check.bound:g}"
        case "max_rise":
            return f"rises by at most {check.bound:g}"
        case "better_than_guessing":
            return f"better than guessing, {metric_text(check.metric, check.bound)}"


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
