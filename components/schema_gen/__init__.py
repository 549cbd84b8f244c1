"""Provides the schema: curated by a person, or inferred from the photos' classes or the rows' columns."""
