"""Breaks the project on purpose, seeded and repeatable: `make torture`.

A part is a module of `parts` with a `PART`. Its cases come from a seed and a number alone. The frame runs them in a
child, bounds their time, looks at their memory, and goes on where an interrupted run ended.
"""
