"""Tests of parts of the engine know connections without an engine."""

from tests.fluvial.database.connections import connect, connection

__all__ = ["connect", "connection"]
