"""The desk that conversations are tried at."""

from tests.conversations.desk import desk, documents

__all__ = ["desk", "documents"]
