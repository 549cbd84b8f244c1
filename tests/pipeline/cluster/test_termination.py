import subprocess
import sys

FORKING = """
import multiprocessing, time
from pipeline.cluster.termination import end_on_sigterm
end_on_sigterm("Trainer")
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
child.start()
child.terminate()
child.join()
print(child.exitcode)
"""


def test_a_step_that_ends_a_process_it_forked_goes_on():
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "-15\n", "")
