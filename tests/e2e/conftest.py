"""What the tests of whole installations may ask for."""

from tests.e2e.processes import install

__all__ = ["install"]
