"""Business processes: stages, tasks and routes."""
