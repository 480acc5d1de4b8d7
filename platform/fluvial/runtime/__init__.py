"""What a request works with: the engine of the process, the catalog in force, a session."""
