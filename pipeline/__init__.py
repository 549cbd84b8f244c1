"""Configures pipelines, builds their graphs, runs them and shows how they ran."""
