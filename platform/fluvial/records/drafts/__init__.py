"""Drafts: a record on its way in, its rows, checks, keys, numbers and what it leaves behind."""
