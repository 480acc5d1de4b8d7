"""Week grids: the records of a person and a week, entered as a table."""
