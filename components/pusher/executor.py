"""Pushes a blessed model."""

import json
import os
from typing import Any

from tfx.components.pusher import executor as tfx_pusher
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from components.errors import TransferlineError
from components.pusher.copying import copy_model
from components.pusher.driver import VERSION_KEY
from components.pusher.publish import publish
from components.pusher.seal import make_seal
from components.pusher.versions import version_for

HELD_BACK_KEY = "held_back"


class Executor(tfx_pusher.Executor):
    """TFX's Pusher, for a destination that somebody is serving from while it is written."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Copies a blessed model to a new version folder; see `components.pusher.publish`.

        TFX's own executor copies into the version folder itself and takes the second as the version, so that a
        watching server may load half a model and two pushes in one second are one.

        Raises:
            TransferlineError: The model is held back.
        """
        pushed_model = artifact_utils.get_single_instance(output_dict[specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed_model)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[specs.PUSH_DESTINATION_KEY], destination)
        base_directory = destination.filesystem.base_directory
        model_path = self.GetModelPath(input_dict)
        _refuse_held_back(model_path, json.loads(exec_properties.get(HELD_BACK_KEY) or "{}"))
        # Where no driver ran, on a cluster, the version is chosen here; a step that is tried again chooses the same.
        wanted = exec_properties.get(VERSION_KEY) or version_for(base_directory, model_path)
        copy_model(model_path, pushed_model.uri)  # first: a disk that it fills has nothing served by a step that failed
        version = publish(model_path, base_directory, wanted)
        serving_path = os.path.join(base_directory, version)
        self._MarkPushed(pushed_model, pushed_destination=serving_path, pushed_version=version)


def _refuse_held_back(model_path: str, held_back: dict[str, str]) -> None:
    reason = held_back.get(make_seal(model_path).digest) if held_back else None
    if reason:
        raise TransferlineError(
            reason,
            place="Pusher",
            cure="Change what made it bad, or push it again with `transferline run --push-again`.",
        )
