"""The command of every step in a container: what compiling writes into it, and what the step makes of it there."""

import argparse
from collections.abc import Sequence
from importlib.metadata import version

from components.errors import TransferlineError

ENTRY_POINT = ("python", "-m", "pipeline.cluster.step")
TFX_RELEASES = ("1.16.0", "1.21.0")
"""Those of requirements.in: what one of them compiles the other one runs."""


def step_command(step: str) -> list[str]:
    """Returns the command of a step that is compiled here and now; TFX adds its own arguments to it.

    Args:
        step: The step's name, such as "Trainer".
    """
    return [
        *ENTRY_POINT,
        f"--step={step}",
        f"--transferline_version={version('transferline')}",
        f"--tfx_version={version('tfx')}",
    ]


def parse(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Takes a step's arguments.

    Returns:
        Those that are named here, and the rest, which is Beam's.
    """
    parser = argparse.ArgumentParser(prog=" ".join(ENTRY_POINT), allow_abbrev=False)
    parser.add_argument("--step", default="", help="the step's name")
    parser.add_argument("--transferline_version", default="", help="release of Transferline that compiled the pipeline")
    parser.add_argument("--tfx_version", default="", help="release of TFX that compiled the pipeline")
    # TFX's own.
    parser.add_argument("--executor_class_path", required=True, help="dotted path of what the step runs")
    parser.add_argument("--json_serialized_invocation_args", required=True, help="the step's ExecutorInput")
    parser.add_argument("--json_serialized_inputs_spec_args", default="", help="the step's ComponentInputsSpec")
    return parser.parse_known_args(words)


def check_versions(transferline: str, tfx: str, place: str) -> None:
    """Compares what compiled the pipeline with what is here.

    Args:
        transferline: Release of Transferline that compiled; "" where the command doesn't say.
        tfx: Release of TFX that compiled.
        place: What to name in the error.

    Raises:
        TransferlineError: They don't go together.
    """
    ours, tfx_here = version("transferline"), version("tfx")
    if not transferline:
        raise TransferlineError(
            f"The command doesn't say which Transferline compiled the pipeline, as an older one's doesn't; "
            f"the image has {ours}.",
            place=place,
            cure=f"Compile the pipeline anew with Transferline {ours}, and submit that.",
        )
    if transferline != ours:
        raise TransferlineError(
            f"The pipeline was compiled by Transferline {transferline}, and the image has {ours}.",
            place=place,
            cure=f"Compile it anew with Transferline {ours}, or give it an image of Transferline {transferline}.",
        )
    if tfx != tfx_here and not {tfx, tfx_here} <= set(TFX_RELEASES):
        raise TransferlineError(
            f"The pipeline was compiled with TFX {tfx or 'of unknown release'}, and the image has TFX {tfx_here}.",
            place=place,
            cure=f"Use the same TFX for both; only {' and '.join(TFX_RELEASES)} go together otherwise.",
        )
