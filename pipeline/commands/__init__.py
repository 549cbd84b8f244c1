"""The subcommands of `transferline`, a module each, which `pipeline.cli` imports when it is asked for."""
