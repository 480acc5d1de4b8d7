"""Calculated fields: worked out, stored, and kept true along their dependencies."""
