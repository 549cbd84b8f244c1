"""The Beam jobs of every step of pipelines of rows and of photos, as small as they can be."""

import json
from dataclasses import dataclass
from pathlib import Path

import beam_jobs
import numpy as np
import pandas as pd
import pytest
from apache_beam.internal.gcp import auth
from object_store import running
from PIL import Image
from small_photo_trainer import small_base
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from components.trainer.transfer_learning import run_fn as photo_trainer
from pipeline import catalog
from pipeline.config import (
    MLP,
    CsvData,
    Evaluation,
    GateRules,
    MLPTraining,
    Number,
    RowPipeline,
    RowSplit,
    RowTransform,
    Threshold,
)
from pipeline.config.overrides import apply_overrides
from pipeline.graph import create_pipeline

ROWS, PHOTOS_OF_A_CLASS, CLASSES = 60, 8, 3
IMAGE, WORKERS = "registry/transferline-beam:1", 5
# Rows that are split by their order, to predict a number: of the ingestions that were tried, none has more to tell.
PRICES = RowPipeline(
    name="prices",
    task="regression",
    data=CsvData(label="price", split=RowSplit(by="rows", eval_rows=15, test_rows=15)),
    transform=RowTransform(features={"area": Number(), "rooms": Number()}),
    trainer=MLPTraining(models={"net": MLP(widths=(4,))}, batch_size=10, max_epochs=1),
    evaluation=Evaluation(thresholds=(Threshold(metric="r2", at_least=-100),)),
    gate=GateRules(max_labels_outside=None),
)
SMALL = (
    "trainer.weights=none",
    "transform.image_size=32",
    "trainer.feature_extraction.epochs=1",
    "trainer.fine_tuning.epochs=0",
    "trainer.batch_size=8",
)
STEPS = (
    "rows: CsvExampleGen",
    "rows: StatisticsGen",
    "rows: Transform",
    "rows: Evaluator",
    "photos: ImageExampleGen",
    "photos: StatisticsGen",
    "photos: Evaluator",
)
"""All that are Beam jobs; the Transform of photos needs no pass over them."""


@dataclass(frozen=True)
class Made:
    """What was made of all pipelines.

    Attributes:
        jobs: By step.
        staged: Names of the objects that Beam left in the bucket.
    """

    jobs: dict[str, beam_jobs.Job]
    staged: frozenset[str]


def jobs_of_all_steps(folder):
    """Runs pipelines of rows and of photos in a folder; returns their jobs."""
    beam_jobs.JOBS.clear()
    with running() as (address, store), pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", address)
        patch.setattr(auth._Credentials, "_credentials_init", True)  # there are none, and Beam would look for them long
        patch.setattr(photo_trainer, "build_base", small_base)
        run_beam_steps(apply_overrides(PRICES, [f"data.path={write_rows(folder / 'rows.csv')}"]), folder)
        run_beam_steps(apply_overrides(catalog.load("photos"), [f"data.path={write_photos(folder)}", *SMALL]), folder)
        return Made(dict(zip(STEPS, beam_jobs.JOBS, strict=True)), frozenset(store.names()))


def run_beam_steps(config, folder):
    """Runs a pipeline up to its last Beam step."""
    settings = [
        "beam.engine=dataflow",
        "beam.project=prices",
        "beam.region=europe-west1",
        "beam.temp_location=gs://bucket/tmp",
        f"beam.image={IMAGE}",
        f"beam.workers={WORKERS}",
        f"beam.extra={json.dumps(beam_jobs.ARGUMENTS)}",
    ]
    config = apply_overrides(config, [*settings, f"output_dir={folder}/runs"])
    Path(config.home).mkdir(parents=True)
    compiled = Compiler().compile(create_pipeline(config))
    names = [node.pipeline_node.node_info.id for node in compiled.nodes]
    del compiled.nodes[names.index("Evaluator") + 1 :]
    LocalDagRunner().run_with_ir(compiled)


def write_rows(file):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"area": rng.random(ROWS), "rooms": rng.random(ROWS)})
    rows.assign(price=rows.area + rows.rooms).to_csv(file, index=False)
    return file


def write_photos(folder):
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / "photos" / f"class {label}").mkdir(parents=True)
        for number in range(PHOTOS_OF_A_CLASS):
            pixels = rng.integers(label * 60, label * 60 + 60, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / f"class {label}" / f"{number}.png")
    return folder / "photos"
