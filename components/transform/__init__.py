"""Preprocesses photos, rows and labels for the network, in the same way in training and serving."""
