"""Curated schemas, one a data set."""
