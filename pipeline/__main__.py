"""`python -m pipeline` is the command `transferline`."""

from pipeline.cli import main

main()
