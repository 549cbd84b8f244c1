"""What every test has in common."""

import os

# Before TensorFlow is imported anywhere: its C++ log would bury the tests' own output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
