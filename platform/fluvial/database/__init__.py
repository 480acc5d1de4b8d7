"""Connections, statements and tables on SQLite and PostgreSQL."""
