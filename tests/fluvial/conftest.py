"""The tests of the database know connections without an engine."""

from tests.fluvial.database.connections import connect, connection

__all__ = ["connect", "connection"]
