"""Finds what would stop a run, for `transferline check` and `doctor`; nothing here imports TFX or TensorFlow."""
