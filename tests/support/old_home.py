"""A pipeline's home as release 0.1.0 (commit a9fbdfc) wrote it, on Python 3.10 and TFX 1.16.

`old_home.tar.xz` holds the folder of `higgs_toy` after four runs of 1,200 rows and two small models: two that weren't
blessed, and two that were pushed. The record, evaluation and report of the first run, all pages and logs, and TFX's own
temporary files were taken out: they are large, and are drawn or written anew. Written with

    transferline run higgs_toy --set source.rows=1200 ... (SETTINGS below, without the prefix)

first with a bound of the AUC that wasn't reached, then with 0.3, each time with `trainer.seed` 0 and 1.
"""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

ARCHIVE = Path(__file__).with_name("old_home.tar.xz")
MADE_IN, CACHE_OF_THEN = "/home/user/transferline", "/home/user/.cache/transferline"
NAME = "higgs_toy"
PUSHED = ("1795646694", "1795647235")
RUNS = ("20261125T223432-06060", "20261125T223736-13356", "20261125T224723-04563")
TAKEN_OUT = ("Evaluator/blessing/10", "Evaluator/evaluation/10", "Report/report/12")
"""Artifacts that the metadata have as live."""

SETTINGS = (
    "source.rows=1200",
    "data.split.eval_rows=300",
    "data.split.test_rows=300",
    'trainer.models={"tiny": {"widths": [8]}, "small": {"widths": [8, 8]}}',
    "trainer.max_epochs=6",
    "trainer.patience=6",
    'evaluation.thresholds=[{"metric": "auc", "at_least": 0.3, "max_drop": 0.2}]',
    'evaluation.slices=["label"]',
)


def unpack(output_dir, cache):
    """Puts the home into an output folder, as if it had been written there; returns it."""
    home = output_dir / NAME
    home.mkdir(parents=True)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(home, filter="data")
    relocate(home, {MADE_IN: str(output_dir), CACHE_OF_THEN: str(cache)})
    return home


def relocate(home, places):
    """Replaces folders in all that a home says of itself: records, decisions, reviews, and the metadata."""
    for file in home.rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        for old, new in places.items():
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    with closing(sqlite3.connect(home / "metadata.sqlite")) as database, database:
        for table, column in (
            ("Artifact", "uri"),
            ("ArtifactProperty", "string_value"),
            ("ExecutionProperty", "string_value"),
        ):
            for old, new in places.items():
                database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new))  # noqa: S608
