"""Expressions: one typed tree, and what each target makes of it."""
