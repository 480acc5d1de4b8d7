"""Records: one way in and one way out."""
