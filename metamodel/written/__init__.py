"""Texts from outside, read as people and programs write them: no value is guessed in silence."""
