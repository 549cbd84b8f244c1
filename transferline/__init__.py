"""Transferline from Python: load a pipeline, run it, predict.

import transferline

pets = transferline.load("pets")
pets.run()
pets.predict(["new_photos"])
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from warnings import warn

from components.errors import TransferlineError
from pipeline.config import Pipeline as PipelineSettings
from pipeline.config.overrides import with_settings
from pipeline.lookup import files
from pipeline.runs import launch
from pipeline.runs.home import claim, refuse_another
from pipeline.runs.reading import as_trained
from pipeline.runs.record import RunRecord
from pipeline.runs.served import load_pushed, pushed_model

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Pipeline", "RunRecord", "TransferlineError", "load"]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that can be run, and whose pushed model predicts.

    Attributes:
        config: Its settings.
        given: Those that were given as it was loaded, by dotted key.
    """

    config: PipelineSettings
    given: Mapping[str, object] = field(default_factory=dict)

    def run(self, *, force: bool = False, push_again: bool = False) -> RunRecord:
        """Runs it here, as `transferline run` does.

        Args:
            force: Run even if nothing has changed since the last pushed run, whose record is returned otherwise.
            push_again: Run, and push also a model that a rollback went back from.

        Returns:
            The run's record: its `status` ("pushed", "not_blessed" or "failed"), `metrics`, `model_uri`, `report`.

        Raises:
            TransferlineError: It can't run here with these settings, or would only push a model again that a rollback
                went back from.
        """
        unchanged, state = (None, None) if force or push_again else launch.unchanged_run(self.config)
        if unchanged is None:
            return launch.run(self.config, state, push_again=push_again)
        claim(self.config)
        return unchanged

    def predict(
        self, data: "DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]", version: int | None = None
    ) -> "DataFrame":
        """Returns what the pushed model says.

        Rows are read as the model's run read its own, but for settings that were given to `load`; a warning says what
        the pipeline would read otherwise.

        Args:
            data: Rows, with the columns that the model takes among others, in any order; or photos or files of rows,
                or folders of them.
            version: A pushed model's number; the last if None.

        Returns:
            A row each, under the index of a data frame that was given: `label`, `probability`, a column with the
            probability of each class, and `fault`: why there is no prediction, "" where there is one. Of a model of
            numbers `prediction` and `fault`. For files also `file` and, of rows, `row`, in their order.

        Raises:
            TransferlineError: No model is pushed, or the data frame lacks a column or has text where the model takes
                numbers.
        """
        folder = pushed_model(self.config, version)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from pipeline.prediction.frames import load_once, predict  # noqa: PLC0415 (loads TensorFlow: seconds)

        model = load_pushed(self.config, version, folder, load_once)
        config = as_trained(self.config, model.folder, lambda trained: with_settings(trained, self.given), warn)
        return predict(config.data, data, model)


def load(
    name: str | os.PathLike[str],
    settings: Mapping[str, object] | None = None,
    *,
    data_dir: str | os.PathLike[str] = "",
    output_dir: str | os.PathLike[str] = "",
) -> Pipeline:
    """Returns a pipeline.

    Args:
        name: Its name, or its file's path.
        settings: Value by dotted key, as {"trainer.seed": 3}; `transferline settings NAME` lists the keys.
        data_dir: The data, in place of the pipeline's own source.
        output_dir: Where the pipeline's folder is; ~/transferline if "".

    Raises:
        TransferlineError: There is no such pipeline, the settings aren't valid, or the folder is another pipeline's.
    """
    places = {"data.path": os.path.expanduser(data_dir), "output_dir": os.fspath(output_dir)}
    given = {**(settings or {}), **{key: value for key, value in places.items() if value}}
    config = with_settings(files.load(files.find(os.fspath(name))), given)
    refuse_another(config)
    return Pipeline(config, given)
