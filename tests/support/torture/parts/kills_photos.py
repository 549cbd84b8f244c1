"""Runs of `digits`, killed again and again."""

from functools import partial

from torture.kills import SECONDS, Kind, killed_again_and_again
from torture.part import Part

DIGITS = Kind(
    pipeline="digits",
    settings=(
        "transform.image_size=32",
        "trainer.feature_extraction.epochs=1",
        "trainer.fine_tuning.epochs=1",
        'evaluation.thresholds=[{"metric": "accuracy", "at_least": 0.3}]',
    ),
    steps=(
        "CuratedSchema",
        "ImageExampleGen",
        "StatisticsGen",
        "ExampleValidator",
        "DataGate",
        "Transform",
        "Trainer",
        "Evaluator",
        "Pusher",
        "Report",
    ),
)
PART = Part(
    name="kills_photos",
    cases=20,
    run=partial(killed_again_and_again, DIGITS),
    sample=0,
    refusals=False,
    seconds=SECONDS,
)
