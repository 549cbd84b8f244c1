"""Defines the Pusher: it copies a blessed model into a versioned folder that TensorFlow Serving reads."""

import json
from collections.abc import Mapping

from tfx import types
from tfx.components.pusher.component import Pusher as TfxPusher
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ExecutionParameter

from components.pusher.driver import VERSION_KEY, Driver
from components.pusher.executor import HELD_BACK_KEY, Executor


class PusherSpec(specs.PusherSpec):
    """TFX's Pusher, with the version that the driver chose, and the models that are held back."""

    PARAMETERS = specs.PusherSpec.PARAMETERS | {
        VERSION_KEY: ExecutionParameter(type=str, optional=True),
        HELD_BACK_KEY: ExecutionParameter(type=str, optional=True),
    }
    INPUTS = specs.PusherSpec.INPUTS
    OUTPUTS = specs.PusherSpec.OUTPUTS
    TYPE_ANNOTATION = specs.PusherSpec.TYPE_ANNOTATION


class Pusher(TfxPusher):
    """Pushes a blessed model; one that isn't blessed goes nowhere.

    Output: `pushed_model` (PushedModel; its custom property `pushed` says whether).
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        base_directory: str,
        held_back: Mapping[str, str] | None = None,
    ) -> None:
        """Declares the push.

        Args:
            model: The candidate.
            model_blessing: The Evaluator's verdict on it.
            base_directory: Local folder or gs:// prefix that gets a numbered folder a version.
            held_back: Models that are refused, by their digest (see `components.pusher.seal`), and why: a sentence.
        """
        filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=base_directory)
        spec = PusherSpec(
            model=model,
            model_blessing=model_blessing,
            push_destination=pusher_pb2.PushDestination(filesystem=filesystem),
            pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            **({HELD_BACK_KEY: json.dumps(dict(held_back))} if held_back else {}),
        )
        base_component.BaseComponent.__init__(self, spec=spec)
