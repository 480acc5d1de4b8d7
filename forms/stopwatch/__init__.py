"""Stopwatches: time that people take on records, as records."""
