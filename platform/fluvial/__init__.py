"""The engine: storage, records, permissions, events, jobs, HTTP and pages."""

__version__ = "0.1.0"
