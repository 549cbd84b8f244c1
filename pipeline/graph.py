"""Builds the graph of components from a configuration: a pure function, the same for every orchestrator."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline as TfxPipeline
from tfx.proto.trainer_pb2 import EvalArgs, TrainArgs
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, ModelBlessing
from typing_extensions import assert_never

from components.contract import REGRESSION
from components.csv_example_gen.component import CsvExampleGen
from components.data_gate.component import DataGate
from components.evaluator.component import Evaluator
from components.example_validator.component import ExampleValidator
from components.image_example_gen.component import ImageExampleGen
from components.ingest.driver import INPUT_FINGERPRINT
from components.pusher.baseline import PushedBaseline
from components.pusher.component import Pusher
from components.pusher.served_baseline import ServedOrLatestBlessedModel
from components.report.component import Report
from components.schema_gen.component import CuratedSchema, PhotoSchemaGen, RowSchemaGen
from components.settings import Settings
from components.statistics_gen.component import StatisticsGen
from components.trainer.component import Trainer
from components.trainer.executor import SOURCE_FINGERPRINT
from components.transform.component import Transform
from components.yardstick.component import PhotoYardstick, Yardstick
from pipeline.config import SCHEMAS, ImagePipeline, Pipeline, PipelineConfig, RowPipeline
from pipeline.metadata.connection import connection_without_password
from pipeline.source_fingerprint import PACKAGES, file_fingerprint, source_fingerprint

BASELINE_ID, YARDSTICK_ID = "BaselineModel", "Yardstick"
PHOTO_CONTRACT = SCHEMAS / "photos.pbtxt"
FUNCTIONS = ("preprocessing_fn", "tuner_fn", "run_fn", "features_fn")
"""Execution properties that name a function by its dotted path."""

Channels: TypeAlias = dict[str, BaseChannel | None]


@dataclass(frozen=True)
class Parts:
    """The parts that photos and rows have each of their own.

    Attributes:
        example_gen: Reads the data.
        schema_gen: Infers a schema from `statistics`, where none is curated.
        statistics_options: What the statistics need to be told, where there is no schema yet.
        transform_statistics: Whether there are to be statistics of what comes out of it.
        preprocessing_fn: Dotted path of what Transform calls.
        run_fn: Dotted path of what the Trainer calls.
        tuner_fn: Dotted path of what a Tuner calls.
        training: Module of all that the weights of a training depend on, where a Tuner trains as the Trainer does.
        models: Names of the models to choose from; of several the Tuner does.
    """

    example_gen: BaseNode
    schema_gen: Callable[..., BaseNode]
    preprocessing_fn: str
    run_fn: str
    statistics_options: tfdv.StatsOptions | None = None
    transform_statistics: bool = False
    tuner_fn: str = ""
    training: str = ""
    models: tuple[str, ...] = ()


def create_pipeline(
    config: Pipeline,
    *,
    on_cluster: bool = False,
    data_fingerprint: str = "",
    rolled_back: Mapping[str, str] | None = None,
    push_again: bool = False,
) -> TfxPipeline:
    """Builds the pipeline: data, gate, Transform, Tuner where there is a choice, Trainer, Evaluator, Pusher, Report.

    A Yardstick stands beside the Trainer; of photos after it, for it takes what the Trainer stored.

    Args:
        config: With `data.path` set.
        on_cluster: Whether no metadata can be asked for the last blessed model; then it is the last pushed one.
        data_fingerprint: As whoever starts the run found it; "" lets ExampleGen look for itself.
        rolled_back: Digests of the models that somebody went back from, with a sentence of each that says so: they are
            no baseline, and aren't pushed.
        push_again: Whether they are pushed all the same.

    Returns:
        A TFX pipeline with its cache on.
    """
    parts = _parts(config)
    example_gen = parts.example_gen
    if data_fingerprint:
        example_gen.exec_properties[INPUT_FINGERPRINT] = data_fingerprint
    data_nodes, schema, data_outputs = _validated_data(config, parts)
    transform = Transform(
        examples=example_gen.outputs["examples"],
        schema=schema,
        ingest_report=example_gen.outputs["ingest_report"],
        preprocessing_fn=parts.preprocessing_fn,
        custom_config=_transform_settings(config),
        statistics=parts.transform_statistics,
    )
    training_nodes, trained = _training(config, parts, transform, schema)
    yardsticks, measured = _yardstick(config, example_gen, transform, trained)
    baseline = (
        _pushed_baseline(config, trained["model"])
        if on_cluster
        else _served_baseline(config, trained["model"], rolled_back or {})
    )
    held_back = None if push_again else rolled_back
    release_nodes, released = _release(config, example_gen, trained["model"], baseline, held_back)
    report = Report(
        pipeline=config.name,
        columns=config.column_roles,
        card=config.card,
        inputs={
            "examples": example_gen.outputs["examples"],
            "ingest_report": example_gen.outputs["ingest_report"],
            **data_outputs,
            **trained,
            **measured,
            **released,
        },
    )
    nodes = [example_gen, *data_nodes, transform, *training_nodes, *yardsticks, *release_nodes, report]
    for node in nodes:
        if modules := _our_modules(node):
            node.exec_properties[SOURCE_FINGERPRINT] = source_fingerprint(*modules)
    return TfxPipeline(
        pipeline_name=config.name,
        pipeline_root=config.artifacts_dir,
        components=nodes,
        enable_cache=True,
        # The compiled pipeline is logged and kept: whoever runs it adds the password.
        metadata_connection_config=connection_without_password(config),
        beam_pipeline_args=list(config.beam.arguments),
    )


def _our_modules(node: BaseNode) -> list[str]:
    """Returns the modules of ours that a step runs, which TFX's cache key has the names of and not what they say.

    What a driver does needn't be among them: what it finds is in the key. A Resolver has no cache.
    """
    functions = (node.exec_properties.get(key) for key in FUNCTIONS)
    named = [node.executor_spec.class_path, *filter(None, functions)]
    modules = (name.rpartition(".")[0] for name in named)
    return [module for module in modules if module.partition(".")[0] in PACKAGES]


def _parts(config: Pipeline) -> Parts:
    match config:
        case ImagePipeline():
            return _photo_parts(config)
        case RowPipeline():
            return _row_parts(config)
        case _:
            assert_never(config)


def _photo_parts(config: ImagePipeline) -> Parts:
    contract = PHOTO_CONTRACT.read_text(encoding="utf-8")
    return Parts(
        example_gen=ImageExampleGen(data=config.data),
        schema_gen=partial(PhotoSchemaGen, contract_text=contract),
        # The contract tells TFDV that photos aren't text, so that it doesn't count each as a value of its own.
        statistics_options=tfdv.StatsOptions(schema=text_format.Parse(contract, schema_pb2.Schema())),
        preprocessing_fn="components.transform.photos.preprocessing_fn",
        run_fn="components.trainer.transfer_learning.run_fn.run_fn",
    )


def _row_parts(config: RowPipeline) -> Parts:
    return Parts(
        example_gen=CsvExampleGen(data=config.data, schema_text=_curated_schema(config), task=config.task),
        schema_gen=partial(RowSchemaGen, columns=config.column_rules.model_dump_json()),
        transform_statistics=config.transform.statistics,
        preprocessing_fn="components.transform.rows.preprocessing_fn",
        run_fn="components.trainer.mlp.run_fn.run_fn",
        tuner_fn="components.trainer.mlp.tuner_fn.tuner_fn",
        training="components.trainer.mlp.one_model",
        models=tuple(config.trainer.models),
    )


def _curated_schema(config: PipelineConfig) -> str:
    return config.schema_path.read_text(encoding="utf-8") if config.curated_schema else ""


def _transform_settings(config: Pipeline) -> dict[str, Any]:
    """What Transform is told, and the Trainer of it."""
    match config:
        case ImagePipeline():
            transform: Settings = config.scaled_transform
        case RowPipeline():
            transform = config.transform
        case _:
            assert_never(config)
    settings: dict[str, Any] = {"transform": transform.model_dump(mode="json")}
    if weight := _weight(config):
        settings["weight"] = weight
    return settings | _task(config)


def _task(config: Pipeline) -> dict[str, str]:
    """What is predicted, as steps are told it: nothing where it is a class, which has been so before there was more."""
    match config:
        case ImagePipeline():
            return {}
        case RowPipeline():
            return {"task": config.task, "label": config.data.label} if config.task == REGRESSION else {}
        case _:
            assert_never(config)


def _predicts_number(config: Pipeline) -> bool:
    return bool(_task(config))


def _weight(config: Pipeline) -> str:
    """The column with each record's weight; "" where there is none."""
    match config:
        case ImagePipeline():
            return ""
        case RowPipeline():
            return config.data.weight
        case _:
            assert_never(config)


def _training(
    config: Pipeline, parts: Parts, transform: Transform, schema: BaseChannel
) -> tuple[list[BaseNode], Channels]:
    """The Trainer, with a Tuner before it where there are several models; returns the nodes and what they found."""
    inputs = {
        "examples": parts.example_gen.outputs["examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "schema": schema,
        "train_args": TrainArgs(splits=["train"]),
        "eval_args": EvalArgs(splits=["eval"]),
    }
    exclude = None if _predicts_number(config) else {"label_scale"}
    settings = _transform_settings(config) | {"trainer": config.trainer.model_dump(mode="json", exclude=exclude)}
    tuners: list[BaseNode] = []
    chosen = results = None
    if len(parts.models) > 1:
        from components.tuner.component import Tuner  # noqa: PLC0415 (imports KerasTuner, and with it Keras 3)

        settings["training_code"] = source_fingerprint(parts.training)
        tuner = Tuner(tuner_fn=parts.tuner_fn, custom_config=settings | {"models": list(parts.models)}, **inputs)
        tuners, chosen, results = [tuner], tuner.outputs["best_hyperparameters"], tuner.outputs["tuner_results"]
    trainer = Trainer(
        run_fn=parts.run_fn,
        hyperparameters=chosen,
        tuner_results=results,
        custom_config=settings
        | {
            "weights": file_fingerprint(config.weights_file),
            "checkpoints": config.checkpoints_dir,
            "features": config.features_dir,
        },
        **inputs,
    )
    outputs = {"model": trainer.outputs["model"], "model_run": trainer.outputs["model_run"], "tuner_results": results}
    return [*tuners, trainer], outputs


def _yardstick(
    config: Pipeline, example_gen: BaseNode, transform: Transform, trained: Channels
) -> tuple[list[BaseNode], Channels]:
    """What the model is set beside; returns the nodes and what they found."""
    if not config.yardstick.enabled:
        return [], {}
    inputs = {
        "examples": example_gen.outputs["examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "settings": config.yardstick,
    }
    match config:
        case ImagePipeline():
            features_fn = "components.trainer.transfer_learning.probe.probe_features"
            yardstick: BaseNode = PhotoYardstick(
                **inputs, model_run=trained["model_run"], trainer=config.trainer, features_fn=features_fn
            ).with_id(YARDSTICK_ID)
        case RowPipeline():
            ingest_report = example_gen.outputs["ingest_report"]
            yardstick = Yardstick(**inputs, ingest_report=ingest_report, weight=_weight(config), task=config.task)
        case _:
            assert_never(config)
    return [yardstick], {"yardstick": yardstick.outputs["yardstick"]}


def _validated_data(config: Pipeline, parts: Parts) -> tuple[list[BaseNode], BaseChannel, Channels]:
    """Statistics, schema, anomalies and the gate; returns the nodes, the schema that only good data gets, the rest."""
    examples = parts.example_gen.outputs["examples"]
    if config.curated_schema:
        schema_gen = CuratedSchema(schema_text=_curated_schema(config))
        statistics_gen = StatisticsGen(examples=examples, schema=schema_gen.outputs["schema"])
    else:
        statistics_gen = StatisticsGen(examples=examples, stats_options=parts.statistics_options)
        schema_gen = parts.schema_gen(statistics=statistics_gen.outputs["statistics"])
    validator = ExampleValidator(statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"])
    gate = DataGate(
        ingest_report=parts.example_gen.outputs["ingest_report"],
        schema=schema_gen.outputs["schema"],
        anomalies=validator.outputs["anomalies"],
        rules=config.gate.model_dump_json(exclude=None if _predicts_number(config) else {"max_labels_outside"}),
        columns=config.column_rules.model_dump_json(),
    )
    outputs = {"statistics": statistics_gen.outputs["statistics"], "anomalies": validator.outputs["anomalies"]}
    return [schema_gen, statistics_gen, validator, gate], gate.outputs["validated_schema"], outputs


def _served_baseline(config: PipelineConfig, model: BaseChannel, rolled_back: Iterable[str]) -> BaseNode:
    return Resolver(
        strategy_class=ServedOrLatestBlessedModel,
        config={"base_directory": config.pushed_dir, "rolled_back": json.dumps(sorted(rolled_back))},
        candidate=model,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id(BASELINE_ID)


def _pushed_baseline(config: PipelineConfig, model: BaseChannel) -> BaseNode:
    return PushedBaseline(candidate=model, base_directory=config.pushed_dir).with_id(BASELINE_ID)


def _release(
    config: Pipeline,
    example_gen: BaseNode,
    model: BaseChannel,
    baseline: BaseNode,
    held_back: Mapping[str, str] | None,
) -> tuple[list[BaseNode], Channels]:
    """Baseline, evaluation and push; returns the nodes and what they found."""
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        model=model,
        baseline_model=baseline.outputs["model"],
        evaluation=config.evaluation,
        example_weight=_weight(config),
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        base_directory=config.pushed_dir,
        held_back=held_back,
    )
    outputs = {"evaluation": evaluator.outputs["evaluation"], "pushed_model": pusher.outputs["pushed_model"]}
    return [baseline, evaluator, pusher], outputs
