"""Runs one step in its container: `python -m pipeline.cluster.step`, on Kubeflow Pipelines and on Vertex AI.

Around TFX's own entry point, which it hands over to, it checks that image and pipeline go together, supplies the types
of the inputs, clears what an earlier try left, removes directory markers, says what went wrong in its last words, and
ends on SIGTERM. TFX is imported after the checks, so that a refusal takes a second.
"""

import json
import os
import re
import runpy
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence
from typing import NoReturn

from components.engine_errors import engine_error
from components.errors import TransferlineError, error_in_chain
from components.run_parameters import ENTERED
from pipeline.cluster.executor_input import output_folders, read_json, with_types
from pipeline.cluster.step_command import check_versions, parse
from pipeline.cluster.step_outputs import clear, leave_local_folders, remove_markers
from pipeline.cluster.termination import end_on_sigterm

TFX_ENTRY_POINT = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"


def main(words: Sequence[str]) -> None:
    """Runs a step to its end.

    Args:
        words: The arguments; those that neither this module nor TFX knows are Beam's.
    """
    arguments, beam_arguments = parse(words)
    place = arguments.step or arguments.executor_class_path
    end_on_sigterm(place)
    folders: list[str] = []
    try:
        executor_input = checked_input(arguments, place)
        folders = output_folders(executor_input)
        clear(folders)
        arguments.json_serialized_invocation_args = json.dumps(executor_input)
        hand_over(arguments, beam_arguments)
        remove_markers(folders)
        leave_local_folders(folders)
    except Exception as error:
        # A refusal, before there is anything to clear, is told in nothing but its words.
        if folders or not isinstance(error, TransferlineError):
            traceback.print_exc()
        fail(last_words(error, place, folders))


def checked_input(arguments: Namespace, place: str) -> dict[str, object]:
    """Returns the step's ExecutorInput with the types of its inputs.

    Raises:
        TransferlineError: Image and pipeline don't go together, or an input is missing or of another type.
    """
    check_versions(arguments.transferline_version, arguments.tfx_version, place)
    executor_input = read_json(arguments.json_serialized_invocation_args, "ExecutorInput", place)
    inputs_spec = read_json(arguments.json_serialized_inputs_spec_args, "declaration of the step's inputs", place)
    return with_types(executor_input, inputs_spec, place)


def hand_over(arguments: Namespace, beam_arguments: Sequence[str]) -> None:
    """Runs TFX's entry point as `python -m` does, in this process."""
    names = ("executor_class_path", "json_serialized_invocation_args", "json_serialized_inputs_spec_args")
    given = [(name, getattr(arguments, name)) for name in names]
    sys.argv[1:] = [*(f"--{name}={value}" for name, value in given if value), *beam_arguments]
    os.environ[ENTERED] = "1"
    try:
        runpy.run_module(TFX_ENTRY_POINT, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise


def last_words(error: BaseException, place: str, folders: Sequence[str]) -> str:
    """Returns an error as cause, place and cure; one that isn't written for people by its own last line."""
    known = error_in_chain(error) or engine_error(error, place) or refused_by_bucket(error)
    if known is not None:
        return str(known)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [type(error).__name__, *(line.removesuffix(".") for line in lines[-1:])]
    outputs = f", whose outputs are in {os.path.dirname(folders[0].rstrip('/'))}" if folders else ""
    return str(TransferlineError(f"{': '.join(said)}.", place=f"{place}{outputs}", cure="Read the traceback above."))


def refused_by_bucket(error: BaseException) -> TransferlineError | None:
    """Returns the error for people where Google Cloud Storage refused TensorFlow something; None where it didn't."""
    asked = re.search(r"[^\n]*(gs://\S+)", str(error))
    if asked is None or type(error).__name__ != "PermissionDeniedError":
        return None
    return TransferlineError(
        f"The account may not read or write this in Google Cloud Storage: {asked[0].strip()}.",
        place=asked[1],
        cure="Give the account the role Storage Object User on the bucket, or use another account.",
    )


def fail(words: str) -> NoReturn:
    """Ends this process with words that nothing comes after: libraries have more to say in an orderly end."""
    sys.stdout.flush()
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
