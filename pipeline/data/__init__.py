"""Provides the data of pipelines: downloads, simulations, and fingerprints that say whether data has changed."""
