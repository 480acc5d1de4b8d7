"""What the tests of this folder may ask for."""

from tests.processes.desk import desk

__all__ = ["desk"]
