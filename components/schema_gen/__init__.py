"""The schema: curated by a person, or inferred: of photos by their contract and classes, of rows by their columns."""
