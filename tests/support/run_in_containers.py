"""Compiled pipelines in containers, beside runs of the same image without Kubeflow.

    make kubeflow-test

Compiles `digits` and a small `higgs_toy` for Kubeflow Pipelines, and runs every step in a container of its own that
may do no more than a strict cluster's pod. Beside it each pipeline runs once in one such container, as on a laptop.
What the two models measured must be the same. Then a training is told to end, as when a pod has to leave its node.

Exit status 1 if a metric differs, or the training doesn't end by itself.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from kubeflow_stand_in.engines import Containers
from kubeflow_stand_in.run import Cluster, Run, StepError, read_spec

from pipeline import catalog
from pipeline.cluster.compile import compile_job, with_cluster_data, write_job
from pipeline.cluster.data import place
from pipeline.config.overrides import apply_overrides

PIPELINES = {
    "digits": (),
    "higgs_toy": (
        *("source.rows=3000", "trainer.max_epochs=3"),
        *("evaluation.thresholds.0.at_least=0.5", "evaluation.thresholds.1.at_least=0.3"),
    ),
}
"""Settings by pipeline."""

HIDDEN = ("example_count",)

STRICT = (
    # No network: pods seldom reach the internet, and none of these steps needs a network at all.
    "--network=none",
    "--read-only",
    # Without it nothing runs: Kubeflow's own launcher writes there.
    "--tmpfs=/tmp:rw,size=4g",
    # As OpenShift gives them: a user that has no name, in the group of root.
    "--user=1000660000:0",
    "--env=HOME=/nonexistent",
    # What a container has unless it is given more.
    "--shm-size=64m",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
)
"""What a strict cluster demands of pods."""

OF_ENGINE = {
    # podman would name the user, and make more folders than /tmp writable.
    "podman": ("--runtime=runc", "run", "--passwd=false", "--read-only-tmpfs=false"),
    "docker": ("run",),
}

LONG_TRAINING = "digits"
TRAINING = " epochs of phase 1"
"""The log has it after the first epoch."""

GRACE = 10
KILLED = 128 + 9


@dataclass(frozen=True)
class Trial:
    """One pipeline of the test.

    Attributes:
        name: The pipeline's.
        root: The folder that its steps share.
        image: Of every step.
        engine: Starts containers that see the root folder and nothing else.
    """

    name: str
    root: Path
    image: str
    engine: Containers

    @property
    def settings(self) -> list[str]:
        """The settings, as on a command line."""
        return [word for setting in PIPELINES[self.name] for word in ("--set", setting)]

    def compiled(self) -> Run:
        """Returns a run of the compiled pipeline, with its data in place."""
        config = apply_overrides(catalog.load(self.name), [*PIPELINES[self.name], f"output_dir={self.root}"])
        config = with_cluster_data(config)
        if config.source is not None:
            place(config.source, config.data.path)
        spec = self.root / f"{self.name}.yaml"
        write_job(compile_job(config, self.image), "kubeflow", spec)
        parameters = {"data_path": config.data.path}
        return Run(Cluster(str(self.root), self.root, self.engine), read_spec(spec), parameters=parameters)

    def in_one_container(self, data: str) -> dict[str, float]:
        """Runs the pipeline as `transferline run` does; returns the metrics over all examples."""
        output = self.root / "local"
        words = ["run", self.name, "--output-dir", str(output), "--data-dir", data, *self.settings]
        start = [*self.engine.words, "--entrypoint", "transferline", self.image, *words]
        done = subprocess.run(start, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{done.stdout}\n`transferline run {self.name}` failed with status {done.returncode}")
        (record,) = (output / self.name / "runs").glob("*.json")
        return metrics(record)


def metrics(file: Path) -> dict[str, float]:
    """Returns the metrics that a file has, without the count of examples."""
    found = json.loads(file.read_text(encoding="utf-8"))["metrics"]
    return {name: value for name, value in found.items() if name not in HIDDEN}


def is_same(one: float | None, other: float | None) -> bool:
    """Returns whether two runs measured the same; Beam adds up in no fixed order, which the last digits show."""
    return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9))


def compared(trial: Trial) -> tuple[Run, bool]:
    """Runs a pipeline both ways at once; returns the run in containers, and whether the metrics are the same."""
    run = trial.compiled()
    with ThreadPoolExecutor() as pool:
        local = pool.submit(trial.in_one_container, run.parameters["data_path"])
        run.all_steps()
    alone = local.result()
    cluster = metrics(Path(run.made["Evaluator", "evaluation"]["uri"]) / "decision.json")
    pushed = sorted((trial.root / trial.name / "pushed").iterdir())
    say(f"{trial.name}: pushed {', '.join(version.name for version in pushed)}")
    same = {name: is_same(cluster.get(name), alone.get(name)) for name in sorted(cluster | alone)}
    for name, is_one in same.items():
        mark = "the same" if is_one else "differs"
        say(f"{trial.name}: {name}: steps in containers {cluster.get(name)}, one local run {alone.get(name)}: {mark}")
    return run, bool(cluster) and all(same.values())


def ends_when_told(run: Run, name: str) -> bool:
    """Starts the training of a run once more and tells its container to stop; returns whether it did so by itself."""
    engine = run.cluster.engine
    assert isinstance(engine, Containers)
    named = Containers([*engine.words, f"--name={name}"])
    again = replace(run, cluster=replace(run.cluster, engine=named), run_id="told-to-end")
    log = run.cluster.work / "logs" / again.run_id / "Trainer-0.log"
    with ThreadPoolExecutor() as pool:
        training = pool.submit(again.launch, "Trainer", again.drive("Trainer"))
        while not training.done() and not (log.exists() and TRAINING in log.read_text(encoding="utf-8")):
            time.sleep(0.5)
        # The engine kills what hasn't ended in time; the status tells.
        subprocess.run([engine.words[0], "stop", f"--time={GRACE}", name], check=False, stdout=subprocess.DEVNULL)
        error = training.exception()
    last = str(error).splitlines()
    ended = isinstance(error, StepError) and not any(f"exit status {KILLED}" in line for line in last)
    say("\n".join(["Trainer, told to end:", *last[-6:]]))
    return ended


def say(line: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", required=True)
    parser.add_argument("--engine", choices=tuple(OF_ENGINE), default="podman")
    parser.add_argument("pipelines", nargs="*", metavar="PIPELINE", help=f"of {', '.join(PIPELINES)}; all by default")
    arguments = parser.parse_args()
    good = True
    # What the steps wrote is their user's, and may stay.
    with tempfile.TemporaryDirectory(prefix="transferline-", ignore_cleanup_errors=True) as folder:
        for name in arguments.pipelines or PIPELINES:
            began = time.monotonic()
            root = Path(folder) / name
            # The steps run as a user of their own, and write beside what is made here.
            for shared in (root.parent, root, root / name):
                shared.mkdir(exist_ok=True)
                shared.chmod(0o777)
            start = [arguments.engine, *OF_ENGINE[arguments.engine], "--rm", *STRICT, f"--volume={root}:{root}"]
            run, same = compared(Trial(name, root, arguments.image, Containers(start)))
            say(f"{name}: {time.monotonic() - began:.0f} s")
            good = good and same and (name != LONG_TRAINING or ends_when_told(run, root.parent.name))
    sys.exit(not good)


if __name__ == "__main__":
    main()
