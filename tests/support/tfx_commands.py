"""`python tfx_commands.py JSON`: several commands of `tfx`, each in a fork, so that they share what they import.

The JSON is a list of {"arguments": [...], "folder": "...", "variables": {...}}; what comes out is a list of
[exit status, output].
"""

import gc
import json
import os
import sys
import tempfile
from importlib import import_module


def outcome(arguments, folder, variables):
    """Runs one command; returns its exit status and what it wrote to stdout and stderr."""
    with tempfile.TemporaryFile("w+") as output:
        process = os.fork()
        if not process:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)
            os.environ.update(variables)
            os.chdir(folder)
            sys.argv = ["tfx", *arguments]
            import_module("tfx.tools.cli.cli_main").cli_group()  # which exits
        _, status = os.waitpid(process, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    gc.disable()  # what is imported stays
    for module in ("tfx.tools.cli.cli_main", "pipeline.cluster.compile"):
        import_module(module)
    gc.freeze()
    gc.enable()
    outcomes = [outcome(**command) for command in json.loads(sys.argv[1])]
    sys.stdout.write(json.dumps(outcomes))
