"""The settings of a pipeline: typed, frozen, and checked as a whole."""

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

__all__ = [
    "DATA_DIR_VARIABLE",
    "OUTPUT_DIR_VARIABLE",
    "SCHEMAS",
    "ImagePipeline",
    "Pipeline",
    "PipelineConfig",
    "RowPipeline",
    "default_output_dir",
]
