"""The compiled digits pipeline in containers, beside a run of the same image without Kubeflow.

    make kubeflow-test

Compiles the pipeline for Kubeflow Pipelines, runs every step in its container, runs the pipeline once more in one
container as on a laptop, and compares what the two models measured. Exit status 1 if any metric differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kubeflow_stand_in.engines import Containers
from kubeflow_stand_in.run import Cluster, Run, engine_of, read_spec

from pipeline import catalog
from pipeline.cluster.compile import compile_job, with_cluster_data, write_job
from pipeline.cluster.data import place
from pipeline.config.overrides import apply_overrides

PIPELINE = "digits"
HIDDEN = ("example_count",)


def main() -> None:
    """Runs both, and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", required=True)
    parser.add_argument("--engine", choices=("podman", "docker"), default="podman")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    # What the steps wrote is their user's, and may stay.
    with tempfile.TemporaryDirectory(prefix="transferline-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        # The steps run as a user of their own, and write beside what is made here.
        for shared in (root, root / PIPELINE):
            shared.mkdir(exist_ok=True)
            shared.chmod(0o777)
        engine = engine_of(arguments.engine, root)
        cluster = in_containers(root, arguments.image, engine, arguments.settings)
        local = in_one_container(root, arguments.image, engine, arguments.settings)
    differing = sorted(name for name in cluster | local if cluster.get(name) != local.get(name))
    for name in sorted(cluster | local):
        mark = "differs" if name in differing else "the same"
        sys.stdout.write(f"{name}: steps in containers {cluster.get(name)}, one local run {local.get(name)}: {mark}\n")
    sys.exit(bool(differing))


def in_containers(root: Path, image: str, engine: Containers, settings: list[str]) -> dict[str, float]:
    """Runs the compiled pipeline step by step; returns the metrics over all examples."""
    config = with_cluster_data(apply_overrides(catalog.load(PIPELINE), [*settings, f"output_dir={root}"]))
    if config.source is not None:
        place(config.source, config.data.path)
    spec = root / f"{PIPELINE}.yaml"
    write_job(compile_job(config, image), "kubeflow", spec)
    run = Run(Cluster(str(root), root, engine), read_spec(spec))
    run.all_steps()
    evaluation = Path(run.made["Evaluator", "evaluation"]["uri"]) / "decision.json"
    pushed = sorted((root / PIPELINE / "pushed").iterdir())
    sys.stdout.write(f"pushed: {', '.join(version.name for version in pushed)}\n")
    return metrics(json.loads(evaluation.read_text(encoding="utf-8"))["metrics"])


def in_one_container(root: Path, image: str, engine: Containers, settings: list[str]) -> dict[str, float]:
    """Runs the pipeline as `transferline run` does; returns the metrics over all examples."""
    output = root / "local"
    options = ["--output-dir", str(output), "--data-dir", str(root / PIPELINE / "data" / PIPELINE)]
    options += [word for setting in settings for word in ("--set", setting)]
    subprocess.run([*engine.words, "--entrypoint", "transferline", image, "run", PIPELINE, *options], check=True)
    (record,) = (output / PIPELINE / "runs").glob("*.json")
    return metrics(json.loads(record.read_text(encoding="utf-8"))["metrics"])


def metrics(found: dict[str, Any]) -> dict[str, float]:
    """Returns the metrics, without the count of examples."""
    return {name: value for name, value in found.items() if name not in HIDDEN}


if __name__ == "__main__":
    main()
