"""Finds the last pushed model as the baseline, for clusters, where no metadata can be queried."""

import os

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Model
from tfx.utils import path_utils

from components.pusher.copying import copy_model
from components.pusher.seal import check_seal
from components.pusher.versions import is_same_model, versions


@component
def PushedBaseline(
    candidate: InputArtifact[Model],
    model: OutputArtifact[Model],
    base_directory: Parameter[str],
) -> None:
    """Copies the newest pushed model that isn't the candidate itself; where there is none, `model` stays empty.

    Kubeflow Pipelines takes no Resolver, which would look the last blessed model up in the metadata.

    Args:
        candidate: This run's model.
        model: The output.
        base_directory: Local folder or gs:// prefix that the Pusher pushes to.
    """
    fileio.makedirs(model.uri)
    candidate_path = path_utils.serving_model_path(candidate.uri)
    for version in versions(base_directory):
        folder = os.path.join(base_directory, str(version))
        if not is_same_model(folder, candidate_path):
            check_seal(folder)
            copy_model(folder, path_utils.serving_model_path(model.uri))
            return
