"""`python -m kubeflow_stand_in SPEC --root DIR`: runs a compiled pipeline as Kubeflow Pipelines would."""

import argparse
import sys
import tempfile
from pathlib import Path

from kubeflow_stand_in.releases import RELEASES
from kubeflow_stand_in.run import Cluster, Run, StepError, engine_of, read_spec, value_of


def main() -> None:
    """Runs a compiled pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--root", required=True, help="the pipeline root: gs://..., or a folder that the steps share")
    parser.add_argument("--work", type=Path, help="folder for logs and pods; a new one by default")
    parser.add_argument("--engine", choices=("podman", "docker", "none"), default="podman")
    parser.add_argument("--release", choices=tuple(RELEASES), default="2.5", help="of Kubeflow Pipelines")
    parser.add_argument("--retries", type=int, default=0)
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    root = arguments.root if "://" in arguments.root else str(Path(arguments.root).absolute())
    work = (arguments.work or Path(tempfile.mkdtemp(prefix="kubeflow-"))).absolute()
    spec = read_spec(arguments.spec)
    named = (each.split("=", 1) for each in arguments.parameter)
    cluster = Cluster(root, work, engine_of(arguments.engine, Path(root)), RELEASES[arguments.release])
    parameters = {name: value_of(spec, name, text) for name, text in named}
    try:
        Run(cluster, spec, parameters=parameters, retries=arguments.retries).all_steps()
    except StepError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
