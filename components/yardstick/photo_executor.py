"""Defines the executor of the yardstick of photos."""

import importlib
import json
import logging
import os
from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils

from components.outcome import Yardstick
from components.transform.labels import class_names
from components.yardstick.config import YardstickSettings
from components.yardstick.results import write_yardstick
from components.yardstick.vectors import Vectors

LOGGER = logging.getLogger(__name__)

NOTHING_STORED = "no linear probe: nothing is stored of the training photos, as with fresh views or after `clean`"


class PhotoExecutor(BaseExecutor):
    """Fits a linear probe on what the Trainer stored of the training photos, and measures it on the test photos."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `yardstick.json`.

        Args:
            input_dict: `examples`, `transform_graph`, `model_run`.
            output_dict: `yardstick`.
            exec_properties: `settings`, a `YardstickSettings` as JSON; `trainer`, the Trainer's settings as JSON;
                `features_fn`, the dotted path of what returns what is stored.
        """
        from components.yardstick.probing import measure_probe  # noqa: PLC0415 (imports scikit-learn)

        settings = YardstickSettings.model_validate_json(exec_properties["settings"])
        graph = artifact_utils.get_single_uri(input_dict["transform_graph"])
        module, _, function = exec_properties["features_fn"].rpartition(".")
        train_files, test_files = (
            [os.path.join(uri, "*") for uri in artifact_utils.get_split_uris(input_dict["examples"], split)]
            for split in ("train", "test")
        )
        found = getattr(importlib.import_module(module), function)(
            train_files,
            test_files,
            graph,
            artifact_utils.get_single_uri(input_dict["model_run"]),
            json.loads(exec_properties["trainer"]),
            settings.rows,
            settings.seed,
        )
        folder = artifact_utils.get_single_uri(output_dict["yardstick"])
        if found is None:
            write_yardstick(Yardstick(seed=settings.seed, records="photos", nothing=NOTHING_STORED), folder)
            return
        train, test = (Vectors(each.values, np.zeros([len(each.ids), 0], np.float32), each.ids) for each in found[:2])
        counts = len(train.labels), found.training_photos, len(test.labels)
        LOGGER.info("fitted on %d of %d photos, measured on %d", *counts)
        yardstick = Yardstick(
            fitted_rows=len(train.labels),
            training_rows=found.training_photos,
            test_rows=len(test.labels),
            seed=settings.seed,
            models=measure_probe(train, test, len(class_names(graph))),
            records="photos",
        )
        write_yardstick(yardstick, folder)
