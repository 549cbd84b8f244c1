"""What `transferline check` and `transferline doctor` look at; nothing here imports TFX or TensorFlow."""
