"""Workloads and plans: who is free when, and what is done when."""
