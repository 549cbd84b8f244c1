"""Finds the model that a candidate is compared with."""

from typing import Any

from tfx.components.evaluator import constants
from tfx.dsl.components.common.resolver import ResolverStrategy


class LatestOtherBlessedModel(ResolverStrategy):
    """Resolves the latest blessed model that isn't the candidate itself.

    TFX's own LatestBlessedModelStrategy returns the candidate as soon as it has been blessed. A second run with
    nothing changed would then compare the model with itself, and its evaluation could never come from the cache.
    """

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
        latest = sorted(eligible, key=lambda model: int(blessings[model.id].id))[-1:]
        return {
            "candidate": input_dict["candidate"],
            "model": latest,
            "model_blessing": [blessings[model.id] for model in latest],
        }


def _is_blessed(blessing: Any) -> bool:
    return bool(blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == constants.BLESSED_VALUE)
