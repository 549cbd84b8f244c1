"""Runs of a small `higgs_toy`, killed again and again."""

from functools import partial

from torture.kills import SECONDS, Kind, killed_again_and_again
from torture.part import Part

HIGGS_TOY = Kind(
    pipeline="higgs_toy",
    settings=(
        "source.rows=3000",
        "data.split.eval_rows=500",
        "data.split.test_rows=500",
        "trainer.max_epochs=6",
        'evaluation.thresholds=[{"metric": "auc", "at_least": 0.5}]',
    ),
    steps=(
        "CsvExampleGen",
        "CuratedSchema",
        "StatisticsGen",
        "ExampleValidator",
        "DataGate",
        "Transform",
        "Tuner",
        "Yardstick",
        "Trainer",
        "Evaluator",
        "Pusher",
        "Report",
    ),
)
PART = Part(
    name="kills_rows",
    cases=20,
    run=partial(killed_again_and_again, HIGGS_TOY),
    sample=1,
    refusals=False,
    seconds=SECONDS,
)
