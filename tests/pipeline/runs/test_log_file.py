import subprocess
import sys

PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from pipeline.runs.log_file import redirect_output
print("before")
with redirect_output(Path(sys.argv[1])) as screen:
    print("python out")
    print("python err", file=sys.stderr)
    os.write(2, b"from C++\\n")
    subprocess.run(["echo", "from a child"])
    print("for the person", file=screen)
print("after")
"""


def test_the_screen_gets_only_what_is_meant_for_it(tmp_path):
    log = tmp_path / "logs" / "run.log"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(log)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["before", "for the person", "after"]
    assert done.stderr == ""
    assert sorted(log.read_text().splitlines()) == ["from C++", "from a child", "python err", "python out"]
