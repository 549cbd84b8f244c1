"""Compiles a run on Kubeflow Pipelines or Vertex AI, checks it and submits it."""
