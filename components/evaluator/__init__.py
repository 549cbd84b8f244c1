"""Evaluates a model by slice, compares it with the thresholds, and blesses it if it meets them."""
