"""The configuration of a pipeline: typed, frozen, and checked as a whole."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, PrivateAttr, field_validator, model_validator
from typing_extensions import Self

from components.cache_folder import home_folder
from components.column_roles import ColumnRoles
from components.column_rules import ColumnRules
from components.contract import CLASSIFICATION, REGRESSION, Task
from components.csv_example_gen.config import CsvData
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.evaluator.config import Evaluation
from components.evaluator.metric_names import NUMBER_METRICS, may_be_measured
from components.image_example_gen.config import ImageData
from components.report.config import ModelCard
from components.settings import Settings
from components.trainer.mlp.config import MLPTraining
from components.trainer.transfer_learning.config import TransferLearning
from components.transform.config import ImageTransform, RowTransform
from components.wording import is_unicode, listed
from components.yardstick.config import YardstickSettings
from pipeline.config.beam import Beam
from pipeline.config.cluster import Cluster
from pipeline.config.metadata import Metadata
from pipeline.config.sources import Source

SCHEMAS = Path(__file__).parents[2] / "schemas"
BUILT_IN = Path(__file__).parents[1] / "catalog"
"""The folder of the pipelines that come along."""

OF_CLASSES = (
    "data.classes",
    "data.split.stratify",
    "data.split.count_conflicts",
    "gate.fail_on_label_conflict",
    "gate.max_conflicts",
    "gate.fail_on_missing_class",
    "trainer.class_weights",
    "trainer.calibrate",
    "trainer.operating_point",
)
"""Settings that mean something of classes only."""

OF_NUMBERS = ("trainer.label_scale", "gate.max_labels_outside")
"""Settings that mean something of numbers to predict only."""

MEASURED: Mapping[Task, Callable[[str], bool]] = {
    CLASSIFICATION: may_be_measured,
    REGRESSION: NUMBER_METRICS.__contains__,
}
"""Which names of metrics mean something of each task."""

OF_ROWS = tuple(
    f"gate.{rule}" for rule in ("max_unseen", "max_missing", "max_missing_rise", "columns", "max_labels_outside")
)
"""Settings that mean something of rows only."""

OWN_PACKAGES = ("pipeline", "components")
DATA_DIR_VARIABLE = "TRANSFERLINE_DATA_DIR"
OUTPUT_DIR_VARIABLE = "TRANSFERLINE_OUTPUT_DIR"


def default_output_dir() -> str:
    """Returns $TRANSFERLINE_OUTPUT_DIR, or ~/transferline."""
    return os.environ.get(OUTPUT_DIR_VARIABLE) or str(home_folder() / "transferline")


class PipelineConfig(Settings):
    """What an `ImagePipeline` and a `RowPipeline` have in common; what each has of its own is declared there.

    Args:
        name: Also the name of its folder below the output folder; the file's, where it is to be found by name.
        source: Where the data comes from when `data.path` isn't given.
        data: The photos or rows, and how they are split.
        curated_schema: File name of a schema in `schemas/`, or a path; "" to infer one from the training split.
        gate: What the data must be before it is used.
        transform: From records to tensors.
        trainer: The model and how it is trained.
        evaluation: Slices, and the thresholds a model must pass.
        card: What nobody can measure and the report is to say: what the model is for.
        output_dir: Local folder or gs:// prefix that holds a folder for each pipeline.
        beam: Where the Beam steps run.
        cluster: Machines and cache, on Kubeflow Pipelines or Vertex AI.
        metadata: Where ML Metadata keeps what was run.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    source: Source | None = None
    data: Settings
    curated_schema: str = ""
    gate: GateRules = GateRules()
    transform: Settings
    trainer: Settings
    evaluation: Evaluation
    card: ModelCard = ModelCard()
    output_dir: str = Field(default_factory=default_output_dir)
    beam: Beam = Beam()
    cluster: Cluster = Cluster()
    metadata: Metadata = Metadata()
    _file: str = PrivateAttr(default="")

    @field_validator("output_dir")
    @classmethod
    def _absolute(cls, value: str) -> str:
        """Metadata keeps paths as they are given, and is read from other folders; TFX makes patterns of them."""
        if signs := [sign for sign in "*?[" if sign in value]:
            raise ValueError(f"{value!r} has {listed(signs)} in it, which TFX would take for a pattern of names")
        return value if "://" in value else str(Path(os.path.expanduser(value)).absolute())

    @model_validator(mode="after")
    def _schema_exists(self) -> "PipelineConfig":
        if self.curated_schema and not os.path.isfile(self.schema_path):
            raise ValueError(f"curated_schema: there is no {self.schema_path}")
        return self

    @model_validator(mode="after")
    def _can_be_written_down(self) -> "PipelineConfig":
        """Records and the processes of a run have the settings as JSON, in UTF-8."""
        wrong = [f"{key}: {text!r}" for key, text in _texts(self.model_dump()) if not is_unicode(text)]
        if wrong:
            raise ValueError(f"{listed(wrong)}: that isn't UTF-8, as all texts and paths here must be")
        return self

    @model_validator(mode="after")
    def _has_settings_of_ours_only(self) -> "PipelineConfig":
        """A step gets its settings as JSON, in another process or on another machine, and reads them by our classes."""
        foreign = [each for each in _classes(self) if each.__module__.partition(".")[0] not in OWN_PACKAGES]
        if foreign:
            names = ", ".join(f"{each.__name__} (of {each.__module__})" for each in foreign)
            raise ValueError(f"the steps know the settings of pipeline.config only, not {names}")
        return self

    def read_from(self, file: str | Path) -> Self:
        """Returns these settings with the catalog file that they were read from; that is no setting itself."""
        copy = self.model_copy()
        copy._file = os.path.abspath(file) if str(file) else ""
        return copy

    @property
    def file(self) -> str:
        """The catalog file that the settings were read from; "" where they come from elsewhere."""
        return self._file

    @property
    def place(self) -> str:
        """Where a person finds these settings."""
        return self._file or f"the settings of '{self.name}'"

    @property
    def column_rules(self) -> ColumnRules:
        """What is asked of the columns of rows."""
        return ColumnRules()

    @property
    def column_roles(self) -> ColumnRoles:
        """What the columns of rows are used for."""
        return ColumnRoles()

    @property
    def schema_path(self) -> Path:
        """The curated schema's file."""
        return SCHEMAS / self.curated_schema

    @property
    def home(self) -> str:
        """The pipeline's own folder: artifacts, metadata, logs, runs and pushed models."""
        return os.path.join(self.output_dir, self.name)

    @property
    def artifacts_dir(self) -> str:
        """Where the components write: TFX's pipeline root."""
        return os.path.join(self.home, "artifacts")

    @property
    def checkpoints_dir(self) -> str:
        """Where trainings that aren't finished keep their checkpoints, a folder each, from run to run."""
        return os.path.join(self.home, "checkpoints")

    @property
    def features_dir(self) -> str:
        """Where trainings on photos keep what frozen layers make of them, for the next ones."""
        return os.path.join(self.home, "features")

    @property
    def metadata_path(self) -> str:
        """The sqlite file of ML Metadata."""
        return os.path.join(self.home, "metadata.sqlite")

    @property
    def pushed_dir(self) -> str:
        """Where blessed models go, one numbered folder each; the base path to give TensorFlow Serving."""
        return os.path.join(self.home, "pushed")

    def _set_among(self, keys: Sequence[str]) -> str:
        return ", ".join(filter(self._is_set, keys))

    def _is_set(self, key: str) -> bool:
        """Whether a setting differs from its default."""
        *groups, name = key.split(".")
        group: Settings = self
        for each in groups:
            group = getattr(group, each)
        return bool(getattr(group, name) != type(group).model_fields[name].get_default(call_default_factory=True))


class ImagePipeline(PipelineConfig):
    """A pipeline from photos to a classifier, by transfer learning.

    Args:
        yardstick: What the model is set beside, where that is turned on.
    """

    data: ImageData = ImageData()
    transform: ImageTransform = ImageTransform()
    trainer: TransferLearning = TransferLearning()
    yardstick: YardstickSettings = YardstickSettings(enabled=False)

    @model_validator(mode="after")
    def _rules_are_of_photos(self) -> "ImagePipeline":
        if wrong := self._set_among(OF_ROWS):
            raise ValueError(f"{wrong}: that is of rows, not of photos")
        return self

    @model_validator(mode="after")
    def _photos_are_scaled_as_the_base_takes_them(self) -> "ImagePipeline":
        scale, taken = self.transform.scale, self.trainer.scale
        if scale not in (None, taken):
            raise ValueError(
                f'transform.scale: trainer.base={self.trainer.base} takes photos scaled as "{taken}", not "{scale}"; '
                "leave it out, and the base decides"
            )
        return self

    @property
    def scaled_transform(self) -> ImageTransform:
        """How a photo becomes a tensor, with the scale that the base takes."""
        return self.transform.model_copy(update={"scale": self.trainer.scale})

    @property
    def weights_file(self) -> str:
        """The file of weights that training starts from; "" where they are ImageNet's, or random."""
        weights = self.trainer.weights
        return weights if weights and weights != "imagenet" else ""


class RowPipeline(PipelineConfig):
    """A pipeline from rows of CSV or Parquet to a model, a multilayer perceptron or trees.

    Args:
        task: What is predicted: "classification" for the class that `data.label` names, "regression" for the number
            that it holds.
        left_out: Why columns aren't learned from, by their name: for people, on the screen and in the report.
        yardstick: What the model is set beside.
    """

    task: Task = CLASSIFICATION
    data: CsvData = CsvData()
    left_out: dict[str, str] = Field(default_factory=dict)
    transform: RowTransform = RowTransform()
    trainer: MLPTraining = MLPTraining()
    yardstick: YardstickSettings = YardstickSettings()

    @model_validator(mode="after")
    def _weights_are_not_learned_from(self) -> "RowPipeline":
        if self.data.weight and self.data.weight in self.transform.features:
            raise ValueError(f"transform.features: {self.data.weight} is data.weight, which isn't learned from")
        return self

    @model_validator(mode="after")
    def _settings_are_of_the_task(self) -> "RowPipeline":
        if self.task == REGRESSION:
            label, kind = self.data.label, self.data.types.get(self.data.label, "float")
            if kind != "float":
                raise ValueError(f"data.types: {label} is the label, a number to predict, and types says {kind}")
            if wrong := self._set_among(OF_CLASSES):
                raise ValueError(f'{wrong}: that is of classes, and task="regression" predicts a number')
        elif wrong := self._set_among(OF_NUMBERS):
            raise ValueError(f'{wrong}: that is of a number to predict, which needs task="regression"')
        for threshold in self.evaluation.thresholds:
            of = {task for task, means in MEASURED.items() if means(threshold.metric)}
            if of and self.task not in of:  # a name that means nothing at all is for `check`, which lists them
                raise ValueError(f'evaluation.thresholds: {threshold.metric} is not of task="{self.task}"')
        return self

    @model_validator(mode="after")
    def _nothing_learned_from_is_left_out(self) -> "RowPipeline":
        if both := sorted(set(self.left_out) & set(self.transform.features)):
            raise ValueError(f"left_out: {both[0]} is in transform.features, and so it is learned from")
        return self

    @property
    def weights_file(self) -> str:
        """Always "": training starts from random weights."""
        return ""

    @property
    def column_rules(self) -> ColumnRules:
        """What is asked of the columns."""
        return ColumnRules(
            features=self.transform.kinds,
            weight=self.data.weight,
            bounds=self.gate.bounds,
            columns=self.gate.columns,
        )

    @property
    def column_roles(self) -> ColumnRoles:
        """What the columns are used for."""
        made = self.transform.slices
        return ColumnRoles(
            features=self.transform.kinds,
            weight=self.data.weight,
            ids=self.data.id,
            slices=(*self.evaluation.slices, *self.transform.columns_of(self.evaluation.slices)),
            quantiles={name: each.column for name, each in made.items() if each.kind == "quantiles"},
            positive_counts={name: each.columns for name, each in made.items() if each.kind == "count_positive"},
            left_out=self.left_out,
        )


Pipeline: TypeAlias = ImagePipeline | RowPipeline
"""Either kind. Ask which by `match`, and end with `assert_never`: mypy then names what a third kind must answer."""


def _classes(value: object) -> Iterator[type[Settings]]:
    """The classes of some settings and of all in them."""
    if isinstance(value, Settings):
        yield type(value)
        value = tuple(getattr(value, name) for name in type(value).model_fields)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for each in value:
            yield from _classes(each)


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yields each text with its dotted key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, (Mapping, tuple, list)):
        for name, each in value.items() if isinstance(value, Mapping) else enumerate(value):
            if isinstance(name, str):
                yield key, name
            yield from _texts(each, f"{key}.{name}".lstrip("."))


def require_local(config: PipelineConfig) -> None:
    """Refuses settings that only a cluster can run with.

    Raises:
        TransferlineError: The output folder isn't local, or the engine's workers can't see it.
    """
    if "://" in config.output_dir:
        raise TransferlineError(
            "A run on this machine keeps its lock, its metadata and its log in files of a local folder.",
            place=f"output_dir={config.output_dir}",
            cure="Run here with a local --output-dir (--data-dir may be gs://...), or let a cluster run it: compile or "
            "submit it, with --root gs://BUCKET/FOLDER.",
        )
    if config.beam.engine == "dataflow":
        raise TransferlineError(
            "Dataflow's workers don't see the folders of this machine, where a run here keeps its artifacts.",
            place="beam.engine=dataflow",
            cure="Run it where the artifacts are on gs://, or here with another engine.",
        )
