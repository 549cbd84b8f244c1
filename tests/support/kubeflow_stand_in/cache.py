"""When a step isn't run again: cacheutils/cache.go, GenerateCacheKey and GenerateFingerPrint; driver/cache.go."""

import hashlib
import json
from typing import Any

Json = dict[str, Any]


def is_cached(task: Json) -> bool:
    """Says whether a task asks for the cache."""
    return bool(task.get("cachingOptions", {}).get("enableCache"))


def fingerprint(pipeline: str, container: Json, executor_input: Json) -> str:
    """Returns what two executions of one pipeline must share, for the second to take over the first one's outputs.

    The image and the command before anything is put into it, the values of the parameters, the names of the inputs'
    artifacts (the numbers of ML Metadata), and the outputs without their URIs. Neither what an input holds nor where it
    lies. On master an artifact's name is the output's key; here it then goes by its id, which wasn't seen in KFP.

    Args:
        pipeline: Its name: nothing is taken over from another.
        container: The step's image and command.
        executor_input: What the driver made.
    """
    inputs, outputs = executor_input.get("inputs", {}), executor_input["outputs"]
    key = {
        "pipeline": pipeline,
        "image": container["image"],
        "command": [*container.get("command", []), *container.get("args", [])],
        "parameters": inputs.get("parameterValues", {}),
        "inputs": {
            name: [each.get("artifactId", each["name"]) for each in listed["artifacts"]]
            for name, listed in inputs.get("artifacts", {}).items()
        },
        "outputs": {
            name: {part: value for part, value in listed["artifacts"][0].items() if part != "uri"}
            for name, listed in outputs.get("artifacts", {}).items()
        },
    }
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
