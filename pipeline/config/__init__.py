"""The settings of a pipeline: typed, frozen, and checked as a whole.

Whoever writes a pipeline needs this module alone: it has every class of settings, and the constants that go with them.
"""

from components.column_rules import ColumnBounds
from components.contract import PHOTO_SLICES
from components.csv_example_gen.config import CsvData, RowSplit
from components.data_gate.config import GateRules
from components.evaluator.config import Evaluation, Threshold
from components.image_example_gen.config import ArchiveBounds, ExampleFeatures, ImageData, Split
from components.operating_point import AtPrecision, AtRecall, LeastCost, Maximize
from components.report.config import ModelCard
from components.trainer.mlp.config import MLP, PRESETS, MLPTraining
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.trees.config import Trees
from components.transform.config import (
    Boolean,
    Category,
    CountPositive,
    Date,
    ImageTransform,
    Number,
    Quantiles,
    RowTransform,
    Text,
)
from components.yardstick.config import YardstickSettings
from pipeline.config.beam import Beam
from pipeline.config.cluster import TPU, Cluster, Pod, Resources, Scratch, SecretValue, Toleration
from pipeline.config.metadata import Metadata
from pipeline.config.pipeline import (
    DATA_DIR_VARIABLE,
    OUTPUT_DIR_VARIABLE,
    SCHEMAS,
    ImagePipeline,
    Pipeline,
    PipelineConfig,
    RowPipeline,
    default_output_dir,
)
from pipeline.config.sources import Download, EmbeddedDigits, HiggsToy

__all__ = [
    "DATA_DIR_VARIABLE",
    "MLP",
    "OUTPUT_DIR_VARIABLE",
    "PHOTO_SLICES",
    "PRESETS",
    "SCHEMAS",
    "TPU",
    "ArchiveBounds",
    "AtPrecision",
    "AtRecall",
    "Augmentation",
    "Beam",
    "Boolean",
    "Category",
    "Cluster",
    "ColumnBounds",
    "CountPositive",
    "CsvData",
    "Date",
    "Download",
    "EmbeddedDigits",
    "Evaluation",
    "ExampleFeatures",
    "FeatureExtraction",
    "FineTuning",
    "GateRules",
    "HiggsToy",
    "ImageData",
    "ImagePipeline",
    "ImageTransform",
    "LeastCost",
    "MLPTraining",
    "Maximize",
    "Metadata",
    "ModelCard",
    "Number",
    "Pipeline",
    "PipelineConfig",
    "Pod",
    "Quantiles",
    "Resources",
    "RowPipeline",
    "RowSplit",
    "RowTransform",
    "Scratch",
    "SecretValue",
    "Split",
    "Text",
    "Threshold",
    "Toleration",
    "TransferLearning",
    "Trees",
    "YardstickSettings",
    "default_output_dir",
]
