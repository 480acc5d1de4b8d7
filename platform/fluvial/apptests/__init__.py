"""The tests that an app brings in `tests/*.yaml`: read, played on a fresh engine, and judged."""
