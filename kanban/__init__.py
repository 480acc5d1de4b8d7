"""Boards, cards and pins."""
