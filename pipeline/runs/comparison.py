"""Compares two runs side by side."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from components.outcome import BoundKind, Status, Step, ThresholdCheck
from components.settings import Settings
from pipeline.config.overrides import flattened
from pipeline.runs.record import Counts, RunRecord


class MetricPair(Settings):
    """One metric over all examples.

    Attributes:
        name: The metric.
        a: The first run's value; None where it has none.
        b: The second run's.
        difference: b - a; None where one of them has none.
    """

    name: str
    a: float | None
    b: float | None
    difference: float | None


class ThresholdPair(Settings):
    """One threshold whose bound or outcome differs.

    Attributes:
        metric: The metric.
        slice: "all examples", or "feature=value".
        kind: at_least, at_most, max_drop or max_rise.
        a: What the first run's met; None where it had no such threshold.
        b: The second run's.
    """

    metric: str
    slice: str
    kind: BoundKind
    a: ThresholdCheck | None
    b: ThresholdCheck | None


class CountPair(Settings):
    """How many records became of one kind; see `Counts`."""

    name: str
    a: int
    b: int


class SettingPair(Settings):
    """One setting that differs.

    Attributes:
        key: Its dotted key, as `--set` takes it, but that what is in a list has its number.
        a: The first run's value; None too where it has no such setting.
        b: The second run's.
    """

    key: str
    a: Any
    b: Any


class StepPair(Settings):
    """One component's time.

    Attributes:
        name: The component.
        a: What it did in the first run; None where it didn't run.
        b: In the second.
    """

    name: str
    a: Step | None
    b: Step | None


class Comparison(Settings):
    """What two runs have in common, and what not.

    Attributes:
        a: ID of the first run.
        b: ID of the second.
        status: How each ended, or that it hasn't.
        seconds: Wall time of each.
        metrics: Every metric that either has.
        thresholds: Those whose bound or outcome differs.
        counts: Records by what became of them.
        settings: Those that differ; empty too where one of the runs didn't keep its settings.
        settings_known: Whether both runs kept their settings, which those of older releases didn't.
        steps: Time by step, in the order of the first run.
    """

    a: str
    b: str
    status: tuple[Status, Status]
    seconds: tuple[float, float]
    metrics: tuple[MetricPair, ...]
    thresholds: tuple[ThresholdPair, ...]
    counts: tuple[CountPair, ...]
    settings: tuple[SettingPair, ...]
    settings_known: bool
    steps: tuple[StepPair, ...]


def compare(a: RunRecord, b: RunRecord) -> Comparison:
    """Sets two runs side by side.

    Args:
        a: The first, most often the older one: differences are b - a.
        b: The second.
    """
    known = bool(a.config and b.config)
    return Comparison(
        a=a.run_id,
        b=b.run_id,
        status=(a.status, b.status),
        seconds=(a.seconds, b.seconds),
        metrics=tuple(_metric(name, a, b) for name in dict.fromkeys([*a.metrics, *b.metrics])),
        thresholds=tuple(_thresholds(a, b)),
        counts=tuple(
            CountPair(name=name, a=getattr(a.counts, name), b=getattr(b.counts, name)) for name in Counts.model_fields
        ),
        settings=tuple(_settings(flattened(a.config), flattened(b.config))) if known else (),
        settings_known=known,
        steps=tuple(_steps(a, b)),
    )


def _metric(name: str, a: RunRecord, b: RunRecord) -> MetricPair:
    first, second = a.metrics.get(name), b.metrics.get(name)
    difference = None if first is None or second is None else second - first
    return MetricPair(name=name, a=first, b=second, difference=difference)


def _thresholds(a: RunRecord, b: RunRecord) -> Iterator[ThresholdPair]:
    first, second = _by_bound(a), _by_bound(b)
    for key in dict.fromkeys([*first, *second]):
        one, other = first.get(key), second.get(key)
        # What guessing reaches is worked out anew in each run, which rounds otherwise.
        if one and other and one.passed == other.passed and math.isclose(one.bound, other.bound, rel_tol=1e-6):
            continue
        metric, where, kind = key
        yield ThresholdPair(metric=metric, slice=where, kind=kind, a=one, b=other)


def _by_bound(record: RunRecord) -> dict[tuple[str, str, BoundKind], ThresholdCheck]:
    return {(result.metric, result.slice, result.kind): result for result in record.thresholds}


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[SettingPair]:
    for key in dict.fromkeys([*a, *b]):
        if key not in a or key not in b or a[key] != b[key]:
            yield SettingPair(key=key, a=a.get(key), b=b.get(key))


def _steps(a: RunRecord, b: RunRecord) -> Iterator[StepPair]:
    first, second = ({step.name: step for step in record.steps} for record in (a, b))
    for name in dict.fromkeys([*first, *second]):
        yield StepPair(name=name, a=first.get(name), b=second.get(name))
