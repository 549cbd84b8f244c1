"""Computes TFDV's statistics of each split, a large batch of examples at a time."""
