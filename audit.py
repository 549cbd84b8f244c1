"""Says which locked libraries have known holes: `make audit` runs it in pip-audit's own environment.

Exit status: 0 none is known, 1 some are, 2 what is known couldn't be asked for, of all or of some.
"""

import json
import subprocess
import sys
from typing import Any

PIP_AUDIT = (sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", "--no-deps", "--disable-pip")
PROBE = "pip==24.0\n"
"""A release with known holes: an index that knows of none knows nothing."""


def main(arguments: list[str]) -> int:
    """Asks for one library that every index has; where the answer is there, for all of a file of requirements."""
    file, *options = arguments
    known, unknown = asked("/dev/stdin", options, PROBE)
    if not known:
        sys.stderr.write(f"What is known of holes can't be asked for here, so nothing was audited.\n{unknown}\n")
        return 2
    known, unknown = asked(file, options)
    for line in known:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(known)} known holes in {file}\n")
    if unknown:
        sys.stderr.write(f"Not audited:\n{unknown}\n")
    return 2 if unknown else int(bool(known))


def asked(file: str, options: list[str], text: str = "") -> tuple[list[str], str]:
    """Returns the known holes of what a file requires, a line each, and why some of it couldn't be asked for."""
    done = subprocess.run([*PIP_AUDIT, "-r", file, *options], input=text, capture_output=True, text=True, check=False)
    try:
        return judged(json.loads(done.stdout))
    except json.JSONDecodeError:
        return [], "\n".join(done.stderr.splitlines()[-1:])


def judged(report: dict[str, Any]) -> tuple[list[str], str]:
    """Returns the same of what pip-audit writes as JSON."""
    known, unknown = [], []
    for library in report["dependencies"]:
        if "skip_reason" in library:
            unknown.append(f"  {library['skip_reason']}")
        for hole in library.get("vulns", ()):
            fixed = ", ".join(hole["fix_versions"]) or "no release"
            names = ", ".join([hole["id"], *hole["aliases"]])
            known.append(f"{library['name']} {library['version']}: {names}; fixed in {fixed}")
    return known, "\n".join(unknown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
