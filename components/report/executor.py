"""Defines the executor of the report."""

import os
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils

from components.column_roles import ColumnRoles
from components.report.collect import ARTIFACTS, Sources, collect, write_review
from components.report.config import ModelCard
from components.report.page import render
from components.report.review import PAGE_FILE


class Executor(BaseExecutor):
    """Reads what the run left behind, and writes the review and its page."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `review.json` and `report.html`.

        Args:
            input_dict: See `ReportSpec`.
            output_dict: `report`.
            exec_properties: `pipeline`, its name; `columns` and `card`, `ColumnRoles` and `ModelCard` as
                JSON.
        """
        folders = {name: artifact_utils.get_single_uri(input_dict[name]) for name in ARTIFACTS if input_dict.get(name)}
        pushed = artifact_utils.get_single_instance(input_dict["pushed_model"])
        sources = Sources(**folders, pushed_to=pushed.get_string_custom_property("pushed_destination"))
        roles = ColumnRoles.model_validate_json(exec_properties["columns"])
        card = ModelCard.model_validate_json(exec_properties["card"])
        review = collect(exec_properties["pipeline"], sources, roles, card)
        folder = artifact_utils.get_single_uri(output_dict["report"])
        tf.io.gfile.makedirs(folder)  # on a cluster nobody has made it
        write_review(review, folder)
        with tf.io.gfile.GFile(os.path.join(folder, PAGE_FILE), "w") as file:
            file.write(render(review))
