"""Names the files that say what is stored of photos and who uses it, for whoever looks without TensorFlow."""

TENSOR = "tensor.json"
"""In the folder of a tensor: what it is. Each training that uses the tensor writes it anew."""

FOLDERS = "features.json"
"""Beside the learning curves of a training: the folders of what it was trained on."""
