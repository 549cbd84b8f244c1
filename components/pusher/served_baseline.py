"""Finds the model that a candidate is compared with, where there is metadata to ask."""

import json
import os
from collections.abc import Sequence
from typing import Any

from tfx.components.evaluator import constants
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.utils import path_utils

from components.ingest import storage
from components.pusher.model_files import SAVED_MODEL_FILE
from components.pusher.seal import make_seal
from components.pusher.versions import has_same_fingerprint, newest_version


class ServedOrLatestBlessedModel(ResolverStrategy):
    """Resolves the model that is served; where that is the candidate itself or isn't known, the latest blessed one.

    The served model isn't the latest blessed one where somebody went back to an earlier version: then that is what the
    candidate would replace. A model that somebody went back from is no baseline at all.

    TFX's own LatestBlessedModelStrategy returns the candidate as soon as it has been blessed. A second run with
    nothing changed would then compare the model with itself, and its evaluation could never come from the cache.

    Args:
        base_directory: The folder that the Pusher pushes to.
        rolled_back: Digests of the models that somebody went back from, a list as JSON; see `components.pusher.seal`.
    """

    def __init__(self, base_directory: str, rolled_back: str = "[]") -> None:
        self._base_directory = base_directory
        self._rolled_back = frozenset(json.loads(rolled_back))

    def resolve_artifacts(self, store: Any, input_dict: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Picks the baseline.

        Args:
            store: The metadata store; not needed, since the channels bring all there is.
            input_dict: `candidate` (this run's model), `model` (all models), `model_blessing` (all blessings).

        Returns:
            The same keys; `model` holds one artifact, or none where no other model was ever blessed.
        """
        candidates = {artifact.id for artifact in input_dict["candidate"]}
        verdicts = {
            blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY): blessing
            for blessing in sorted(input_dict["model_blessing"], key=lambda artifact: int(artifact.id))
        }  # the last verdict on each model
        blessings = {model_id: blessing for model_id, blessing in verdicts.items() if _is_blessed(blessing)}
        eligible = [model for model in input_dict["model"] if model.id in blessings and model.id not in candidates]
        latest_first = sorted(eligible, key=lambda model: int(blessings[model.id].id), reverse=True)
        found = self._pick(latest_first)
        return {
            "candidate": input_dict["candidate"],
            "model": found,
            "model_blessing": [blessings[model.id] for model in found],
        }

    def _pick(self, latest_first: Sequence[Any]) -> list[Any]:
        """Returns the model that is served, else the first that nobody went back from; none where there is neither."""
        served = newest_version(self._base_directory)
        paths = {model.id: path_utils.serving_model_path(model.uri) for model in latest_first}
        if served:
            for model in latest_first:
                if has_same_fingerprint(served, paths[model.id]):
                    return [model]
        for model in latest_first:
            if not storage.exists(os.path.join(paths[model.id], SAVED_MODEL_FILE)):  # somebody removed it
                continue
            if not self._rolled_back or make_seal(paths[model.id]).digest not in self._rolled_back:
                return [model]
        return []


def _is_blessed(blessing: Any) -> bool:
    return bool(blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == constants.BLESSED_VALUE)
