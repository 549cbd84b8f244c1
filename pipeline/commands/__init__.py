"""The subcommands of `transferline`, a module each, which `pipeline.cli` imports when the subcommand is called."""
