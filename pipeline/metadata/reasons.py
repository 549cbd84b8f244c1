"""Says why a step ran, or why it came from the cache."""

import json
from typing import Any

from pipeline.config.overrides import flattened
from pipeline.metadata.history import Execution, History

SHOWN = 4
NEW = "new "
"""How the reason begins of a step that runs since one before it did."""

CODE, DATA = ("source_fingerprint", "custom_config.source", "custom_config.training_code"), "input_fingerprint"


def reason(history: History, execution: Execution) -> str:
    """Says in words what made a step run.

    Args:
        history: All executions of the pipeline.
        execution: The step in its run.
    """
    if execution.cached:
        makers = {
            maker.run_id for group in execution.outputs.values() for each in group if (maker := history.maker(each))
        }
        return f"same inputs, settings and code as in run {', '.join(sorted(makers))}" if makers else "nothing changed"
    before = history.before(execution)
    if before is None:
        return "first run of this step"
    changed = [*_changed_inputs(execution, before, history), *_changed_settings(execution, before)]
    if not changed:
        return "its earlier result isn't there any more, or was not finished"
    more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    return ", ".join(changed[:SHOWN] + more)


def _changed_inputs(now: Execution, before: Execution, history: History) -> list[str]:
    found = []
    for key in sorted(now.inputs.keys() | before.inputs.keys()):
        numbers = [{artifact.number for artifact in each.inputs.get(key, ())} for each in (now, before)]
        if numbers[0] == numbers[1]:
            continue
        makers = [maker.node for artifact in now.inputs.get(key, ()) if (maker := history.maker(artifact))]
        found.append(f"{NEW}{key} from {makers[0]}" if makers else f"no {key} any more")
    return found


def _changed_settings(now: Execution, before: Execution) -> list[str]:
    old, new = (flattened({key: _read(value) for key, value in each.properties.items()}) for each in (before, now))
    found = []
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) == new.get(key):
            continue
        if key in CODE:
            found.append("its code changed")
        elif key == DATA:
            found.append("the data changed")
        else:
            found.append(
                f"{key.removeprefix('custom_config.')} was {old.get(key, 'unset')}, is {new.get(key, 'unset')}"
            )
    return list(dict.fromkeys(found))


def _read(value: Any) -> Any:
    """What a property says, which may be JSON; in older homes a text within it may be, too."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return value
    return {key: _read(each) for key, each in value.items()} if isinstance(value, dict) else value
