"""Holds what the ExampleGens share: finding files, the cache key of their state, and their outputs."""
