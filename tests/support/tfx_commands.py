"""`python tfx_commands.py JSON`: several commands of `tfx`, each in a fork, so that they share what they import.

The JSON is a list of {"arguments": [...], "variables": {...}}; what comes out is a list of [exit status, output].
"""

import json
import os
import sys
import tempfile
from importlib import import_module

from tfx.tools.cli.cli_main import cli_group


def outcome(arguments, variables):
    """Runs one command; returns its exit status and what it wrote to stdout and stderr."""
    with tempfile.TemporaryFile("w+") as output:
        process = os.fork()
        if not process:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)
            os.environ.update(variables)
            sys.argv = ["tfx", *arguments]
            cli_group()  # which exits
        _, status = os.waitpid(process, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    import_module("pipeline.cluster.compile")
    outcomes = [outcome(**command) for command in json.loads(sys.argv[1])]
    sys.stdout.write(json.dumps(outcomes))
