"""Decisions: tables of rows of which the most specific one that fits wins."""
