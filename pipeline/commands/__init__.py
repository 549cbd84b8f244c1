"""The subcommands of `transferline`, a module each.

What a command needs is imported inside of it: `transferline --help` imports every one of these modules and answers in
half a second.
"""
