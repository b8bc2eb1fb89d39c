"""What an asset is: types, rules and ports, with no I/O."""
