import subprocess
import sys


def test_a_worker_does_without_tfx():
    """TFX gives TFMA names that newer releases of it have no more; a Beam worker imports what it is sent alone."""
    code = "import sys, components.evaluator.answers, components.evaluator.tfma_files as _; print('tfx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr
