"""Defines which run parameters a compiled pipeline has, and which step takes each."""

from dataclasses import dataclass
from typing import Any

from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.data_types import RuntimeParameter
from typing_extensions import assert_never

from components.ingest.driver import INPUT_FINGERPRINT
from components.run_parameters import DATA_PATH, EPOCHS, THRESHOLDS
from pipeline.config import ImagePipeline, Pipeline, RowPipeline

DATA_VERSION = "data_version"
EXAMPLE_GENS = ("ImageExampleGen", "CsvExampleGen")
TRAINERS = ("Tuner", "Trainer")


@dataclass(frozen=True)
class RunParameter:
    """One parameter.

    Attributes:
        name: What it is called in the pipeline.
        default: Its value if a run isn't given one; None if a run must give it.
        description: What the cluster's page says of it.
        steps: IDs of the components that take it.
        setting: The setting of the pipeline that it stands for; "" for none.
        kind: str or int.
        as_property: The execution property that the components take it by; "" for the parameter's name.
    """

    name: str
    default: str | int | None
    description: str
    steps: tuple[str, ...]
    setting: str = ""
    kind: type = str
    as_property: str = ""


def run_parameters(config: Pipeline) -> list[RunParameter]:
    """Returns the run parameters of a pipeline: data, epochs and thresholds.

    Args:
        config: The pipeline; its own values are the defaults.
    """
    thresholds = "[" + ",".join(each.model_dump_json(exclude_none=True) for each in config.evaluation.thresholds) + "]"
    return [
        RunParameter(
            name=DATA_PATH,
            setting="data.path",
            default=config.data.path or None,
            description="Where the photos or rows are.",
            steps=EXAMPLE_GENS,
        ),
        RunParameter(
            name=DATA_VERSION,
            default="1",
            description="Changes when the data at data_path does: the cache goes by it.",
            steps=EXAMPLE_GENS,
            as_property=INPUT_FINGERPRINT,
        ),
        *_epochs(config),
        RunParameter(
            name=THRESHOLDS,
            setting="evaluation.thresholds",
            default=thresholds,
            description="What a model must reach to be blessed, as JSON.",
            steps=("Evaluator",),
        ),
    ]


def _epochs(config: Pipeline) -> list[RunParameter]:
    match config:
        case ImagePipeline():
            names = ["feature_extraction_epochs", "fine_tuning_epochs"]
        case RowPipeline():
            names = ["max_epochs"]
        case _:
            assert_never(config)
    settings = config.trainer.model_dump()
    return [
        RunParameter(
            name=name,
            setting=".".join(("trainer", *EPOCHS[name])),
            default=_at(settings, EPOCHS[name]),
            description="Passes over the training split.",
            kind=int,
            steps=TRAINERS,
        )
        for name in names
    ]


def _at(settings: dict[str, Any], path: tuple[str, ...]) -> int:
    value: Any = settings
    for name in path:
        value = value[name]
    return int(value)


def attach(parameters: list[RunParameter], components: list[BaseNode]) -> None:
    """Lets the steps take their parameters; which are only known to a cluster, so that no component declares them."""
    for parameter in parameters:
        runtime = RuntimeParameter(parameter.name, ptype=parameter.kind, default=parameter.default)
        for component in components:
            if component.id in parameter.steps:
                component.exec_properties[parameter.as_property or parameter.name] = runtime
