"""The report: one page that a person decides from."""
