"""From a configuration to the graph of components. A pure function, the same for every orchestrator."""

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from ml_metadata.proto import metadata_store_pb2
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from components.data_gate.component import DataGate
from components.evaluator.baseline import LatestOtherBlessedModel
from components.evaluator.component import Evaluator
from components.image_example_gen.component import ImageExampleGen
from components.pusher.component import Pusher
from components.schema_gen.component import CuratedSchema, PhotoSchemaGen
from pipeline.config import SCHEMAS, PipelineConfig
from pipeline.source_fingerprint import file_fingerprint, source_fingerprint

PREPROCESSING = "components.transform.photos"
TRAINER = "components.trainer.transfer_learning.run_fn"
BASELINE_ID = "BaselineModel"
PHOTO_CONTRACT = SCHEMAS / "photos.pbtxt"
Model = tfx.types.standard_artifacts.Model
ModelBlessing = tfx.types.standard_artifacts.ModelBlessing


def create_pipeline(config: PipelineConfig) -> tfx.dsl.Pipeline:
    """Builds the pipeline: data, gate, Transform, Trainer, Evaluator, Pusher.

    Args:
        config: With `data.path` set.

    Returns:
        A TFX pipeline with its cache on.
    """
    example_gen = ImageExampleGen(
        data=config.data, source_fingerprint=source_fingerprint("components.image_example_gen.executor")
    )
    data_nodes, schema = _validated_data(config, example_gen)
    transform = tfx.components.Transform(
        examples=example_gen.outputs["examples"],
        schema=schema,
        preprocessing_fn=f"{PREPROCESSING}.preprocessing_fn",
        custom_config={"transform": config.transform.model_dump_json(), "source": source_fingerprint(PREPROCESSING)},
        # A decoded photo takes fifty times its JPEG: training, evaluation and serving apply the graph instead.
        materialize=False,
        disable_statistics=True,
    )
    trainer = tfx.components.Trainer(
        run_fn=f"{TRAINER}.run_fn",
        examples=example_gen.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema,
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["eval"]),
        custom_config={
            "trainer": config.trainer.model_dump_json(),
            "source": source_fingerprint(TRAINER),
            "weights": file_fingerprint(config.trainer.weights),
        },
    )
    return tfx.dsl.Pipeline(
        pipeline_name=config.name,
        pipeline_root=config.artifacts_dir,
        components=[example_gen, *data_nodes, transform, trainer, *_release(config, example_gen, trainer)],
        enable_cache=True,
        metadata_connection_config=_database(config.metadata_path),
        beam_pipeline_args=list(config.beam_args),
    )


def _database(path: str) -> metadata_store_pb2.ConnectionConfig:
    """An sqlite file; TFX's own function for this would already make its folder."""
    mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    sqlite = metadata_store_pb2.SqliteMetadataSourceConfig(filename_uri=path, connection_mode=mode)
    return metadata_store_pb2.ConnectionConfig(sqlite=sqlite)


def _validated_data(
    config: PipelineConfig, example_gen: ImageExampleGen
) -> tuple[list[BaseNode], tfx.types.BaseChannel]:
    """Statistics, schema, anomalies and the gate; returns the nodes, and the schema that only good data gets."""
    examples = example_gen.outputs["examples"]
    if config.curated_schema:
        schema_gen = CuratedSchema(schema_text=config.schema_path.read_text(encoding="utf-8"))
        statistics_gen = tfx.components.StatisticsGen(examples=examples, schema=schema_gen.outputs["schema"])
    else:
        contract = PHOTO_CONTRACT.read_text(encoding="utf-8")
        # The contract tells TFDV that photos aren't text, so that it doesn't count each as a value of its own.
        options = tfdv.StatsOptions(schema=text_format.Parse(contract, schema_pb2.Schema()))
        statistics_gen = tfx.components.StatisticsGen(examples=examples, stats_options=options)
        schema_gen = PhotoSchemaGen(
            statistics=statistics_gen.outputs["statistics"],
            contract_text=contract,
            source_fingerprint=source_fingerprint("components.schema_gen.component"),
        )
    validator = tfx.components.ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"]
    )
    gate = DataGate(
        ingest_report=example_gen.outputs["ingest_report"],
        schema=schema_gen.outputs["schema"],
        anomalies=validator.outputs["anomalies"],
        rules=config.gate.model_dump_json(),
        source_fingerprint=source_fingerprint("components.data_gate.component"),
    )
    return [schema_gen, statistics_gen, validator, gate], gate.outputs["validated_schema"]


def _release(config: PipelineConfig, example_gen: ImageExampleGen, trainer: tfx.components.Trainer) -> list[BaseNode]:
    """Baseline, evaluation and push."""
    model = trainer.outputs["model"]
    baseline = tfx.dsl.Resolver(
        strategy_class=LatestOtherBlessedModel,
        candidate=model,
        model=tfx.dsl.Channel(type=Model),
        model_blessing=tfx.dsl.Channel(type=ModelBlessing),
    ).with_id(BASELINE_ID)
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        model=model,
        baseline_model=baseline.outputs["model"],
        evaluation=config.evaluation,
        source_fingerprint=source_fingerprint("components.evaluator.executor"),
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        base_directory=config.pushed_dir,
        source_fingerprint=source_fingerprint("components.pusher.executor"),
    )
    return [baseline, evaluator, pusher]
