"""HTTP: the API, and how requests reach the engine."""
