"""Defines the executor of the yardstick."""

import logging
import os
from typing import Any

import tensorflow_transform as tft
from tfx import types
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils

from components.contract import REGRESSION
from components.ingest.report import read_report
from components.outcome import Yardstick
from components.transform.labels import class_names
from components.transform.vector import find_layout
from components.yardstick.config import YardstickSettings
from components.yardstick.results import write_yardstick
from components.yardstick.vectors import Sample, codes_of, read_vectors

LOGGER = logging.getLogger(__name__)


class Executor(BaseExecutor):
    """Fits scikit-learn's models on the training split and measures them on the test split."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `yardstick.json`.

        Args:
            input_dict: `examples`, `transform_graph`, `ingest_report`.
            output_dict: `yardstick`.
            exec_properties: `settings`, a `YardstickSettings` as JSON; `weight`, the column with each row's weight; ""
                where there is none; `task`, where the label isn't a class.
        """
        # scikit-learn, of which a run on photos has no use.
        from components.yardstick.fitting import measure  # noqa: PLC0415
        from components.yardstick.number_fitting import measure_numbers  # noqa: PLC0415

        settings = YardstickSettings.model_validate_json(exec_properties["settings"])
        graph = artifact_utils.get_single_uri(input_dict["transform_graph"])
        weight = exec_properties["weight"]
        tft_output, codes = tft.TFTransformOutput(graph), codes_of(find_layout(graph))
        of_numbers = exec_properties.get("task") == REGRESSION
        names = () if of_numbers else class_names(graph)
        total = read_report(artifact_utils.get_single_uri(input_dict["ingest_report"])).written("train")
        train_files, test_files = (
            [os.path.join(uri, "*") for uri in artifact_utils.get_split_uris(input_dict["examples"], split)]
            for split in ("train", "test")
        )
        train = read_vectors(train_files, tft_output, names, Sample(settings.rows, total, settings.seed), weight)
        test = read_vectors(test_files, tft_output, names, weight=weight)
        LOGGER.info("fitted on %d of %d training rows, measured on %d", len(train.labels), total, len(test.labels))
        yardstick = Yardstick(
            fitted_rows=len(train.labels),
            training_rows=total,
            test_rows=len(test.labels),
            seed=settings.seed,
            models=measure_numbers(train, test, codes, settings.seed)
            if of_numbers
            else measure(train, test, len(names), codes, settings.seed),
        )
        write_yardstick(yardstick, artifact_utils.get_single_uri(output_dict["yardstick"]))
