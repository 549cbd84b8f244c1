"""The components of a Transferline pipeline, one folder each. They know nothing of `pipeline/`."""
