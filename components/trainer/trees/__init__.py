"""Grows gradient-boosted trees, and exports them as plain TensorFlow operations."""
