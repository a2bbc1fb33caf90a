"""The subcommands of `idservice`, one file each."""
