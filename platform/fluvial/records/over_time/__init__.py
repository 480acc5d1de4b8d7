"""Records over time: planned values, what was recorded at a moment, segments of a period."""
