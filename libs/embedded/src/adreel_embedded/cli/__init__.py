"""The `adreel` command: one module per subcommand, each with `add_to(subcommands)` and a `run(arguments)`."""
