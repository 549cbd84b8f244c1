"""Defines the driver of our ExampleGens: it adds the state of the data to the cache key."""

import copy
from abc import abstractmethod

from tfx.components.example_gen import utils
from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

INPUT_FINGERPRINT = "input_fingerprint"


class FingerprintDriver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Makes the state of the data part of the cache key.

    It descends from both of TFX's driver classes, as TFX's own ExampleGen drivers do: a component accepts only the
    older one, and the launcher calls only the newer one.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable_base_driver.BaseDriver.__init__(self, metadata_handle)

    @abstractmethod
    def fingerprint(self, data: str) -> str:
        """Returns a digest that changes whenever the data does.

        Args:
            data: The component's execution property of that name: its settings as JSON.

        Raises:
            TransferlineError: There is no data, or it can't be looked at.
        """

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Returns the execution's properties with `input_fingerprint`, and the same on the examples.

        A fingerprint that is given is taken: whoever started the run has looked at the data.
        """
        properties = execution_info.exec_properties
        found = properties.get(INPUT_FINGERPRINT) or self.fingerprint(properties["data"])
        result = driver_output_pb2.DriverOutput()
        for key, value in {**properties, INPUT_FINGERPRINT: found}.items():
            if value is not None:
                data_types_utils.set_metadata_value(result.exec_properties[key], value)
        examples = copy.deepcopy(execution_info.output_dict["examples"][0].mlmd_artifact)
        examples.custom_properties[utils.FINGERPRINT_PROPERTY_NAME].string_value = found
        examples.custom_properties[utils.SPAN_PROPERTY_NAME].int_value = 0
        result.output_artifacts["examples"].artifacts.append(examples)
        return result
