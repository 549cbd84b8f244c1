"""`transferline new`: looks at someone's data and writes a catalog file for it. Imports neither TensorFlow nor TFX."""
