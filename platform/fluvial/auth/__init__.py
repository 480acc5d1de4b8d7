"""Who acts and what they may do: actors, people, permissions."""
