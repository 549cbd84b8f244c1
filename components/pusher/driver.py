"""Decides the version number under which a model is served."""

from tfx.components.util import model_utils
from tfx.dsl.components.base import base_driver
from tfx.orchestration import metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto import pusher_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import path_utils, proto_utils

from components.pusher.versions import version_for

VERSION_KEY = "version"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Makes the version part of the cache key, so that the cache never answers for a push that was undone.

    TFX's cache knows only the inputs. If another model was pushed since, or the folder was emptied, the cached answer
    "pushed" would be untrue. The version is the newest one where that is this model already, else a new one.

    It descends from both of TFX's driver classes: a component accepts only the older, the launcher calls the newer.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable_base_driver.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Returns the execution property `version`; "" for a model that isn't blessed."""
        blessing = artifact_utils.get_single_instance(execution_info.input_dict[specs.MODEL_BLESSING_KEY])
        model = artifact_utils.get_single_instance(execution_info.input_dict[specs.MODEL_KEY])
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(execution_info.exec_properties[specs.PUSH_DESTINATION_KEY], destination)
        base_directory = destination.filesystem.base_directory
        blessed = model_utils.is_model_blessed(blessing)
        version = version_for(base_directory, path_utils.serving_model_path(model.uri)) if blessed else ""
        output = driver_output_pb2.DriverOutput()
        output.exec_properties[VERSION_KEY].string_value = version
        return output
