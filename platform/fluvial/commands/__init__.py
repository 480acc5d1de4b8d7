"""The commands of the `fluvial` program, one file for each family."""
