"""Stops a run whose data breaks the schema or the rules, before anything is computed from it."""
