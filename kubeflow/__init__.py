"""The pipelines on Kubeflow Pipelines and Vertex AI: compiled, checked, submitted."""
