"""What needs nothing else: time, ids, settings, errors, features, what a process counts."""
