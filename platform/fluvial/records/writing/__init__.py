"""Writing: one way in for create, update, delete and restore, alone or many at once."""
