"""Runs a compiled pipeline on this machine, every step in its container: what a cluster does, without a cluster.

    python tests/support/container_runner.py SPEC --root DIR --engine podman

For each step, in order, the container's command is taken from the compiled pipeline and its ExecutorInput is built as
the launcher of Kubeflow Pipelines builds it. Steps share the folder DIR, under the same path, and nothing else. (kfp
has a local runner too; the release that TFX 1.16 takes, 2.5, runs single components with it, no pipelines.)
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]
EXECUTOR_INPUT = "{{$}}"
LOG_LINES = 40


@dataclass
class Run:
    """A run, and what its steps have made so far.

    Attributes:
        spec: The compiled PipelineSpec.
        root: Folder that the steps share.
        run_id: Names the run's folder below it.
        parameters: Values of the run parameters.
        engine: The words that start a container, up to the image; none to run the command right here.
        artifacts: RuntimeArtifact by producing task and output.
    """

    spec: Spec
    root: Path
    run_id: str
    parameters: dict[str, Any]
    engine: list[str]
    artifacts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def all_steps(self) -> None:
        """Runs every step after those it depends on.

        Raises:
            SystemExit: A step failed; the end of its log is printed.
        """
        tasks = self.spec["root"]["dag"]["tasks"]
        order = TopologicalSorter({name: task.get("dependentTasks", []) for name, task in tasks.items()})
        for name in order.static_order():
            began = time.monotonic()
            self.step(name, tasks[name])
            sys.stdout.write(f"{name}: {time.monotonic() - began:.1f} s\n")
            sys.stdout.flush()

    def step(self, name: str, task: dict[str, Any]) -> None:
        """Runs one step and takes over what it says of its artifacts."""
        executor_input = self._executor_input(name, task)
        component = self.spec["components"][task["componentRef"]["name"]]
        container = self.spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        words = [*container.get("command", []), *container["args"]]
        command = [json.dumps(executor_input) if word == EXECUTOR_INPUT else word for word in words]
        if not self.engine:
            command[0] = sys.executable
        else:
            command = [*self.engine, "--entrypoint", command[0], container["image"], *command[1:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        log = self.root / "logs" / self.run_id / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout, encoding="utf-8")
        if done.returncode:
            last = "\n".join(done.stdout.splitlines()[-LOG_LINES:])
            raise SystemExit(f"{last}\n{name} failed with status {done.returncode}; its log: {log}")
        self._take_over(name, executor_input["outputs"])

    def _executor_input(self, name: str, task: dict[str, Any]) -> dict[str, Any]:
        component = self.spec["components"][task["componentRef"]["name"]]
        folder = self.root / "artifacts" / self.run_id / name
        outputs = {
            key: {"artifacts": [{"uri": str(folder / key), "type": definition["artifactType"]}]}
            for key, definition in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        inputs = task.get("inputs", {})
        return {
            "inputs": {
                "parameterValues": {key: self._value(each) for key, each in inputs.get("parameters", {}).items()},
                "artifacts": {
                    key: {"artifacts": [self._produced(each["taskOutputArtifact"])]}
                    for key, each in inputs.get("artifacts", {}).items()
                },
            },
            "outputs": {"artifacts": outputs, "outputFile": str(folder / "executor_output.json")},
        }

    def _value(self, parameter: dict[str, Any]) -> Any:
        if "runtimeValue" in parameter:
            return parameter["runtimeValue"]["constant"]
        name = parameter["componentInputParameter"]
        definition = self.spec["root"]["inputDefinitions"]["parameters"][name]
        if name not in self.parameters and "defaultValue" not in definition:
            raise SystemExit(f"the run parameter {name} has no value: give it with --parameter {name}=VALUE")
        value = self.parameters.get(name, definition.get("defaultValue"))
        return int(value) if definition["parameterType"] == "NUMBER_INTEGER" else value

    def _produced(self, source: dict[str, str]) -> dict[str, Any]:
        return self.artifacts[source["producerTask"], source["outputArtifactKey"]]

    def _take_over(self, name: str, outputs: dict[str, Any]) -> None:
        said = json.loads(Path(outputs["outputFile"]).read_text(encoding="utf-8"))
        for key, declared in outputs["artifacts"].items():
            artifact = declared["artifacts"][0]
            metadata = said.get("artifacts", {}).get(key, {}).get("artifacts", [{}])[0].get("metadata", {})
            # As the launcher names them: by their number in the cluster's metadata.
            number = str(len(self.artifacts) + 1)
            self.artifacts[name, key] = artifact | {"metadata": metadata, "name": number}


def read_spec(path: Path) -> Spec:
    """Reads a compiled pipeline, for Kubeflow (YAML) or for Vertex (JSON)."""
    loaded: Spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    return dict(loaded.get("pipelineSpec", loaded))


def engine_words(engine: str, root: Path) -> list[str]:
    """Returns the words that start a container which sees the root folder; none for the engine "none"."""
    if engine == "none":
        return []
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    runtime = ["--runtime", "runc"] if engine == "podman" else []
    return [engine, *runtime, "run", "--rm", "--network", "host", *limits, "--volume", f"{root}:{root}"]


def main() -> None:
    """Runs a compiled pipeline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--root", type=Path, required=True, help="folder that the steps share")
    parser.add_argument("--engine", choices=("podman", "docker", "none"), default="podman")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    root = arguments.root.absolute()
    run = Run(
        spec=read_spec(arguments.spec),
        root=root,
        run_id=time.strftime("%Y%m%dT%H%M%S"),
        parameters=dict(each.split("=", 1) for each in arguments.parameter),
        engine=engine_words(arguments.engine, root),
    )
    run.all_steps()


if __name__ == "__main__":
    main()
