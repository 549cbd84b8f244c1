"""ML Metadata: how it is reached, and what it says of runs."""
