"""What comes from others: actions of CI, the image's user, and known holes of the locked libraries (`audit.py`)."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"], "description": "It breaks."}
OPEN = {"id": "CVE-2", "aliases": [], "fix_versions": [], "description": "It breaks too."}
STAND_IN = """import json, sys
place = sys.argv[sys.argv.index("-r") + 1]
asked = open(place).read()
probe, rest = json.loads({answers!r})
print(json.dumps({{"dependencies": probe if asked.startswith("pip==") else rest}}))
"""


def workflows():
    return [yaml.safe_load(file.read_text()) for file in sorted((PROJECT / ".github" / "workflows").glob("*.yml"))]


def test_actions_go_by_their_commits_and_keep_no_credentials():
    steps = [step for flow in workflows() for job in flow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert steps
    for step in steps:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        if "/checkout@" in step["uses"]:
            assert step["with"]["persist-credentials"] is False
    assert all(flow["permissions"] == {"contents": "read"} for flow in workflows())


def test_the_image_has_a_user_by_its_number():
    users = re.findall(r"^USER (.+)$", (PROJECT / "kubeflow" / "Dockerfile").read_text(), re.MULTILINE)
    assert users
    assert all(user.isdecimal() and int(user) for user in users)


def test_every_library_of_every_lock_has_hashes():
    for name in "requirements.lock", "requirements-uv.txt", "requirements-audit.txt":
        entries = re.split(r"\n(?=\S)", (PROJECT / name).read_text().strip())
        assert entries
        assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def audit(tmp_path, answers=None):
    """Runs audit.py; `answers` are pip-audit's, of the probe and of the lock, or it can't be asked."""
    if answers:
        (tmp_path / "pip_audit.py").write_text(STAND_IN.format(answers=json.dumps(answers)))
    (tmp_path / "lock.txt").write_text("a==1\n")
    command = [sys.executable, str(PROJECT / "audit.py"), str(tmp_path / "lock.txt")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)


def library(*holes, name="a"):
    return {"name": name, "version": "1", "vulns": list(holes)}


SKIPPED = {"name": "b", "skip_reason": "b isn't known there"}


@pytest.mark.parametrize(
    ("answers", "status", "said", "complained"),
    [
        (None, 2, "", "nothing was audited"),
        (([library()], [library()]), 2, "", "nothing was audited"),
        (([SKIPPED], [library(HOLE)]), 2, "", "nothing was audited.\n  b isn't known there\n"),
        (([library(HOLE)], [library(), library(name="c")]), 0, "0 known holes", ""),
        (
            ([library(HOLE)], [library(HOLE, OPEN)]),
            1,
            "a 1: PYSEC-1, CVE-1; fixed in 2.0\na 1: CVE-2; fixed in no release\n2 known holes",
            "",
        ),
        (([library(HOLE)], [library(OPEN), SKIPPED]), 2, "1 known holes", "Not audited:\n  b isn't known there\n"),
    ],
)
def test_an_audit_says_what_is_known_and_what_could_not_be_asked(tmp_path, answers, status, said, complained):
    done = audit(tmp_path, answers)
    assert done.returncode == status, done
    assert said in done.stdout
    assert (complained in done.stderr) if complained else (done.stderr == "")
