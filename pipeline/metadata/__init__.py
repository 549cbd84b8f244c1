"""Connects to ML Metadata, and reads what it knows of runs."""
