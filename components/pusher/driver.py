"""Decides whether an earlier push still stands."""

import os
import uuid
from typing import Any

import tensorflow as tf
from tfx.components.pusher import executor as tfx_pusher
from tfx.dsl.components.base import base_driver
from tfx.orchestration import metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto import pusher_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import path_utils, proto_utils

DESTINATION_STATE_KEY = "destination_state"
STANDS = "as the last push of this model left it"
FINGERPRINT_FILE = "fingerprint.pb"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Keeps the cache from answering for a push that was undone.

    TFX's cache knows only the inputs. If another model was pushed since, or the folder was emptied, the cached answer
    "pushed" would be untrue; then this driver makes the execution differ from every other, so that it runs.

    It descends from both of TFX's driver classes: a component accepts only the older, the launcher calls the newer.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable_base_driver.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Returns the execution property `destination_state`, which is part of the cache key."""
        model = artifact_utils.get_single_instance(execution_info.input_dict[specs.MODEL_KEY])
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(execution_info.exec_properties[specs.PUSH_DESTINATION_KEY], destination)
        newest = newest_version(destination.filesystem.base_directory)
        serving = bool(newest) and _same_model(newest, path_utils.serving_model_path(model.uri))
        stands = serving or not self._was_pushed(model.id)
        output = driver_output_pb2.DriverOutput()
        output.exec_properties[DESTINATION_STATE_KEY].string_value = STANDS if stands else uuid.uuid4().hex
        return output

    def _was_pushed(self, model_id: int) -> bool:
        with self._mlmd_connection as connection:
            store: Any = connection.store
            executions = {event.execution_id for event in store.get_events_by_artifact_ids([model_id])}
            pushed = store.get_artifacts_by_type("PushedModel")
            return any(
                event.execution_id in executions
                for artifact in pushed
                if artifact.custom_properties[tfx_pusher._PUSHED_KEY].int_value
                for event in store.get_events_by_artifact_ids([artifact.id])
            )


def newest_version(base_directory: str) -> str:
    """Returns the folder of the highest numbered version, as TensorFlow Serving picks it; "" if there is none."""
    if not tf.io.gfile.isdir(base_directory):
        return ""
    versions = [name.rstrip("/") for name in tf.io.gfile.listdir(base_directory)]
    numbers = sorted((int(name) for name in versions if name.isdigit()), reverse=True)
    return os.path.join(base_directory, str(numbers[0])) if numbers else ""


def _same_model(version: str, model_path: str) -> bool:
    """Compares the fingerprints that TensorFlow gives each SavedModel it writes."""
    files = [os.path.join(folder, FINGERPRINT_FILE) for folder in (version, model_path)]
    if not all(tf.io.gfile.exists(file) for file in files):
        return False
    contents = []
    for file in files:
        with tf.io.gfile.GFile(file, "rb") as opened:
            contents.append(opened.read())
    return bool(contents[0] == contents[1])
