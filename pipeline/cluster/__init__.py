"""A run on Kubeflow Pipelines or Vertex AI: compiled, checked and sent."""
